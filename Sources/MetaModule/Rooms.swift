internal import Cache
internal import Cryptography
internal import Graph
internal import Logging
internal import Store
internal import Text

/// What services work with: store, cache and Graph, each opened when it is first needed, the settings, and what is known
/// of Graph's health.
package final class Rooms {
  let configuration: Configuration
  let logger: Logger
  let shared: Shared
  let turn: Turn
  let graph: GraphClient
  let graphHealth: GraphHealth
  let graphBreaker: GraphBreaker
  let pictureFetcher = PictureFetcher()
  let keyRingFile: KeyRingFile
  private let making: Store.Making
  private let answersOne: Bool
  private var openStore: Store?
  /// `nil`: nobody has read anything.
  private(set) var remembered: ReadCache?

  init(
    _ configuration: Configuration, _ logger: Logger, _ shared: Shared,
    _ willWait: @escaping @Sendable () -> Void, _ making: Store.Making, answersOne: Bool
  ) {
    self.answersOne = answersOne
    self.configuration = configuration
    self.logger = logger
    self.shared = shared
    self.making = making
    turn = Turn(shared.lanes, willWait)
    keyRingFile = KeyRingFile(configuration)
    graphHealth = GraphHealth(shared.cache, configuration)
    graphBreaker = GraphBreaker(shared.cache)
    graph = GraphClient(configuration.graph, breaker: graphBreaker)
  }

  var cache: FileCache? { shared.cache }

  /// The database; opened by the first request that needs it, and again by the next one when that failed.
  func store() throws(StoreError) -> Store {
    if let openStore { return openStore }
    let opened =
      if let server = shared.server {
        try Store(on: server, folder: configuration.dataDirectory, making: making)
      } else {
        try Store(folder: configuration.dataDirectory, making: making, readsAtOneMoment: answersOne)
      }
    if let copy = opened.keptCopy {
      warn("The database was of an earlier version; as it was, it is kept as \(copy).")
    }
    try takeFirstPassword(opened)
    opened.mayWait = turn.takePlace
    opened.patienceLeft = { [turn] in turn.patience }
    turn.letGo = { [weak opened] in opened?.endFirstRead() }
    openStore = opened
    return opened
  }

  /// The password that somebody has set who can upload files and run nothing. Where there has been a credential, it is
  /// none.
  private func takeFirstPassword(_ store: Store) throws(StoreError) {
    guard making != .nothing, let password = configuration.firstPassword,
      try !store.credentials().haveExisted,
      let hash = try? PasswordHash.make(Array(password.revealed().utf8))
    else { return }
    try store.setPasswordHash(
      hash, isFirst: true, event: Event(actor: "system", action: "admin.set-password"))
  }

  /// The reads of a warm request, as they are at its beginning.
  func readCache() throws(StoreError) -> ReadCache {
    let reads = if let remembered { remembered } else { ReadCache(of: try store(), in: shared.reads) }
    remembered = reads
    return reads
  }

  /// The key ring, held against the database: a ring that opens nothing of what is stored there is not used at all.
  func keyRing() throws -> KeyRing {
    let store = try store()
    let reads = try readCache()
    try reads.forgetIfAnythingWasWritten()
    let ring: KeyRing
    do throws(KeyRingError) { ring = try keyRingFile.ring(mayCreate: false) } catch {
      guard case .missing(let path) = error, try !store.hasSealed() else { throw error }
      guard making != .nothing else { throw KeyRingError.none(path) }
      ring = try keyRingFile.ring(mayCreate: true)
    }
    guard try reads.accepts(ring, or: { () throws(StoreError) in try opensWhatIsStored(ring, store) }) else {
      throw Refusal.wrongKey(isOfEnvironment: configuration.fernetKeys != nil)
    }
    return ring
  }

  /// Whether the ring opens anything of what is stored, where anything is, or was accepted although it does not.
  private func opensWhatIsStored(_ ring: KeyRing, _ store: Store) throws(StoreError) -> Bool {
    if try !store.hasSealed() { return true }
    if try store.hasSealed(where: { ring.fingerprint(of: $0) != nil }) { return true }
    return try store.fingerprints(Store.acceptedSetting).contains(where: ring.fingerprints.contains)
  }

  func warn(_ sentence: String) { logger.warning("\(sentence)") }

  /// Logs something that would repeat with every request, once a minute. What is said at one place is of one kind.
  func warnOnceAMinute(_ sentence: String, file: String = #fileID, line: Int = #line) {
    if shared.warnings.mayWarn(of: "\(file):\(line)") { warn(sentence) }
  }
}
