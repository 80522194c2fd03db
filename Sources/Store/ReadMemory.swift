internal import Synchronization

/// What the workers of a process have read of the database, kept for all of them and bounded in bytes.
///
/// Everything in it was read at one change number or later. A worker hands over the number that it saw when its request
/// began: with another one it is told nothing, and nothing is taken from it.
package final class ReadMemory: Sendable {
  private struct Contents {
    var counter: ChangeCounter?
    var credentials: Credentials?
    /// The fingerprints of the keys that open what is stored.
    var ring: [String]?
    var young = Generation()
    var old = Generation()
  }

  /// When the young ones have half of the room they become the old ones, and the old ones go: what is asked for again
  /// is young again. Nothing is counted or sorted for it.
  private struct Generation {
    var keys: [[UInt8]: StoredKey] = [:]
    var mappings: [MappingQuestion: MappingLookup] = [:]
    var bytes = 0
  }

  private let maximumBytes: Int
  private let contents = Mutex(Contents())

  /// An empty one, for about so many bytes.
  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// About how many bytes it takes.
  package var bytes: Int { contents.withLock { $0.young.bytes + $0.old.bytes } }

  package func forget(unlessReadAt counter: ChangeCounter) {
    // Handed out of the lock, since freeing thousands of rows takes long.
    let forgotten: Contents? = contents.withLock { contents in
      if contents.counter == counter { return nil }
      defer { contents = Contents(counter: counter) }
      return contents
    }
    withExtendedLifetime(forgotten) {}
  }

  package func credentials(at counter: ChangeCounter?) -> Credentials? {
    contents.withLock { $0.counter == counter ? $0.credentials : nil }
  }

  package func keep(_ credentials: Credentials, readAt counter: ChangeCounter?) {
    contents.withLock { if $0.counter == counter { $0.credentials = credentials } }
  }

  package func ring(at counter: ChangeCounter?) -> [String]? {
    contents.withLock { $0.counter == counter ? $0.ring : nil }
  }

  package func keep(ring: [String], readAt counter: ChangeCounter?) {
    contents.withLock { if $0.counter == counter { $0.ring = ring } }
  }

  package func key(hash: [UInt8], at counter: ChangeCounter?) -> StoredKey? {
    contents.withLock { contents in
      guard contents.counter == counter else { return nil }
      if let key = contents.young.keys[hash] { return key }
      guard let key = contents.old.keys[hash] else { return nil }
      keep(in: &contents, bytes: Self.size(of: key)) { $0.keys[hash] = key }
      return key
    }
  }

  package func keep(_ key: StoredKey, hash: [UInt8], readAt counter: ChangeCounter?) {
    contents.withLock { contents in
      guard contents.counter == counter, contents.young.keys[hash] == nil else { return }
      keep(in: &contents, bytes: Self.size(of: key)) { $0.keys[hash] = key }
    }
  }

  package func mapping(_ question: MappingQuestion, at counter: ChangeCounter?) -> MappingLookup? {
    contents.withLock { contents in
      guard contents.counter == counter else { return nil }
      if let lookup = contents.young.mappings[question] { return lookup }
      guard let lookup = contents.old.mappings[question] else { return nil }
      keep(in: &contents, bytes: Self.size(of: lookup, question)) { $0.mappings[question] = lookup }
      return lookup
    }
  }

  package func keep(_ lookup: MappingLookup, for question: MappingQuestion, readAt counter: ChangeCounter?) {
    contents.withLock { contents in
      guard contents.counter == counter, contents.young.mappings[question] == nil else { return }
      keep(in: &contents, bytes: Self.size(of: lookup, question)) { $0.mappings[question] = lookup }
    }
  }

  private func keep(in contents: inout Contents, bytes: Int, _ change: (inout Generation) -> Void) {
    if contents.young.bytes + bytes > maximumBytes / 2 {
      contents.old = contents.young
      contents.young = Generation()
    }
    contents.young.bytes += bytes
    change(&contents.young)
  }

  /// Text beyond 15 bytes is a block of its own; a dictionary has about two places for each that is taken.
  private static func size(of key: StoredKey) -> Int { 512 + key.label.utf8.count }

  private static func size(of lookup: MappingLookup, _ question: MappingQuestion) -> Int {
    let place = 2 * (MemoryLayout<MappingQuestion>.size + MemoryLayout<MappingLookup>.size) + 64
    guard case .mapping(let row) = lookup else { return place + question.clientID.utf8.count }
    let texts = [
      question.clientID, row.clientID, row.pageID, row.instagramAccountID, row.sealedPageToken, row.pageName,
      row.instagramUsername,
    ]
    return texts.reduce(place) { $0 + ($1.map { $0.utf8.count + 48 } ?? 0) }
  }
}
