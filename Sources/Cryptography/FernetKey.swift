internal import COpenSSL

/// A key of the Fernet specification: 16 bytes that sign, 16 that encrypt.
///
/// Read once at start from `fernet.keys` or the environment, then kept in a `KeyRing`. Printing one, or anything
/// that holds one, shows nothing of it.
///
/// A class, since an array would be copied whenever Swift likes, and its storage returned to the heap as it is. The bytes
/// are written in `init`, only read afterwards, which is why threads may share them, and overwritten when the last user
/// lets go of them.
package final class FernetKey: @unchecked Sendable {
  private static let length = 32
  private let start: UnsafeMutablePointer<UInt8>

  /// Reads the 44 characters that Python's `Fernet.generate_key()` prints.
  ///
  /// - Throws: `invalidKey` for any other text, also for a second spelling of the same bytes.
  package convenience init(_ text: String) throws(CryptographyError) {
    guard var bytes = Base64URL.decode(text, padded: true), bytes.count == Self.length else {
      throw .invalidKey
    }
    self.init(moving: &bytes)
  }

  /// - Throws: `randomnessUnavailable`.
  package static func generate() throws(CryptographyError) -> FernetKey {
    var random = try SecureRandom.bytes(length)
    return FernetKey(moving: &random)
  }

  /// Copies the bytes and overwrites the original.
  init(moving bytes: inout [UInt8]) {
    start = .allocate(capacity: bytes.count)
    start.initialize(from: bytes, count: bytes.count)
    OPENSSL_cleanse(&bytes, bytes.count)
  }

  deinit {
    // A plain memset just before free is removed by optimisers.
    OPENSSL_cleanse(start, Self.length)
    start.deallocate()
  }

  /// The pointer must not leave the closure.
  private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    // Without this, the object could be released, and the bytes overwritten, while `body` runs.
    withExtendedLifetime(self) { body(UnsafeBufferPointer(start: start, count: Self.length)) }
  }

  /// The first half, which signs.
  func withSigningKey<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withBytes { body(UnsafeBufferPointer(rebasing: $0.prefix(16))) }
  }

  /// The second half, which encrypts.
  func withEncryptionKey<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withBytes { body(UnsafeBufferPointer(rebasing: $0.suffix(16))) }
  }

  /// The 44 characters. Searching for this name lists every use.
  package func revealed() -> String {
    var copy = withBytes { Array($0) }
    defer { OPENSSL_cleanse(&copy, copy.count) }
    return Base64URL.encode(copy, padded: true)
  }

  /// 16 hexadecimal digits that tell keys apart and reveal nothing: a digest of 256 random bits cannot be
  /// reversed, and the prefix keeps it from being any other digest of the key.
  package var fingerprint: String {
    var message = Array("meta-module fernet key".utf8) + withBytes { Array($0) }
    defer { OPENSSL_cleanse(&message, message.count) }
    return String(SHA256.hex(message).prefix(16))
  }
}

extension FernetKey: Equatable {
  package static func == (left: FernetKey, right: FernetKey) -> Bool {
    left.withBytes { left in
      right.withBytes { right in CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0 }
    }
  }
}

extension FernetKey: CustomStringConvertible, CustomReflectable {
  /// Never the key.
  package var description: String { "<redacted>" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
