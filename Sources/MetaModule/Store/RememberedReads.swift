/// The reads that every warm request makes, answered from memory as long as nothing was written since.
///
/// One cheap question a request (`changeCounter`) stands for three statements. It sees what any thread or process has
/// written before the question: a revoked key or a removed mapping is not served once its removal was acknowledged.
/// One per worker, like the store; some 10,000 clients are remembered, then it begins anew.
final class RememberedReads {
  private let store: Store
  private var counter: ChangeCounter?
  private var knownCredentials: Credentials?
  private var keys: [[UInt8]: StoredKey] = [:]
  private var mappings: [MappingQuestion: MappingLookup] = [:]

  private static let maximumMappings = 10_000

  init(of store: Store) { self.store = store }

  /// To be called when a request begins: what was read before an older state of the database is forgotten.
  func forgetIfAnythingWasWritten() throws(StoreError) {
    let now = try store.changeCounter()
    if now == counter { return }
    counter = now
    knownCredentials = nil
    keys.removeAll(keepingCapacity: true)
    mappings.removeAll(keepingCapacity: true)
  }

  /// Which credentials exist.
  func credentials() throws(StoreError) -> Credentials {
    if let knownCredentials { return knownCredentials }
    let credentials = try store.credentials()
    knownCredentials = credentials
    return credentials
  }

  /// The key with this SHA-256, if it is in force. Unknown ones are not remembered: there is no end to them.
  func key(hash: [UInt8]) throws(StoreError) -> StoredKey? {
    if let key = keys[hash] { return key }
    guard let key = try store.key(hash: hash) else { return nil }
    keys[hash] = key
    return key
  }

  /// `Store.latestMappingWithInstagram`.
  func latestMappingWithInstagram(clientID: String, pageID: String?) throws(StoreError) -> MappingLookup {
    let question = MappingQuestion(clientID: clientID, pageID: pageID)
    if let known = mappings[question] { return known }
    let answer = try store.latestMappingWithInstagram(clientID: clientID, pageID: pageID)
    if answer != .none {
      if mappings.count >= Self.maximumMappings { mappings.removeAll(keepingCapacity: true) }
      mappings[question] = answer
    }
    return answer
  }
}

/// A client and, perhaps, a Page, compared as SQLite does: byte by byte. `String` would take two client ids that look
/// alike for one.
private struct MappingQuestion: Hashable {
  let clientID: String
  let pageID: String?

  static func == (left: MappingQuestion, right: MappingQuestion) -> Bool {
    left.clientID.isSameBytes(as: right.clientID)
      && (left.pageID == nil) == (right.pageID == nil)
      && (left.pageID ?? "").isSameBytes(as: right.pageID ?? "")
  }

  func hash(into hasher: inout Hasher) {
    // Of equal bytes the canonical form is equal too, which is what String hashes.
    hasher.combine(clientID)
    hasher.combine(pageID)
  }
}
