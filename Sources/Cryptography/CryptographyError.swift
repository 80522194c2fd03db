/// What can go wrong with keys, tokens and OpenSSL itself. No case carries a byte of a key or a token.
package enum CryptographyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A key is not the url-safe base64 of 32 bytes with its padding.
  case invalidKey
  /// A ring without keys can neither seal nor open.
  case emptyKeyRing
  /// A token is malformed, altered, too old, from the future, or made with a key that is not in the ring.
  /// One case for all of them: which check failed would help an attacker and nobody else.
  case invalidToken
  /// More than a gibibyte: OpenSSL counts in 32 bits.
  case tooLong
  /// The system's source of randomness failed; nothing may be sealed.
  case randomnessUnavailable
  /// OpenSSL refused an operation that cannot fail on valid input: no memory, or a crippled installation.
  case libraryFailure(operation: String)

  /// One sentence for the log.
  package var description: String {
    switch self {
    case .invalidKey: "A Fernet key must be 32 bytes in url-safe base64, 44 characters with the final ="
    case .emptyKeyRing: "The Fernet key ring is empty"
    case .invalidToken: "No key of the ring opens this token"
    case .tooLong: "The text is too long to be sealed"
    case .randomnessUnavailable: "OpenSSL has no random bytes to give"
    case .libraryFailure(let operation): "OpenSSL failed: \(operation)"
    }
  }
}
