internal import Cryptography
internal import JSON
internal import Store
internal import Text

extension StoredToken {
  /// The row as answers show it: everything but the token.
  ///
  /// - Parameters:
  ///   - reason: what is the matter with it besides what is stored: `key_missing`, `rate_limited`.
  ///   - warnings: sentences, where there is something to say; the member is missing otherwise.
  func json(reason: String? = nil, warnings: [String] = []) -> JSONValue {
    var row: JSONObject = [
      "id": JSONValue(id), "account_label": .string(accountLabel), "user_id": JSONValue(userID),
      "user_name": JSONValue(userName), "profile_picture": JSONValue(profilePicture),
      "kind": .string(kind.rawValue), "status": .string(status.rawValue),
      "status_reason": JSONValue(reason ?? statusReason),
      "expires_at": JSONValue(expiresAt?.description),
      "data_access_expires_at": JSONValue(dataAccessExpiresAt?.description),
      "scopes": scopes.map { .array($0.map { .string($0) }) } ?? .null,
      "missing_scopes": missingScopes.map { .array($0.map { .string($0) }) } ?? .null,
      "last_checked_at": JSONValue(lastCheckedAt?.description),
      "created_at": .string(createdAt.description), "updated_at": .string(updatedAt.description),
    ]
    if !warnings.isEmpty { row["warnings"] = .array(warnings.map { .string($0) }) }
    return .object(row)
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
  /// The row, with its decryptability and what Graph asked of its callers looked at.
  func json(_ token: StoredToken, _ warnings: [String] = []) -> JSONValue {
    guard let opened = try? unsealed(token.sealedToken) else {
      return token.json(reason: "key_missing", warnings: warnings)
    }
    guard token.status == .active, let blocked = blockedUntil(opened) else {
      return token.json(warnings: warnings)
    }
    return token.json(
      reason: token.statusReason ?? "rate_limited", warnings: warnings + [StoredToken.sentence(blocked)])
  }
}

extension StoredToken {
  static func sentence(_ blocked: Timestamp) -> String {
    "Graph has asked not to be called for this token until \(blocked); checking it tries all the same."
  }
}
