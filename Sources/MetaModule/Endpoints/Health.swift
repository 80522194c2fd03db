internal import Cache
internal import JSON
internal import Store
internal import System
internal import Text

extension Endpoints {
  /// `GET /health/`: 200, or 503 when requests cannot be answered. Open to everyone, so it says nothing but which part
  /// is unwell; the log and `metactl doctor` say why.
  static func health(_ context: RequestContext) throws -> Response {
    let application = context.application
    var database = Check.ok
    do { try application.store().checkHealth(waitingAtMost: 1000) } catch {
      context.record.cause = error.cause
      database = .error("The database cannot be used.")
    }
    if !database.isError {
      switch StorageProbe.problem(in: application.configuration.dataDirectory) {
      case .full:
        database = .warning("The disk is full: what is stored is served, nothing new can be stored.")
      case .unwritable: database = .warning("The disk cannot be written: nothing new can be stored.")
      case nil: break
      }
    }
    var key = Check.ok
    if database.isError {
      key = .warning("Not checked, since the database cannot be used.")
    } else {
      do { _ = try application.keyRing() } catch {
        context.record.cause = OperationError(error).description
        key = .error("The Fernet key is missing or is not the one of this database.")
      }
    }
    var cache = Check.ok
    if application.cache.map({ StorageProbe.problem(in: $0.path) != nil }) ?? true {
      cache = .warning("The cache cannot be used; Graph is asked each time.")
    }
    let last = application.graphHealth.last()
    let now = context.now
    var graph: Check =
      switch last?.outcome {
      case nil: .ok("Not asked yet.")
      case .answered: .ok(nil)
      case .failed:
        .warning(
          application.graphBreaker.isOpen
            ? "Graph has failed again and again: it is asked once a second until it answers."
            : "The last call failed.")
      }
    if application.appHealth.otherVersion(now) != nil {
      graph = .warning("Graph answers with another version than the one that is set.")
    }
    if application.appHealth.last(now) != nil {
      graph = .error("app_refused: Graph refuses the app that is set.")
    }
    let isDown = database.isError || key.isError || graph.isError
    let isDegraded = [database, key, cache, graph].contains { $0.status != "ok" }
    let body: JSONValue = [
      "status": isDown ? "unavailable" : isDegraded ? "degraded" : "ok", "version": .string(version),
      "checks": [
        "database": database.json(at: now), "key": key.json(at: now), "cache": cache.json(at: now),
        "graph": graph.json(at: last?.at),
      ],
    ]
    return Response(isDown ? 503 : 200, json: body, headers: isDown ? [("Retry-After", "30")] : [])
  }

  /// One part's state, in a word and, when there is something to say, a sentence.
  private struct Check {
    let status: String
    var detail: String?

    static let ok = Check(status: "ok")
    static func ok(_ detail: String?) -> Check { Check(status: "ok", detail: detail) }
    static func warning(_ detail: String) -> Check { Check(status: "warning", detail: detail) }
    static func error(_ detail: String) -> Check { Check(status: "error", detail: detail) }

    var isError: Bool { status == "error" }

    func json(at moment: Timestamp?) -> JSONValue {
      ["status": .string(status), "detail": JSONValue(detail), "checked_at": JSONValue(moment?.description)]
    }
  }
}
