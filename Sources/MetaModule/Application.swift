internal import Cache
internal import Cryptography
internal import Graph
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
  package let rooms: Rooms
  var requestIDs = RequestIDs()
  /// Takes the answer of the request at hand, until it has been given.
  private var send: ((Response) -> Void)?
  /// Has it come once more instead, where that can be.
  private var postpone: () -> Bool = { false }
  private var lastSweep = ContinuousClock.now

  /// An application that opens the database, reads the keys and loads libcurl when a request first needs them.
  ///
  /// - Parameters:
  ///   - shared: what the other workers of the process have; `nil`: there is none yet.
  ///   - isServing: it is the first of several, or is asked for more than one thing.
  ///   - answersOne: it answers one request in a process of its own (CGI).
  ///   - willWait: told that the request at hand is going to wait, so that another thread answers the others.
  ///   - making: `.nothing` for a command that only works with what is there.
  package init(
    configuration: Configuration, logger: Logger? = nil, shared: Shared? = nil, isServing: Bool = false,
    answersOne: Bool = false,
    willWait: @escaping @Sendable () -> Void = {}, making: Store.Making = .whatIsMissing
  ) {
    rooms = Rooms(
      configuration,
      logger ?? Logger(label: "meta-module") { _ in JSONLogHandler(level: configuration.logLevel) },
      shared ?? Shared(configuration, isServing: isServing, mayMake: making != .nothing), willWait, making,
      answersOne: answersOne)
    if shared == nil, let trouble = rooms.shared.cacheTrouble {
      rooms.warn("The cache cannot be used: \(trouble)")
    }
  }

  package var configuration: Configuration { rooms.configuration }
  package var shared: Shared { rooms.shared }
  func store() throws(StoreError) -> Store { try rooms.store() }
  func keyRing() throws -> KeyRing { try rooms.keyRing() }

  /// Makes what is missing (folders, database, first key) and logs what is wrong, so that the operator learns it at
  /// start and not from the first client. What is wrong does not stop the program: each request tries again.
  package func prepare() {
    configuration.warnings.forEach(rooms.warn)
    markAsRunning()
    do {
      _ = try store()
      _ = try keyRing()
    } catch { rooms.logger.critical("\(OperationError(error))") }
  }

  /// Leaves the database as one file that can be copied by itself: to be called when all workers have ended.
  package static func settle(_ configuration: Configuration) {
    guard configuration.databaseURL == nil else { return }
    try? Store(folder: configuration.dataDirectory, making: .nothing).settle()
  }

  /// Tells `metactl restore` that this process serves requests, until it ends.
  package func markAsRunning() {
    if !InstallationLock.markAsRunning(in: configuration.dataDirectory) {
      rooms.warn("meta.lock cannot be locked: metactl restore will not know that this process is running.")
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
  ///
  /// - Parameter postpone: lets the same request come once more in a moment, with `firstCame`, where that can be; it is not
  ///   answered and not logged then.
  package func respond(
    to request: Request, postpone: () -> Bool = { false }, send: (Response) -> Void
  ) {
    withoutActuallyEscaping(postpone) { postpone in
      self.postpone = postpone
      defer { self.postpone = { false } }
      withoutActuallyEscaping(send) { respond(to: request, send: $0) }
    }
  }

  private func respond(to request: Request, send: @escaping (Response) -> Void) {
    self.send = send
    rooms.graph.resetCounts()
    rooms.turn.begin(for: .seconds(configuration.requestBudget))
    var meant = request
    let refusal = meant.takeMethodMeant()
    let context = RequestContext(self, consume meant)
    context.record.requestID = requestIDs.id(asked: context.request.requestID)
    context.record.note(method: context.request.method)
    let response = response(in: context, unless: refusal)
    if self.send == nil {
      // It was answered before this was known.
      context.record.status = response.status
      context.record.note(rooms.graph)
      context.record.write(to: rooms.logger, as: "request went on")
    }
    answer(response, context)
    rooms.turn.doWhatIsLeft()
    sweepIfDue()
    rooms.turn.end()
  }

  private func response(in context: RequestContext, unless refusal: APIError?) -> Response {
    do {
      if let refusal { throw refusal }
      return try dispatch(context)
    } catch {
      let error =
        error as? any Answerable
        ?? ServerError(cause: "An unexpected error of type \(type(of: error)).")
      context.record.reason = error.logReason
      context.record.cause = error.cause
      return error.response(isForOperator: context.request.isFromOperator)
    }
  }

  /// Not only those that miss look after the cache: it may be too large although everybody hits.
  private func sweepIfDue() {
    guard let cache = rooms.cache, ContinuousClock.now - lastSweep > .seconds(15) else { return }
    lastSweep = .now
    guard cache.sweepIfDue(now: .now) != nil else { return }
    PictureFolder(configuration).tidyIfDue { (try? store().isInstagramAccountMapped($0)) ?? true }
  }

  /// Sends the answer and logs it; only the first call for a request has an effect.
  func answer(_ response: consuming Response, _ context: RequestContext) {
    guard let send else { return }
    self.send = nil
    rooms.turn.isAnswered = true
    if response.passesSoon, postpone() { return }
    response.headers.append(("X-Content-Type-Options", "nosniff"))
    response.headers.append(("X-Request-Id", context.record.requestID))
    if context.request.method == "HEAD" { response = response.withoutBody() }
    context.record.status = response.status
    context.record.note(rooms.graph)
    let line = context.record.write(to: rooms.logger)
    send(response)
    remember(response, line, of: context)
  }

  private func dispatch(_ context: RequestContext) throws -> Response {
    let path: RequestPath
    do { path = try RequestPath(of: context.request) } catch {
      throw error == .notUTF8 ? APIError.notUTF8Path : APIError.notFound
    }
    guard let route = RouteTable.route(context.request.method, path.segments) else {
      return try refuseMethod(context, path)
    }
    context.record.route = route.pattern
    let caller = try Access(rooms).caller(of: context.request, for: route)
    switch context.request.body {
    case .complete: break
    case .tooLarge: throw APIError.bodyTooLarge
    case .incomplete: throw APIError.bodyIncomplete
    case .lengthRequired: throw APIError.bodyLengthRequired
    }
    let query: FormFields?
    do {
      query =
        context.request.queryString.isEmpty ? nil : try FormFields(query: context.request.queryString)
    } catch {
      throw APIError.tooManyFields
    }
    context.admit(caller, captures: route.captures(in: path.segments), query: query)
    return try route.endpoint(context)
  }

  /// A path that is not there, or not with this method. Who may not use it is not told its methods.
  private func refuseMethod(_ context: RequestContext, _ path: RequestPath) throws -> Response {
    let (method, routes) = (context.request.method, RouteTable.routes(for: path.segments))
    guard let first = routes.first else { throw APIError.notFound }
    context.record.route = first.pattern
    let caller = try Access(rooms).caller(of: context.request, for: first)
    if method == "OPTIONS", let preflight = first.preflight {
      context.admit(caller, captures: first.captures(in: path.segments))
      return try preflight(context)
    }
    let allowed = RouteTable.allowedMethods(routes)
    guard method == "OPTIONS" else { throw APIError.methodNotAllowed(method, allowed: allowed) }
    return Response(empty: 204, headers: [("Allow", allowed.joined(separator: ", "))])
  }
}
