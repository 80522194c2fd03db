internal import JSON

/// `GET /debug_token`: what a token is, asked by the app it belongs to.
struct DebugToken {
  var call: Call

  func answer() throws(Refusal) -> JSONValue {
    guard case .app = call.identity else {
      throw Refusal(
        100,
        "(#100) You must provide an app access token, or a user access token that is an owner or developer of "
          + "the app")
    }
    guard let input = call.parameters["input_token"], !input.isEmpty else {
      throw Refusal(100, "(#100) The parameter input_token is required")
    }
    guard let identity = call.tokens.identity(of: input) else {
      return invalid(Refusal.unknownToken(""), appID: nil)
    }
    if let token = identity.token {
      guard token.appID == call.world.appID else {
        throw Refusal(100, "(#100) The App_id in the input_token did not match the Viewing App")
      }
      // Unlike everywhere else, a dead token is no error here: HTTP 200 and is_valid false.
      if let refusal = call.tokens.refusal(of: identity, value: input) {
        return invalid(refusal, appID: token.appID)
      }
    }
    return ["data": .object(description(of: identity))]
  }

  private func description(of identity: Identity) -> JSONObject {
    let world = call.world
    guard let token = identity.token else {
      return [
        "app_id": .string(world.appID), "type": "APP", "application": .string(world.appName),
        "is_valid": true,
        "scopes": [],
      ]
    }
    var type = token.isSystemUser ? "SYSTEM_USER" : "USER"
    var expiresAt = token.expiresAt
    if case .page = identity {
      type = "PAGE"
      if !token.isShortLived { expiresAt = 0 }
    }
    var data: JSONObject = [
      "app_id": .string(token.appID), "type": .string(type), "application": .string(world.appName),
      "data_access_expires_at": JSONValue(token.dataAccessExpiresAt), "expires_at": JSONValue(expiresAt),
      "is_valid": true,
    ]
    if !token.isShortLived { data["issued_at"] = JSONValue(token.issuedAt) }
    if case .page(_, let pageID) = identity { data["profile_id"] = .string(pageID) }
    data["scopes"] = .array(token.scopes.map(JSONValue.string))
    data["granular_scopes"] = .array(granularScopes(of: token))
    data["user_id"] = .string(token.userID)
    return data
  }

  /// Without `target_ids` a scope covers everything.
  private func granularScopes(of token: AccessToken) -> [JSONValue] {
    let perObject = [
      "pages_show_list", "pages_read_engagement", "instagram_basic", "instagram_manage_insights",
    ]
    return token.scopes.filter(perObject.contains).map { scope in
      var entry: JSONObject = ["scope": .string(scope)]
      if let ids = token.pageIDs?.sorted() {
        let pages = scope.hasPrefix("pages_")
        let targets = pages ? ids : ids.compactMap { call.world.page($0)?.instagramID }
        entry["target_ids"] = .array(targets.map(JSONValue.string))
      }
      return .object(entry)
    }
  }

  /// The inner error has `subcode`, not `error_subcode`.
  private func invalid(_ refusal: Refusal, appID: String?) -> JSONValue {
    var error: JSONObject = [
      "code": JSONValue(refusal.code),
      "message": .string(refusal.subcode == nil ? "Invalid OAuth access token." : refusal.message),
    ]
    if let subcode = refusal.subcode { error["subcode"] = JSONValue(subcode) }
    var data: JSONObject = [:]
    if let appID { data["app_id"] = .string(appID) }
    data["error"] = .object(error)
    data["is_valid"] = false
    data["scopes"] = []
    return ["data": .object(data)]
  }
}
