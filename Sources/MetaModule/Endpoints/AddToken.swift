internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `POST /tokens/`: verifies a token, exchanges a short-lived one, reads its expiry, stores it. The same Meta user
  /// again replaces the token of the row that there is, and its mappings get new page tokens.
  static func addToken(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let given = Secret(fields.string("access_token", .accessToken))
    let label = fields.string("account_label", .accountLabel)
    let expiresAt = fields.optionalTimestamp("expires_at")
    if let expiresAt, expiresAt <= context.now { fields.complain("expires_at", "This moment is past.") }
    try fields.finish()

    try context.prepareToAskGraph(mayProbe: true)
    let found = try context.inspect(given, expiresAt: expiresAt)
    var token = NewToken(
      accountLabel: label, sealedToken: try context.sealed(found.token), facts: found.facts)
    token.reason = found.reason
    let saved = try context.store().saveToken(token, event: context.event("token.add"))
    var warnings = found.warnings
    if !saved.created { warnings += try context.rederivePageTokens(of: saved.token, found.token) }
    return Response(saved.created ? 201 : 200, json: context.json(saved.token, warnings))
  }
}
