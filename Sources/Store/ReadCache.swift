package import Cryptography
internal import Glibc
internal import Synchronization
package import Text

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

  /// The state that the request at hand began with, where all workers of the process have the same name for it.
  package var sharedCounter: ChangeCounter? { store.sharesItsCounter ? counter : nil }

  /// Whether this state is known to be the last one, without waiting for anything to find out.
  package func isLast(_ counter: ChangeCounter) -> Bool { store.changeCounterAtHand() == counter }

  package func credentials() throws(StoreError) -> Credentials {
    if let known = memory.look(at: counter, { $0.credentials }) { return known }
    let credentials = try store.credentials()
    memory.change(at: counter) { $0.credentials = credentials }
    return credentials
  }

  /// The key with this SHA-256, if it is in force. Unknown ones are not remembered: there is no end to them.
  package func key(hash: [UInt8]) throws(StoreError) -> StoredKey? {
    if case .key(let known) = memory.answer(to: .key(hash: hash), at: counter) { return known }
    guard let key = try store.key(hash: hash) else { return nil }
    memory.keep(.key(key), for: .key(hash: hash), readAt: counter)
    return key
  }

  /// The session with this SHA-256, if this is its time.
  package func session(hash: [UInt8], now: Timestamp = .now) throws(StoreError) -> StoredSession? {
    if case .session(let known) = memory.answer(to: .session(hash: hash), at: counter),
      Store.isTimely(known, now: now)
    {
      return known
    }
    guard let session = try store.session(hash: hash, now: now) else { return nil }
    memory.keep(.session(session), for: .session(hash: hash), readAt: counter)
    return session
  }

  /// Whether the ring may be used: it was held against this state of the database, or is now.
  package func accepts(_ ring: KeyRing, or isGood: () throws(StoreError) -> Bool) throws(StoreError) -> Bool {
    let fingerprints = ring.fingerprints
    if memory.look(at: counter, { $0.ring }) == fingerprints { return true }
    guard try isGood() else { return false }
    memory.change(at: counter) { $0.ring = fingerprints }
    return true
  }

  /// What the addresses of pictures are sealed with; made by the first who asks.
  package func pictureSecret() throws(StoreError) -> [UInt8] {
    if let known = memory.look(at: counter, { $0.pictureSecret }) { return known }
    let name = Store.pictureSecretSetting
    var text = try store.setting(name)
    if text == nil {
      guard let bytes = try? SecureRandom.bytes(24) else { throw .outOfMemory }
      do throws(StoreError) {
        text = try store.setting(name, orKeep: Base64URL.encode(bytes, padded: false))
      } catch {
        // Of many that come at once to a new installation, one is just keeping it.
        for _ in 0..<20 where error == .busy && text == nil {
          usleep(5000)
          text = try store.setting(name)
        }
        guard text != nil else { throw error }
      }
    }
    let secret = Array((text ?? "").utf8)
    memory.change(at: counter) { $0.pictureSecret = secret }
    return secret
  }

  /// `Store.isInstagramAccountMapped`; that one is not is never remembered.
  package func isInstagramAccountMapped(_ account: String) throws(StoreError) -> Bool {
    if case .mapped = memory.answer(to: .account(account), at: counter) { return true }
    guard try store.isInstagramAccountMapped(account) else { return false }
    memory.keep(.mapped, for: .account(account), readAt: counter)
    return true
  }

  /// `Store.feed(publicID:)`; that there is none is not remembered.
  package func feed(publicID: String) throws(StoreError) -> StoredFeed? {
    if case .feed(let known) = memory.answer(to: .feed(publicID), at: counter) { return known }
    guard let feed = try store.feed(publicID: publicID) else { return nil }
    memory.keep(.feed(feed), for: .feed(publicID), readAt: counter)
    return feed
  }

  /// `Store.latestMappingWithInstagram`.
  package func latestMappingWithInstagram(clientID: String, pageID: String?) throws(StoreError)
    -> MappingLookup
  {
    let question = Question.mapping(clientID: clientID, pageID: pageID)
    if case .mapping(let known) = memory.answer(to: question, at: counter) { return known }
    let answer = try store.latestMappingWithInstagram(clientID: clientID, pageID: pageID)
    if answer != .none { memory.keep(.mapping(answer), for: question, readAt: counter) }
    return answer
  }
}

extension ReadCache {
  /// Compared as SQLite does, byte by byte. `String` would take two client ids that look alike for one.
  package enum Question: Hashable {
    case key(hash: [UInt8])
    case session(hash: [UInt8])
    case mapping(clientID: String, pageID: String?)
    /// Of digits.
    case account(String)
    /// By its public id, of ASCII.
    case feed(String)

    package static func == (left: Question, right: Question) -> Bool {
      switch (left, right) {
      case (.key(let one), .key(let other)), (.session(let one), .session(let other)): one == other
      case (.account(let one), .account(let other)): one.isSameBytes(as: other)
      case (.feed(let one), .feed(let other)): one.isSameBytes(as: other)
      case (.mapping(let client, let page), .mapping(let otherClient, let otherPage)):
        client.isSameBytes(as: otherClient) && (page == nil) == (otherPage == nil)
          && (page ?? "").isSameBytes(as: otherPage ?? "")
      default: false
      }
    }

    package func hash(into hasher: inout Hasher) {
      switch self {
      case .key(let hash), .session(let hash): hash.withUnsafeBytes { hasher.combine(bytes: $0) }
      case .account(let account): hasher.combine(account)
      case .feed(let publicID): hasher.combine(publicID)
      case .mapping(let clientID, let pageID):
        // Of equal bytes the canonical form is equal too, which is what String hashes.
        hasher.combine(clientID)
        hasher.combine(pageID)
      }
    }
  }

  package enum Answer: Equatable {
    case key(StoredKey)
    case session(StoredSession)
    case mapping(MappingLookup)
    case mapped
    case feed(StoredFeed)
  }

  /// What the workers of a process have read of the database, kept for all of them and bounded in bytes.
  ///
  /// Everything in it was read at one change number or later. A worker hands over the number that it saw when its request
  /// began: with another one it is told nothing, and nothing is taken from it.
  package final class Memory: Sendable {
    struct Contents {
      fileprivate var counter: ChangeCounter?
      var credentials: Credentials?
      /// The fingerprints of the keys that open what is stored.
      var ring: [String]?
      var pictureSecret: [UInt8]?
      fileprivate var young = Generation()
      fileprivate var old = Generation()
    }

    /// When the young ones have half of the room they become the old ones, and the old ones go: what is asked for again
    /// is young again. Nothing is counted or sorted for it.
    fileprivate struct Generation {
      var answers: [Question: Answer] = [:]
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

    func look<Value: Sendable>(at counter: ChangeCounter?, _ value: (Contents) -> Value?) -> Value? {
      contents.withLock { $0.counter == counter ? value($0) : nil }
    }

    func change(at counter: ChangeCounter?, _ change: (inout Contents) -> Void) {
      contents.withLock { if $0.counter == counter { change(&$0) } }
    }

    package func answer(to question: Question, at counter: ChangeCounter?) -> Answer? {
      contents.withLock { contents in
        guard contents.counter == counter else { return nil }
        if let answer = contents.young.answers[question] { return answer }
        guard let answer = contents.old.answers[question] else { return nil }
        keep(answer, for: question, in: &contents)
        return answer
      }
    }

    package func keep(_ answer: Answer, for question: Question, readAt counter: ChangeCounter?) {
      change(at: counter) { contents in
        if contents.young.answers[question] == nil { keep(answer, for: question, in: &contents) }
      }
    }

    private func keep(_ answer: Answer, for question: Question, in contents: inout Contents) {
      let bytes = Self.size(of: answer, question)
      if contents.young.bytes + bytes > maximumBytes / 2 {
        contents.old = contents.young
        contents.young = Generation()
      }
      contents.young.bytes += bytes
      contents.young.answers[question] = answer
    }

    /// Text beyond 15 bytes is a block of its own; a dictionary has about two places for each that is taken.
    private static func size(of answer: Answer, _ question: Question) -> Int {
      let place = 2 * (MemoryLayout<Question>.size + MemoryLayout<Answer>.size) + 64
      if case .feed(let feed) = answer {
        return feed.origins.reduce(place + feed.settings.utf8.count + 512) { $0 + $1.utf8.count + 48 }
      }
      guard case .mapping(let clientID, _) = question, case .mapping(let lookup) = answer else {
        guard case .key(let key) = answer else { return place }
        return (key.clients ?? []).reduce(place + 256 + key.label.utf8.count) { $0 + $1.utf8.count + 48 }
      }
      guard case .mapping(let row) = lookup else { return place + clientID.utf8.count }
      let texts = [
        clientID, row.clientID, row.pageID, row.instagramAccountID, row.sealedPageToken, row.pageName,
        row.instagramUsername,
      ]
      return texts.reduce(place) { $0 + ($1.map { $0.utf8.count + 48 } ?? 0) }
    }
  }
}
