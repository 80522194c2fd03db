package import Cryptography
internal import Text

/// The reads that every warm request makes, answered from memory as long as nothing was written since.
///
/// One cheap question a request (`changeCounter`) stands for three statements. It sees what any thread or process has
/// written before the question: a revoked key or a removed mapping is not served once its removal was acknowledged.
/// One per worker, like the store; what it remembers is shared by the workers of a process.
package final class RememberedReads {
  private let store: Store
  private let memory: ReadMemory
  private var counter: ChangeCounter?

  /// - Parameter memory: without a WAL each connection has a counter of its own, so that nothing can be shared.
  package init(of store: Store, in memory: ReadMemory? = nil) {
    self.store = store
    self.memory = memory.flatMap { store.sharesItsCounter ? $0 : nil } ?? ReadMemory(maximumBytes: 1 << 18)
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
  package func latestMappingWithInstagram(clientID: String, pageID: String?) throws(StoreError) -> MappingLookup {
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
