package import Cryptography
internal import Synchronization
internal import Text

/// The reads that every warm request makes, answered from memory as long as nothing was written since.
///
/// One cheap question a request (`changeCounter`) stands for three statements. It sees what any thread or process has
/// written before the question: a revoked key or a removed mapping is not served once its removal was acknowledged.
/// One per worker, like the store; what it remembers is shared by the workers of a process.
package final class ReadCache {
  private let store: Store
  private let memory: Memory
  private var counter: ChangeCounter?

  /// - Parameter memory: without a WAL each connection has a counter of its own, so that nothing can be shared.
  package init(of store: Store, in memory: Memory? = nil) {
    self.store = store
    self.memory = memory.flatMap { store.sharesItsCounter ? $0 : nil } ?? Memory(maximumBytes: 1 << 18)
  }

  /// To be called when a request begins: what was read before an older state of the database is forgotten.
  package func forgetIfAnythingWasWritten() throws(StoreError) {
    let now = try store.changeCounter()
    counter = now
    memory.forget(unlessReadAt: now)
  }

  /// Which credentials exist.
  package func credentials() throws(StoreError) -> Credentials {
    if let known = memory.credentials(at: counter) { return known }
    let credentials = try store.credentials()
    memory.keep(credentials, readAt: counter)
    return credentials
  }

  /// The key with this SHA-256, if it is in force. Unknown ones are not remembered: there is no end to them.
  package func key(hash: [UInt8]) throws(StoreError) -> StoredKey? {
    if let known = memory.key(hash: hash, at: counter) { return known }
    guard let key = try store.key(hash: hash) else { return nil }
    memory.keep(key, hash: hash, readAt: counter)
    return key
  }

  /// Whether the ring may be used: it was held against this state of the database, or is now.
  package func accepts(_ ring: KeyRing, or isGood: () throws(StoreError) -> Bool) throws(StoreError) -> Bool {
    let fingerprints = ring.fingerprints
    if memory.ring(at: counter) == fingerprints { return true }
    guard try isGood() else { return false }
    memory.keep(ring: fingerprints, readAt: counter)
    return true
  }

  /// `Store.latestMappingWithInstagram`.
  package func latestMappingWithInstagram(clientID: String, pageID: String?) throws(StoreError)
    -> MappingLookup
  {
    let question = MappingQuestion(clientID: clientID, pageID: pageID)
    if let known = memory.mapping(question, at: counter) { return known }
    let answer = try store.latestMappingWithInstagram(clientID: clientID, pageID: pageID)
    if answer != .none { memory.keep(answer, for: question, readAt: counter) }
    return answer
  }
}

/// A client and, perhaps, a Page, compared as SQLite does: byte by byte. `String` would take two client ids that look
/// alike for one.
package struct MappingQuestion: Hashable {
  package let clientID: String
  package let pageID: String?

  package static func == (left: MappingQuestion, right: MappingQuestion) -> Bool {
    left.clientID.isSameBytes(as: right.clientID)
      && (left.pageID == nil) == (right.pageID == nil)
      && (left.pageID ?? "").isSameBytes(as: right.pageID ?? "")
  }

  package func hash(into hasher: inout Hasher) {
    // Of equal bytes the canonical form is equal too, which is what String hashes.
    hasher.combine(clientID)
    hasher.combine(pageID)
  }
}

extension ReadCache {
  /// What the workers of a process have read of the database, kept for all of them and bounded in bytes.
  ///
  /// Everything in it was read at one change number or later. A worker hands over the number that it saw when its request
  /// began: with another one it is told nothing, and nothing is taken from it.
  package final class Memory: Sendable {
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

    package func keep(_ lookup: MappingLookup, for question: MappingQuestion, readAt counter: ChangeCounter?)
    {
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
        question.clientID, row.clientID, row.pageID, row.instagramAccountID, row.sealedPageToken,
        row.pageName,
        row.instagramUsername,
      ]
      return texts.reduce(place) { $0 + ($1.map { $0.utf8.count + 48 } ?? 0) }
    }
  }
}
