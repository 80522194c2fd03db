package import Text

/// What is asked as our app.
extension MetaApp {
  /// `GET /debug_token`: what Graph knows of a token. It is taken as a query parameter only, and stands nowhere else.
  package func debugCall<Tag>(_ tag: Tag, about token: Secret) -> GraphCall<Tag> {
    var call = GraphCall(
      tag: tag, path: "debug_token", query: [(name: "input_token", value: token.revealed())],
      token: self.token)
    call.asker = .app
    return call
  }

  /// `POST /oauth/access_token`: a longer-lived token for this one ("Long-lived tokens"). A system user's is renewed
  /// only when that is asked for.
  package func exchangeCall<Tag>(_ tag: Tag, of token: Secret, isSystemUser: Bool) -> GraphCall<Tag> {
    var form = [
      (name: "grant_type", value: "fb_exchange_token"), ("client_id", id),
      ("client_secret", secret.revealed()), ("fb_exchange_token", token.revealed()),
    ]
    if isSystemUser { form.append(("set_token_expires_in_60_days", "true")) }
    var call = GraphCall(tag: tag, path: "oauth/access_token", query: [], token: nil)
    call.form = form
    call.asker = .exchange
    return call
  }
}
