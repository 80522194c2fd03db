internal import Graph
internal import JSON
internal import Store

extension Endpoints {
  /// `POST /tokens/<id>/check/`: asks Graph now, updates status and expiry, returns the row. That Graph refuses the
  /// token is what one wanted to know, and no error; that it cannot be asked is one, and changes nothing.
  static func checkToken(_ context: RequestContext) throws -> Response {
    let token = try context.existingToken(try context.capturedID())
    try context.prepareToAskGraph(mayProbe: true)
    let warnings = try context.check(token)
    return Response(json: context.json(try context.existingToken(token.id), warnings))
  }
}

extension RequestContext {
  /// Asks Graph about a stored token and writes down what it says.
  ///
  /// - Returns: what a person should know besides.
  func check(_ token: StoredToken) throws -> [String] {
    let run = TokenRun(self, try store(), [token], .check)
    try run.go()
    if let stop = run.stops[0] {
      guard case .refused? = (stop as? GraphFailure)?.kind else { throw stop }
    }
    return run.entries.first?.warnings ?? []
  }
}
