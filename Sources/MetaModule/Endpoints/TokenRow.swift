internal import Cryptography
internal import JSON

extension StoredToken {
  /// The row as answers show it: everything but the token.
  ///
  /// - Parameter isDecryptable: `false` when no key of the ring opens it; the row then says `key_missing`.
  func json(isDecryptable: Bool) -> JSONValue {
    [
      "id": JSONValue(id), "account_label": .string(accountLabel), "user_id": JSONValue(userID),
      "user_name": JSONValue(userName), "profile_picture": JSONValue(profilePicture),
      "status": .string(status.rawValue),
      "status_reason": isDecryptable ? JSONValue(statusReason) : "key_missing",
      "expires_at": JSONValue(expiresAt?.description),
      "data_access_expires_at": JSONValue(dataAccessExpiresAt?.description),
      "scopes": scopes.map { .array($0.map { .string($0) }) } ?? .null,
      "created_at": .string(createdAt.description), "updated_at": .string(updatedAt.description),
      "last_checked_at": JSONValue(lastCheckedAt?.description),
      "missing_scopes": missingScopes.map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }

  /// What a full service needs (GRAPH.md, section 7); `nil` where the token's scopes are not known.
  var missingScopes: [String]? {
    scopes.map { scopes in Self.neededScopes.filter { !scopes.contains($0) } }
  }

  private static let neededScopes = [
    "pages_show_list", "pages_read_engagement", "instagram_basic", "business_management",
  ]
}

extension RequestContext {
  /// The row, with its decryptability looked at.
  func json(_ token: StoredToken) -> JSONValue {
    let opened = (try? application.keyRing()).map { (try? $0.open(token.sealedToken)) != nil }
    return token.json(isDecryptable: opened ?? false)
  }
}
