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
@inlinable package func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
  func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
  return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
    var place = 0
    for byte in bytes {
      (text[place], text[place + 1]) = (digit(byte >> 4), digit(byte & 15))
      place += 2
    }
    return place
  }
}
