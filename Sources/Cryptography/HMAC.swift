internal import COpenSSL

/// HMAC (RFC 2104): Graph's `appsecret_proof`, Meta's signed requests, the seal of a Fernet token.
package enum HMAC {
  /// The 32 bytes of HMAC-SHA256. Compare them with `equalInConstantTime`, never with `==`.
  package static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    key.withUnsafeBufferPointer { sha256(key: $0, message: message) }
  }

  /// The same as 64 lower-case hexadecimal digits.
  package static func sha256Hex(key: [UInt8], message: [UInt8]) -> String {
    hexadecimal(sha256(key: key, message: message))
  }

  /// For a key that must not be copied into an array.
  static func sha256(key: UnsafeBufferPointer<UInt8>, message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    let result = COpenSSL.HMAC(
      EVP_sha256(), key.baseAddress, Int32(key.count), message, message.count, &code, nil)
    precondition(result != nil, "OpenSSL cannot compute HMAC: no memory, or an installation without SHA-256")
    return code
  }
}
