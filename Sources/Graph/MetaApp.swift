internal import Cryptography
package import Text

/// The operator's Meta app, when it is configured.
package struct MetaApp: Sendable {
  /// `META_APP_ID`, digits.
  package let id: String
  /// `META_APP_SECRET`.
  package let secret: Secret

  package init?(id: String?, secret: String?) throws(ConfigurationError) {
    guard id != nil || secret != nil else { return nil }
    guard let id, FieldRule.graphID.accepts(id) else {
      throw ConfigurationError(
        "META_APP_ID must be the digits of the app's id, and META_APP_SECRET needs it.")
    }
    guard let secret, FieldRule.accessToken.accepts(secret) else {
      throw ConfigurationError("META_APP_SECRET is missing or not printable, and META_APP_ID needs it.")
    }
    self.id = id
    self.secret = Secret(secret)
  }

  /// `appsecret_proof`: the token, keyed with the app secret (Facebook Login, "Securing Graph API requests"). The
  /// form without a time is used, since a host whose clock is five minutes off would be refused with the other.
  package func proof(of token: Secret) -> String {
    HMAC.sha256Hex(key: Array(secret.revealed().utf8), message: Array(token.revealed().utf8))
  }

  /// The app's own token: `id|secret`.
  package var token: Secret { Secret(id + "|" + secret.revealed()) }
}
