internal import COpenSSL

/// A key of the Fernet specification: 16 bytes that sign, 16 that encrypt.
///
/// Read once at start from `fernet.keys` or the environment, then kept in a `KeyRing`. Printing one, or anything
/// that holds one, shows nothing of it.
package struct FernetKey: Sendable {
  let bytes: KeyBytes

  /// Reads the 44 characters that Python's `Fernet.generate_key()` prints.
  ///
  /// - Throws: `invalidKey` for any other text, also for a second spelling of the same bytes.
  package init(_ text: String) throws(CryptographyError) {
    guard var decoded = Base64URL.decode(text, padded: true), let bytes = KeyBytes(moving: &decoded) else {
      throw .invalidKey
    }
    self.bytes = bytes
  }

  /// A new key.
  ///
  /// - Throws: `randomnessUnavailable`.
  package static func generate() throws(CryptographyError) -> FernetKey {
    var random = try SecureRandom.bytes(KeyBytes.count)
    guard let bytes = KeyBytes(moving: &random) else { throw .invalidKey }
    return FernetKey(bytes: bytes)
  }

  private init(bytes: KeyBytes) { self.bytes = bytes }

  /// The 44 characters. Searching for this name lists every use.
  package func revealed() -> String {
    var copy = bytes.withBytes { Array($0) }
    defer { OPENSSL_cleanse(&copy, copy.count) }
    return Base64URL.encode(copy, padded: true)
  }

  /// 16 hexadecimal digits that tell keys apart and reveal nothing: a digest of 256 random bits cannot be
  /// reversed, and the prefix keeps it from being any other digest of the key.
  package var fingerprint: String {
    var message = Array("meta-module fernet key".utf8) + bytes.withBytes { Array($0) }
    defer { OPENSSL_cleanse(&message, message.count) }
    return String(SHA256.hex(message).prefix(16))
  }
}

extension FernetKey: Equatable {
  /// In constant time.
  package static func == (left: FernetKey, right: FernetKey) -> Bool {
    left.bytes.withBytes { left in
      right.bytes.withBytes { right in CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0 }
    }
  }
}

extension FernetKey: CustomStringConvertible, CustomReflectable {
  /// Never the key.
  package var description: String { "<redacted>" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
