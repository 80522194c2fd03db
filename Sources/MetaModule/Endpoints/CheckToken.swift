internal import JSON

extension Endpoints {
  /// `POST /tokens/<id>/check/`: asks Graph now, updates status and expiry, returns the row. That Graph refuses the
  /// token is what one wanted to know, and no error; that it cannot be asked is one, and changes nothing.
  static func checkToken(_ context: RequestContext) throws(APIError) -> Response {
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
  func check(_ token: StoredToken) throws(APIError) -> [String] {
    let run: TokenRun
    do {
      run = TokenRun(self, try store(), [token], .check)
      try run.go()
    } catch { throw APIError(storeOr: error) }
    switch run.stops[0] {
    case let failure as GraphFailure:
      if case .refused = failure.kind { break }
      throw APIError(failure)
    case let error?: throw APIError(storeOr: error)
    case nil: break
    }
    return run.entries.first?.warnings ?? []
  }
}
