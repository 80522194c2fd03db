internal import COpenSSL

/// The 32 bytes of a Fernet key, overwritten when the last user lets go of them.
///
/// An array would be copied whenever Swift likes, and its storage returned to the heap as it is. The bytes are
/// written in `init` and only read afterwards, which is why threads may share them.
final class KeyBytes: @unchecked Sendable {
  static let count = 32
  private let start: UnsafeMutablePointer<UInt8>

  /// Copies the bytes and overwrites the original; `nil` unless there are 32.
  init?(moving bytes: inout [UInt8]) {
    guard bytes.count == Self.count else { return nil }
    start = .allocate(capacity: Self.count)
    start.initialize(from: bytes, count: Self.count)
    OPENSSL_cleanse(&bytes, bytes.count)
  }

  deinit {
    // A plain memset just before free is removed by optimisers.
    OPENSSL_cleanse(start, Self.count)
    start.deallocate()
  }

  /// The pointer must not leave the closure.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    // Without this, the object could be released, and the bytes overwritten, while `body` runs.
    withExtendedLifetime(self) { body(UnsafeBufferPointer(start: start, count: Self.count)) }
  }

  /// The first half, which signs.
  func withSigningKey<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withBytes { body(UnsafeBufferPointer(rebasing: $0.prefix(16))) }
  }

  /// The second half, which encrypts.
  func withEncryptionKey<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    withBytes { body(UnsafeBufferPointer(rebasing: $0.suffix(16))) }
  }
}
