internal import JSON

extension Endpoints {
  /// `POST /tokens/<id>/check/`: asks Graph now, updates status and expiry, returns the row. That Graph refuses the
  /// token is what one wanted to know, and no error; that it cannot be asked is one, and changes nothing.
  static func checkToken(_ context: RequestContext) throws(APIError) -> Response {
    let token = try context.existingToken(try context.capturedID())
    return Response(json: context.json(try context.check(token)))
  }
}

extension RequestContext {
  /// Asks Graph about a stored token and writes down what it says.
  func check(_ token: StoredToken) throws(APIError) -> StoredToken {
    guard let secret = try unsealed(token.sealedToken) else { return token }
    do {
      let found: (status: TokenStatus, reason: String?, facts: TokenFacts)
      do {
        let user = try GraphUser(ask("me", GraphUser.query, as: secret))
        var facts = TokenFacts(userID: user.id, userName: user.name, profilePicture: user.picture)
        if let debugged = try debugIfConfigured(secret) {
          if let refusal = debugged.refusal { throw GraphFailure(.refused(refusal)) }
          (facts.expiresAt, facts.dataAccessExpiresAt) = (debugged.expiresAt, debugged.dataAccessExpiresAt)
          facts.scopes = debugged.scopes
        }
        found = (.active, nil, facts)
      } catch let failure as GraphFailure {
        guard case .refused(let reason) = failure.kind else { throw APIError(failure) }
        found = (reason == .loginRequired ? token.status : .invalid, reason.rawValue, TokenFacts())
      }
      let checked = try store().recordCheck(
        token.id, status: found.status, reason: found.reason, facts: found.facts,
        ifSealedIs: token.sealedToken,
        event: event("token.check"))
      return try checked ?? existingToken(token.id)
    } catch { throw APIError(storeOr: error) }
  }
}
