internal import JSON

extension Endpoints {
  /// `POST /tokens/`: verifies a token, exchanges a short-lived one, reads its expiry, stores it. The same Meta user
  /// again replaces the token of the row that there is, and its mappings get new page tokens.
  static func addToken(_ context: RequestContext) throws(APIError) -> Response {
    var fields = try context.fields()
    let given = Secret(fields.string("access_token", .accessToken))
    let label = fields.string("account_label", .accountLabel)
    let expiresAt = fields.optionalTimestamp("expires_at")
    if let expiresAt, expiresAt <= context.now { fields.complain("expires_at", "This moment is past.") }
    try fields.finish()

    let found: TokenInspection
    do { found = try context.inspect(given, expiresAt: expiresAt) } catch { throw error.apiError }
    let token = NewToken(
      accountLabel: label, sealedToken: try context.sealed(found.token), facts: found.facts)
    let saved: (token: StoredToken, created: Bool)
    do { saved = try context.store().saveToken(token, event: context.event("token.add")) } catch {
      throw APIError(storeOr: error)
    }
    if !saved.created { try context.rederivePageTokens(of: saved.token, found.token) }
    return Response(saved.created ? 201 : 200, json: context.json(saved.token))
  }
}

extension TokenInspection {
  /// What is stored beside the token.
  var facts: TokenFacts {
    TokenFacts(
      expiresAt: expiresAt, dataAccessExpiresAt: dataAccessExpiresAt, scopes: scopes, userID: user.id,
      userName: user.name, profilePicture: user.picture)
  }
}

extension RequestContext {
  /// Fetches the page tokens of all mappings of a token anew, all at the same time. One that Graph does not give
  /// stays as it is: it may still work, and is fetched again when it is refused.
  func rederivePageTokens(of token: StoredToken, _ secret: Secret) throws(APIError) {
    let mappings: [StoredMapping]
    do { mappings = try store().mappings(tokenID: token.id) } catch { throw APIError(storeOr: error) }
    let calls = mappings.enumerated().map { index, mapping in
      GraphCall(
        tag: index, path: mapping.pageID, query: GraphPage.syncQuery.map { (name: $0.0, value: $0.1) },
        token: secret)
    }
    var renewed: [(StoredMapping, Secret)] = []
    graph.askAll(calls, within: budget()) { index, result in
      if case .success(let value) = result, let page = GraphPage(value), page.id == mappings[index].pageID,
        let pageToken = page.accessToken
      {
        renewed.append((mappings[index], pageToken))
      }
      return []
    }
    do {
      for (mapping, pageToken) in renewed {
        _ = try store().replacePageToken(
          mapping.id, with: sealed(pageToken), ifSealedIs: mapping.sealedPageToken)
      }
    } catch { throw APIError(storeOr: error) }
  }
}
