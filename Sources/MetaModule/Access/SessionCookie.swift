internal import Cryptography
internal import Store
internal import Text

/// The admin page's cookie: 32 random bytes, of which only the SHA-256 is stored.
enum SessionCookie {
  static let lifetime = Store.sessionLifetime

  /// The prefix makes browsers refuse the cookie unless it is `Secure`, for this host and for `/` alone.
  private static func name(isHTTPS: Bool) -> String { isHTTPS ? "__Host-meta_session" : "meta_session" }

  /// A new value, to be sent once and not kept.
  static func newValue() throws -> Secret {
    do { return Secret(Base64URL.encode(try SecureRandom.bytes(32), padded: false)) } catch {
      throw Refusal.noRandomness("for a session")
    }
  }

  static func hash(of value: Secret) -> [UInt8] { SHA256.digest(Array(value.revealed().utf8)) }

  /// What identifies the session of a request; `nil` when it has no such cookie. Two are refused: one of them is
  /// somebody else's.
  static func hash(in request: Request) throws -> [UInt8]? {
    guard let cookie = request.cookie else { return nil }
    let prefix = name(isHTTPS: request.isHTTPS) + "="
    let values = cookie.split(separator: ";").map { FieldRule.trimmed(String($0)) }.filter {
      $0.hasPrefix(prefix)
    }
    guard values.count < 2 else {
      throw APIError.notAuthenticated(.severalCookies)
    }
    guard let value = values.first?.dropFirst(prefix.count), !value.isEmpty else { return nil }
    return hash(of: Secret(String(value)))
  }

  /// `Set-Cookie` for a new session, or, without a value, to take the cookie away.
  static func header(_ value: Secret?, for request: Request) -> Response.Header {
    let content = "\(name(isHTTPS: request.isHTTPS))=\(value?.revealed() ?? "")"
    let age = "Max-Age=\(value == nil ? 0 : lifetime)"
    return (
      "Set-Cookie",
      "\(content); Path=/; \(age); HttpOnly; SameSite=Strict\(request.isHTTPS ? "; Secure" : "")"
    )
  }
}
