internal import Store
internal import Text

extension Endpoints {
  /// `POST /tokens/`: verifies a token, exchanges a short-lived one, reads its expiry, stores it. The same Meta user
  /// again replaces the token of the row that there is.
  static func addToken(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let given = Secret(fields.string("access_token", .accessToken))
    let label = fields.string("account_label", .accountLabel)
    let expiresAt = fields.optionalTimestamp("expires_at")
    if let expiresAt, expiresAt <= context.now { fields.complain("expires_at", "This moment is past.") }
    try fields.finish()

    let (account, isNew) = try context.services.accounts.add(given, label: label, expiresAt: expiresAt)
    return Response(isNew ? 201 : 200, json: account.json)
  }
}
