internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /tokens/`: the stored accounts; never a token.
  static func listTokens(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let store = try context.store()
    _ = try store.expireTokens(now: context.now)
    let rows = try store.tokens(after: page.after, limit: page.fetched)
    let accounts = context.services.accounts
    return page.answer("tokens", rows, id: \.id) { accounts.account($0).json }
  }
}

extension Accounts.Account {
  /// The row as answers show it: everything but the token. `warnings` is missing where there is nothing to say.
  var json: JSONValue {
    var row: JSONObject = [
      "id": JSONValue(token.id), "account_label": .string(token.accountLabel),
      "user_id": JSONValue(token.userID), "user_name": JSONValue(token.userName),
      "profile_picture": JSONValue(token.profilePicture), "kind": .string(token.kind.rawValue),
      "status": .string(token.status.rawValue), "status_reason": JSONValue(reason ?? token.statusReason),
      "expires_at": JSONValue(token.expiresAt?.description),
      "data_access_expires_at": JSONValue(token.dataAccessExpiresAt?.description),
      "scopes": token.scopes.map { .array($0.map { .string($0) }) } ?? .null,
      "missing_scopes": token.missingScopes.map { .array($0.map { .string($0) }) } ?? .null,
      "last_checked_at": JSONValue(token.lastCheckedAt?.description),
      "created_at": .string(token.createdAt.description), "updated_at": .string(token.updatedAt.description),
    ]
    if !warnings.isEmpty { row["warnings"] = .array(warnings.map { .string($0) }) }
    return .object(row)
  }
}
