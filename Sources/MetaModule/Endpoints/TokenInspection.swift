internal import JSON

/// What is found out about a token before it is stored or when it is checked.
struct TokenInspection {
  /// The token to keep: the one that was given, or the long-lived one that it was exchanged for.
  let token: Secret
  let user: GraphUser
  let expiresAt: Timestamp?
  let dataAccessExpiresAt: Timestamp?
  let scopes: [String]?
}

extension RequestContext {
  /// A token that lives shorter than this is exchanged for a long-lived one: half of a long-lived one's 60 days.
  static let shortLife: Int64 = 30 * 86400

  /// Verifies a token and, where an app id and secret are configured, reads its expiry and exchanges a short-lived one.
  ///
  /// The token that comes out has answered at least one call. Nothing is stored.
  func inspect(_ given: Secret, expiresAt told: Timestamp? = nil) throws(GraphCallFailure) -> TokenInspection
  {
    do {
      let user = try GraphUser(ask("me", GraphUser.query, as: given))
      guard configuration.app != nil else {
        return TokenInspection(
          token: given, user: user, expiresAt: told, dataAccessExpiresAt: nil, scopes: nil)
      }
      let debugged = try debug(given)
      if let refusal = debugged.refusal { throw GraphFailure(.refused(refusal)) }
      if debugged.type == "PAGE" || debugged.type == "APP" {
        throw GraphCallFailure.answer(
          .invalidFields([
            .init(
              field: "access_token", messages: ["This is not a user's token, but one of a Page or of an app."]
            )
          ]))
      }
      guard let expiry = debugged.expiresAt, expiry.seconds - Timestamp.now.seconds < Self.shortLife,
        let exchanged = try exchange(given)
      else {
        return TokenInspection(
          token: given, user: user, expiresAt: debugged.expiresAt,
          dataAccessExpiresAt: debugged.dataAccessExpiresAt, scopes: debugged.scopes)
      }
      // The new token is not believed before it has answered, as the same user.
      let again = try GraphUser(ask("me", GraphUser.query, as: exchanged.token))
      guard again.id == user.id else { throw GraphFailure(.failed) }
      let anew = try debug(exchanged.token)
      return TokenInspection(
        token: exchanged.token, user: again, expiresAt: anew.expiresAt ?? exchanged.expiresAt,
        dataAccessExpiresAt: anew.dataAccessExpiresAt, scopes: anew.scopes)
    } catch let failure as GraphCallFailure { throw failure } catch let failure as GraphFailure {
      throw .graph(failure)
    } catch { throw .answer(.serverError(cause: "Inspecting a token failed unexpectedly.")) }
  }

  /// What Graph knows of a token; `nil` where no app is configured to ask as.
  func debugIfConfigured(_ token: Secret) throws(GraphFailure) -> DebuggedToken? {
    configuration.app == nil ? nil : try debug(token)
  }

  /// `GET /debug_token`, as the app.
  private func debug(_ token: Secret) throws(GraphFailure) -> DebuggedToken {
    guard let app = configuration.app else { throw GraphFailure(.failed) }
    return try DebuggedToken(
      ask("debug_token", [("input_token", token.revealed())], as: app.token))
  }

  /// `GET /oauth/access_token`: a long-lived token for a short-lived one ("Long-lived tokens"). `nil` when Graph gives
  /// none: the given token is then kept as it is.
  private func exchange(_ token: Secret) throws(GraphFailure) -> (token: Secret, expiresAt: Timestamp?)? {
    guard let app = configuration.app else { return nil }
    let value = try ask(
      "oauth/access_token",
      [
        ("grant_type", "fb_exchange_token"), ("client_id", app.id), ("client_secret", app.secret.revealed()),
        ("fb_exchange_token", token.revealed()),
      ], as: app.token)
    guard let text = value["access_token"]?.string, FieldRule.accessToken.accepts(text) else { return nil }
    let seconds = value["expires_in"]?.int64.map { min(max($0, 0), 315_360_000) }
    return (Secret(text), seconds.map { Timestamp(seconds: Timestamp.now.seconds + $0) })
  }
}
