internal import Cache
internal import Store
internal import System
internal import Text

/// Whether requests can be answered: which part is unwell, and nothing else that a stranger could use.
struct Health {
  var database = Check.ok
  var key = Check.ok
  var cache = Check.ok
  var graph = Check.ok("Not asked yet.")
  var graphAsked: Timestamp?
  var cause: String?

  /// One part's state, in a word and, when there is something to say, a sentence.
  struct Check {
    let status: String
    var detail: String?

    static let ok = ok(nil)
    static func ok(_ detail: String?) -> Check { Check(status: "ok", detail: detail) }
    static func warning(_ detail: String) -> Check { Check(status: "warning", detail: detail) }
    static func error(_ detail: String) -> Check { Check(status: "error", detail: detail) }

    var isError: Bool { status == "error" }
  }

  var isDown: Bool { database.isError || key.isError || graph.isError }
  var isDegraded: Bool { [database, key, cache, graph].contains { $0.status != "ok" } }

  init(_ services: Services) {
    let rooms = services.rooms
    do { try rooms.store().checkHealth(waitingAtMost: 1000) } catch {
      cause = error.cause
      database = .error("The database cannot be used.")
      key = .warning("Not checked, since the database cannot be used.")
    }
    if !database.isError {
      switch rooms.shared.server == nil ? StorageProbe.problem(in: services.configuration.dataDirectory) : nil
      {
      case .full:
        database = .warning("The disk is full: what is stored is served, nothing new can be stored.")
      case .unwritable: database = .warning("The disk cannot be written: nothing new can be stored.")
      case nil: break
      }
      do { _ = try rooms.keyRing() } catch {
        cause = OperationError(error).description
        key = .error("The Fernet key is missing or is not the one of this database.")
      }
    }
    if rooms.cache.map({ StorageProbe.problem(in: $0.path) != nil }) ?? true {
      cache = .warning("The cache cannot be used; Graph is asked each time.")
    }
    if let last = rooms.graphHealth.last() {
      graphAsked = last.at
      graph =
        switch last.outcome {
        case .answered: .ok
        case .failed:
          .warning(
            rooms.graphBreaker.isOpen
              ? "Graph has failed again and again: it is asked once a second until it answers."
              : "The last call failed.")
        }
    }
    if rooms.graphHealth.otherVersion(services.now) != nil {
      graph = .warning("Graph answers with another version than the one that is set.")
    }
    if rooms.graphHealth.trouble(services.now) != nil {
      graph = .error("app_refused: Graph refuses the app that is set.")
    }
  }
}
