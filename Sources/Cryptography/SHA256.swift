internal import COpenSSL

/// SHA-256 (FIPS 180-4): API keys and sessions are stored as it, and a grid's ETag is the beginning of it.
package enum SHA256 {
  package static func digest(_ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    copenssl_sha256(message, message.count, &digest)
    return digest
  }

  /// The digest as 64 lower-case hexadecimal digits.
  package static func hex(_ message: [UInt8]) -> String { hexadecimal(digest(message)) }
}

/// Two lower-case digits a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
