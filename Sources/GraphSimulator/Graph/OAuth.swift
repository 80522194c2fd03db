internal import JSON

/// `GET /oauth/access_token`: short-lived for long-lived, a code for a token, the app's own token.
struct OAuth {
  var call: Call

  func answer() throws(Refusal) -> JSONValue {
    try checkApp()
    switch call.parameters["grant_type"] {
    case "fb_exchange_token": return try exchange()
    case "client_credentials":
      return token("\(call.world.appID)|\(call.world.appSecret)", expiresIn: nil)
    case nil, "authorization_code": return try redeem()
    case let other?: throw Refusal(100, "(#100) Invalid grant_type: \(other)")
    }
  }

  private func checkApp() throws(Refusal) {
    guard let id = call.parameters["client_id"] else { throw Refusal(101, "Missing client_id parameter.") }
    guard id == call.world.appID else {
      throw Refusal(
        101, "Error validating application. Cannot get application info due to a system error.")
    }
    guard let secret = call.parameters["client_secret"] else {
      throw Refusal(1, "Missing client_secret parameter.")
    }
    guard secret == call.world.appSecret else { throw Refusal(1, "Error validating client secret.") }
  }

  private func exchange() throws(Refusal) -> JSONValue {
    guard let short = call.parameters["fb_exchange_token"], !short.isEmpty else {
      throw Refusal(1, "fb_exchange_token parameter not specified")
    }
    guard let identity = call.tokens.identity(of: short), case .user(let token) = identity else {
      throw .unknownToken(short)
    }
    if let refusal = call.tokens.refusal(of: identity, value: short) { throw refusal }
    guard token.appID == call.world.appID else {
      throw Refusal(
        190,
        "Error validating access token: The access token does not belong to application "
          + "\(call.world.appID)")
    }
    if token.isSystemUser, call.parameters["set_token_expires_in_60_days"] != "true" {
      throw Refusal(100, "(#100) The parameter set_token_expires_in_60_days is required")
    }
    guard token.isShortLived || token.isSystemUser,
      let long = call.tokens.token(labelled: token.label + "-long")
    else {
      // A long-lived token is handed back.
      return self.token(token.value, expiresIn: seconds(of: token))
    }
    return self.token(long.value, expiresIn: seconds(of: long))
  }

  private func redeem() throws(Refusal) -> JSONValue {
    guard let code = call.parameters["code"], let known = call.world.codes[code],
      let token = call.tokens.token(labelled: known.tokenLabel)
    else { throw invalidCode(Refusal(100, "Invalid verification code format.")) }
    guard call.parameters["redirect_uri"] == known.redirectURI else {
      throw invalidCode(
        Refusal(
          100,
          "Error validating verification code. Please make sure your redirect_uri is identical to the one you "
            + "used in the OAuth dialog request", subcode: 36008))
    }
    guard call.tokens.use(code: code) else {
      throw invalidCode(Refusal(100, "This authorization code has been used.", subcode: 36009))
    }
    return self.token(token.value, expiresIn: seconds(of: token))
  }

  private func invalidCode(_ refusal: Refusal) -> Refusal {
    var refusal = refusal
    refusal.challenge = "invalid_code"
    return refusal
  }

  /// `nil` for a token without an end: `expires_in` is missing then.
  private func seconds(of token: AccessToken) -> Int? {
    token.expiresAt == 0 ? nil : token.expiresAt - GraphTime.now()
  }

  private func token(_ value: String, expiresIn: Int?) -> JSONValue {
    var object: JSONObject = ["access_token": .string(value), "token_type": "bearer"]
    if let expiresIn { object["expires_in"] = JSONValue(expiresIn) }
    return .object(object)
  }
}
