/// The parts of a Fernet token, cut at their fixed lengths and otherwise unverified.
///
/// Version 0x80, 8 bytes of time, 16 of initialisation vector, the ciphertext in whole blocks, 32 of HMAC-SHA256
/// over all of that; together in padded url-safe base64.
struct FernetToken {
  static let version: UInt8 = 0x80
  static let blockLength = 16
  private static let headerLength = 1 + 8 + blockLength
  private static let codeLength = 32

  /// Everything that the code signs.
  let signed: [UInt8]
  /// The HMAC that the token brings along.
  let code: [UInt8]

  /// `nil` unless the text is canonical, the version is 0x80 and the lengths fit. Even an empty plaintext is
  /// padded to one block, so a token without ciphertext is none.
  init?(_ text: String) {
    guard let bytes = Base64URL.decode(text, padded: true), bytes.first == Self.version else { return nil }
    let ciphertextLength = bytes.count - Self.headerLength - Self.codeLength
    guard ciphertextLength >= Self.blockLength, ciphertextLength % Self.blockLength == 0 else { return nil }
    signed = Array(bytes.dropLast(Self.codeLength))
    code = Array(bytes.suffix(Self.codeLength))
  }

  /// Seconds since 1970 when the token was made.
  var timestamp: UInt64 { signed[1..<9].reduce(0) { $0 << 8 | UInt64($1) } }

  var vector: [UInt8] { Array(signed[9..<Self.headerLength]) }

  var ciphertext: [UInt8] { Array(signed[Self.headerLength...]) }

  /// Whether this key signed the token.
  func isSigned(by key: FernetKey) -> Bool {
    equalInConstantTime(key.withSigningKey { HMAC.sha256(key: $0, message: signed) }, code)
  }

  /// The text of a token with these parts, signed.
  static func text(
    timestamp: UInt64, vector: [UInt8], ciphertext: [UInt8], signedBy key: FernetKey
  ) -> String {
    var bytes = [version]
    bytes += withUnsafeBytes(of: timestamp.bigEndian) { Array($0) }
    bytes += vector
    bytes += ciphertext
    bytes += key.withSigningKey { HMAC.sha256(key: $0, message: bytes) }
    return Base64URL.encode(bytes, padded: true)
  }
}
