internal import JSON

/// What the exchange gives (Facebook Login, "Long-lived tokens").
struct ExchangedToken {
  let token: Secret
  /// May be missing.
  let expiresAt: Timestamp?

  /// `nil` for what holds no token.
  init?(_ value: JSONValue) {
    guard let token = value["access_token"]?.token else { return nil }
    self.token = token
    let seconds = value["expires_in"]?.int64.map { min(max($0, 0), 315_360_000) }
    expiresAt = seconds.map { Timestamp(seconds: Timestamp.now.seconds + $0) }
  }
}
