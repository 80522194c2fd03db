internal import COpenSSL

/// SHA-256 (FIPS 180-4): API keys and sessions are stored as it, cache entries are checked with it.
public enum SHA256 {
  /// The 32 bytes of the digest.
  public static func digest(_ message: [UInt8]) -> [UInt8] {
    // Not EVP_Digest, which looks the algorithm up among the providers each time: 0.8 µs.
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
      COpenSSL.SHA256(message, message.count, digest.baseAddress)
      count = 32
    }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public static func hex(_ message: [UInt8]) -> String { hexadecimal(digest(message)) }
}

/// Two lower-case digits a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
