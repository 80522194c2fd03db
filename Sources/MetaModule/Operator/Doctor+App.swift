internal import Graph
internal import Text

/// The app's id and secret and the version, tried where Graph can be reached.
extension Doctor {
  func app(isReachable: Bool) -> Finding {
    guard let app = configuration.app else {
      return .warning(
        "app", "No Meta app is configured: tokens cannot be extended, and end after 60 days at most.",
        "Set META_APP_ID and META_APP_SECRET (developers.facebook.com, Settings, Basic).")
    }
    guard isReachable else { return .ok("app", "App \(app.id); not tried, since Graph cannot be asked.") }
    let client = GraphClient(configuration.graph)
    do throws(GraphFailure) {
      // About what is no token: Graph says so to its app, and only to that. Our own token would stand in the line.
      let value = try client.ask(
        app.debugCall((), about: Secret("0")),
        within: GraphBudget(seconds: configuration.requestBudget, retries: false))
      _ = try DebuggedToken(value)
    } catch {
      guard case .appRefused(let trouble) = error.kind else {
        return .warning("app", "App \(app.id) could not be tried: \(error.sentence).", "Try again later.")
      }
      let what = trouble == .version ? configuration.graphVersion : "app \(app.id) with this secret"
      return .trouble("app", "app_refused: Graph refuses \(what).", trouble.sentence)
    }
    if let answering = client.answeringVersion, answering != configuration.graphVersion {
      return .version(configuration.graphVersion, isAnsweredBy: answering, "app")
    }
    return .ok("app", "Graph knows app \(app.id) and its secret.")
  }
}
