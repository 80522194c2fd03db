package import JSON
package import Text

/// What the exchange gives (Facebook Login, "Long-lived tokens").
package struct ExchangedToken {
  package let token: Secret
  /// May be missing.
  package let expiresAt: Timestamp?

  /// `nil` for what holds no token.
  package init?(_ value: JSONValue) {
    guard let token = value["access_token"]?.token else { return nil }
    self.token = token
    let seconds = value["expires_in"]?.int64.map { min(max($0, 0), 315_360_000) }
    expiresAt = seconds.map { Timestamp(seconds: Timestamp.now.seconds + $0) }
  }
}
