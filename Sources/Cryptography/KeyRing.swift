internal import COpenSSL
internal import Glibc

/// The Fernet keys of an installation: the first seals, every one opens.
///
/// Rotation puts a new key in front, re-seals every row and then drops the old ones. Tokens are the public
/// specification's to the letter, so that Python's `cryptography` opens ours and the reverse. A worker seals
/// rarely and opens one token per Graph call, of some 200 bytes.
package struct KeyRing: Sendable {
  /// Clocks of two machines may differ by so many seconds.
  private static let tolerance: Int64 = 60

  private let newest: FernetKey
  private let keys: [FernetKey]

  /// A ring of these keys, newest first.
  ///
  /// - Throws: `emptyKeyRing`.
  package init(_ keys: [FernetKey]) throws(CryptographyError) {
    guard let newest = keys.first else { throw .emptyKeyRing }
    self.newest = newest
    self.keys = keys
  }

  /// The fingerprints of the keys, newest first: 16 hexadecimal digits each.
  package var fingerprints: [String] { keys.map(\.fingerprint) }

  /// Encrypts and signs with the newest key, at the present time; an empty text is one like any other.
  ///
  /// - Throws: `randomnessUnavailable`, `tooLong` or `libraryFailure`.
  package func seal(_ plaintext: [UInt8]) throws(CryptographyError) -> String {
    try seal(plaintext, timestamp: UInt64(clamping: time(nil)), vector: try freshVector())
  }

  /// The text of a token, however old it is: at rest, a token with a limited life would become unreadable.
  ///
  /// - Throws: `invalidToken` whatever is wrong with it, or `libraryFailure`.
  package func open(_ token: String) throws(CryptographyError) -> [UInt8] {
    try opened(token).plaintext
  }

  /// The same for a token that may be at most `ttl` seconds old at `now`, in seconds since 1970, and not more than
  /// a minute ahead of it.
  ///
  /// - Throws: `invalidToken` whatever is wrong with it, or `libraryFailure`.
  package func open(_ token: String, ttl: Int64, now: Int64) throws(CryptographyError) -> [UInt8] {
    let (plaintext, timestamp) = try opened(token)
    guard let made = Int64(exactly: timestamp) else { throw .invalidToken }
    let (expiry, neverExpires) = made.addingReportingOverflow(ttl)
    let (latest, isAnyTime) = now.addingReportingOverflow(Self.tolerance)
    guard neverExpires || expiry >= now, isAnyTime || made <= latest else { throw .invalidToken }
    return plaintext
  }

  /// The same text, sealed with the newest key; the time stays that of the original token.
  ///
  /// - Throws: as `open` and `seal` do.
  package func rotated(_ token: String) throws(CryptographyError) -> String {
    var (plaintext, timestamp) = try opened(token)
    defer { OPENSSL_cleanse(&plaintext, plaintext.count) }
    return try seal(plaintext, timestamp: timestamp, vector: try freshVector())
  }

  /// Whether the newest key signed this token, so that rotation may leave it alone.
  package func isSealedWithNewest(_ token: String) -> Bool {
    FernetToken(token)?.isSigned(by: newest) ?? false
  }

  /// The fingerprint of the key that signed this token; `nil`: none of these.
  package func fingerprint(of token: String) -> String? {
    guard let token = FernetToken(token) else { return nil }
    return keys.first(where: token.isSigned(by:))?.fingerprint
  }

  /// With a given time and initialisation vector, for the vectors of the specification.
  func seal(
    _ plaintext: [UInt8], timestamp: UInt64, vector: [UInt8]
  ) throws(CryptographyError) -> String {
    guard plaintext.count <= CipherContext.longestInput else { throw .tooLong }
    guard let ciphertext = try CipherContext().run(.encrypt, plaintext, key: newest, vector: vector) else {
      throw .libraryFailure(operation: "AES-128-CBC")
    }
    return FernetToken.text(
      timestamp: timestamp, vector: vector, ciphertext: ciphertext, signedBy: newest)
  }

  private func freshVector() throws(CryptographyError) -> [UInt8] {
    try SecureRandom.bytes(FernetToken.blockLength)
  }

  /// Lengths, then the signature, then decryption: what is not signed never reaches the cipher.
  private func opened(
    _ text: String
  ) throws(CryptographyError) -> (plaintext: [UInt8], timestamp: UInt64) {
    guard let token = FernetToken(text), let key = keys.first(where: token.isSigned(by:)),
      let plaintext = try CipherContext().run(.decrypt, token.ciphertext, key: key, vector: token.vector)
    else { throw .invalidToken }
    return (plaintext, token.timestamp)
  }
}

extension KeyRing: CustomStringConvertible, CustomReflectable {
  /// How many keys, and nothing of them.
  package var description: String { "<\(keys.count) keys>" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
