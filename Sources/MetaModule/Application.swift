internal import Cache
internal import Cryptography
internal import Glibc
internal import Graph
internal import JSON
package import Logging
package import Store
internal import System
internal import Text

/// The whole program as a function from `Request` to `Response`, whatever stands in front: `meta.fcgi`,
/// `metactl request`, the tests.
///
/// One per worker thread: its database connection, its connections to Graph and its cache handle are its own, and what
/// several must know is on disk, since mod_fcgid runs several one-request processes of the same binary.
package final class Application {
  let configuration: Configuration
  let logger: Logger
  let graph: GraphClient
  let graphHealth: GraphHealth
  let appHealth: AppHealth
  let graphBreaker: GraphBreaker
  let keyRingFile: KeyRingFile
  package let shared: Shared
  var cache: FileCache? { shared.cache }
  var lanes: Lanes { shared.lanes }
  let willWait: @Sendable () -> Void
  private var openStore: Store?
  private let making: Store.Making
  private var remembered: ReadCache?
  private var requestIDs = RequestIDs()
  private let warnings = WarningLimiter()
  /// Takes the answer of the request at hand, until it has been given.
  private var send: ((Response) -> Void)?
  private var left: [() -> Void] = []
  /// Held for as long as the request at hand may wait for something.
  private var place: Lane.Place?
  private var fetchingPlace: Lane.Place?
  private var (hasPlace, mayFetch) = (false, false)
  private var lastSweep = ContinuousClock.now

  /// An application that opens the database, reads the keys and loads libcurl when a request first needs them.
  ///
  /// - Parameters:
  ///   - shared: what the other workers of the process have; `nil`: there is none yet.
  ///   - isServing: it is the first of several, or is asked for more than one thing.
  ///   - willWait: told that the request at hand is going to wait, so that another thread answers the others.
  ///   - making: `.nothing` for a command that only works with what is there.
  package init(
    configuration: Configuration, logger: Logger? = nil, shared: Shared? = nil, isServing: Bool = false,
    willWait: @escaping @Sendable () -> Void = {}, making: Store.Making = .whatIsMissing
  ) {
    self.configuration = configuration
    self.making = making
    self.willWait = willWait
    self.logger =
      logger ?? Logger(label: "meta-module") { _ in JSONLogHandler(level: configuration.logLevel) }
    keyRingFile = KeyRingFile(configuration)
    self.shared = shared ?? Shared(configuration, isServing: isServing, mayMake: making != .nothing)
    if shared == nil, let trouble = self.shared.cacheTrouble {
      self.logger.warning("The cache cannot be used: \(trouble)")
    }
    let shared = self.shared
    graphHealth = GraphHealth(shared.cache)
    appHealth = AppHealth(shared.cache, configuration)
    graphBreaker = GraphBreaker(shared.cache)
    graph = GraphClient(configuration.graph, breaker: graphBreaker)
  }

  /// Makes what is missing (folders, database, first key) and logs what is wrong, so that the operator learns it at
  /// start and not from the first client. What is wrong does not stop the program: each request tries again.
  package func prepare() {
    configuration.warnings.forEach(warn)
    markAsRunning()
    do {
      _ = try store()
      _ = try keyRing()
    } catch { logger.critical("\(OperationError(error))") }
  }

  /// Leaves the database as one file that can be copied by itself: to be called when all workers have ended.
  package static func settle(_ configuration: Configuration) {
    try? Store(folder: configuration.dataDirectory, making: .nothing).settle()
  }

  /// Tells `metactl restore` that this process serves requests, until it ends.
  package func markAsRunning() {
    if !InstallationLock.markAsRunning(in: configuration.dataDirectory) {
      warn("meta.lock cannot be locked: metactl restore will not know that this process is running.")
    }
  }

  /// Answers one request, and comes back when everything that it leads to is done. Never fails: a fault of ours is a
  /// 500, with its cause in the log.
  package func respond(to request: Request) -> Response {
    var answer: Response?
    respond(to: request) { answer = $0 }
    return answer ?? ServerError(cause: "No answer.").response()
  }

  /// Answers one request by calling `send`, exactly once; nobody who waits for the answer waits for what is done then:
  /// what is only nice to have written down, and a call to Graph that takes long while an expired answer stands in.
  package func respond(to request: Request, send: (Response) -> Void) {
    withoutActuallyEscaping(send) { send in
      self.send = send
      var record = RequestRecord()
      record.requestID = RequestIDs.accepted(request.requestID) ?? requestIDs.next()
      record.note(method: request.method)
      graph.resetCounts()
      var request = request
      var response: Response
      do {
        request = try request.withMethodMeant()
        record.note(method: request.method)
        response = try dispatch(request, &record)
      } catch {
        let error =
          error as? any Answerable
          ?? ServerError(cause: "An unexpected error of type \(type(of: error)).")
        record.reason = error.logReason
        record.cause = error.cause
        response = error.response(isForOperator: request.isFromOperator)
      }
      if self.send == nil {
        // It was answered before this was known.
        record.status = response.status
        record.graphCalls = graph.callCount
        record.graphTraces = graph.traces
        record.write(to: logger, as: "request went on")
      }
      answer(response, to: request, &record)
      doWhatIsLeft()
      fetchingPlace = nil
      place = nil
      (hasPlace, mayFetch) = (false, false)
    }
  }

  /// Sends the answer and logs it; only the first call for a request has an effect.
  func answer(_ response: Response, to request: Request, _ record: inout RequestRecord) {
    guard let send else { return }
    self.send = nil
    var response = response
    response.headers.append(("X-Request-Id", record.requestID))
    response.headers.append(("X-Content-Type-Options", "nosniff"))
    if request.method == "HEAD" { response = response.withoutBody() }
    record.status = response.status
    record.graphCalls = graph.callCount
    record.graphRetries = graph.retryCount
    record.graphTraces = graph.traces
    record.write(to: logger)
    send(response)
  }

  /// Does something after the answer was sent, or at once if it has been. It may be skipped without harm, must not wait
  /// for a lock, and must not fail.
  func afterwards(_ work: @escaping () -> Void) {
    if send == nil { work() } else { left.append(work) }
  }

  private func doWhatIsLeft() {
    if !left.isEmpty {
      let left = left
      self.left = []
      for work in left { work() }
    }
    // Not only those that miss look after the cache: it may be too large although everybody hits.
    guard let cache, ContinuousClock.now - lastSweep > .seconds(15) else { return }
    lastSweep = .now
    cache.sweepIfDue(now: .now)
  }

  /// Takes a place for the rest of this request, before it waits for Graph, for another request or for a lock. Each
  /// place has a thread beside the workers, so that those are left which answer at once.
  func takePlace() -> Bool {
    if hasPlace { return true }
    place = lanes.waiting.tryEnter()
    hasPlace = place != nil
    if hasPlace { willWait() }
    return hasPlace
  }

  /// The same before it fetches a grid from Graph itself.
  func takePlaceToFetch() -> Bool {
    guard takePlace(), !mayFetch else { return mayFetch }
    fetchingPlace = lanes.fetching.tryEnter()
    mayFetch = fetchingPlace != nil
    return mayFetch
  }

  private func dispatch(_ request: Request, _ record: inout RequestRecord) throws -> Response {
    let path: RequestPath
    do { path = try RequestPath(of: request) } catch {
      throw error == .notUTF8 ? APIError.notUTF8Path : APIError.notFound
    }
    guard let route = RouteTable.route(request.method, path.segments) else {
      return try refuseMethod(request, path, &record)
    }
    record.route = route.pattern
    let caller = try Access(self).caller(of: request, for: route)
    if case .tooLarge = request.body { throw APIError.bodyTooLarge }
    if case .incomplete = request.body { throw APIError.bodyIncomplete }
    if case .lengthRequired = request.body { throw APIError.bodyLengthRequired }

    let query: FormFields?
    do { query = request.queryString.isEmpty ? nil : try FormFields(query: request.queryString) } catch {
      throw APIError.tooManyFields
    }
    let context = RequestContext(
      self, request, captures: route.captures(in: path.segments), query: query, caller: caller, record: record
    )
    defer { record = context.record }
    return try route.endpoint(context)
  }

  /// A path that is not there, or not with this method. Who may not use it is not told its methods.
  private func refuseMethod(
    _ request: Request, _ path: RequestPath, _ record: inout RequestRecord
  ) throws -> Response {
    let routes = RouteTable.routes(for: path.segments)
    guard let first = routes.first else { throw APIError.notFound }
    record.route = first.pattern
    _ = try Access(self).caller(of: request, for: first)
    let allowed = RouteTable.allowedMethods(routes)
    guard request.method == "OPTIONS" else {
      throw APIError.methodNotAllowed(request.method, allowed: allowed)
    }
    return Response(empty: 204, headers: [("Allow", allowed.joined(separator: ", "))])
  }

  /// The database; opened by the first request that needs it, and again by the next one when that failed.
  func store() throws(StoreError) -> Store {
    if let openStore { return openStore }
    let opened = try Store(folder: configuration.dataDirectory, making: making)
    if let copy = opened.keptCopy {
      warn("The database was of an earlier version; as it was, it is kept as \(copy).")
    }
    opened.mayWait = { [weak self] in self?.takePlace() ?? true }
    openStore = opened
    return opened
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

  /// Logs what the operator should know and no client is told.
  func warn(_ sentence: String) { logger.warning("\(sentence)") }

  /// Logs something that would repeat with every request, once a minute.
  func warnOnceAMinute(_ sentence: String) {
    if warnings.mayWarn() { warn(sentence) }
  }

  static let fingerprintSetting = Store.fingerprintSetting
}
