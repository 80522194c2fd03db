internal import COpenSSL

/// The admin password at rest: scrypt (RFC 7914), because OpenSSL 3.0 has no Argon2.
///
/// One hash takes some 0.13 s and 16 MiB, on purpose: whoever lets strangers call this throttles first.
package enum PasswordHash {
  private static let cost = Cost(iterations: 1 << 14, blockSize: 8, lanes: 5)
  private static let hashLength = 32

  /// The text to store: `scrypt$16384$8$5$salt$hash`, salt and hash in base64url without padding.
  ///
  /// - Throws: when there is no randomness for the salt or no memory for the hash.
  package static func make(_ password: [UInt8]) throws(CryptographyError) -> String {
    let salt = try SecureRandom.bytes(16)
    guard let hash = hash(password, salt: salt, cost: cost) else {
      throw .libraryFailure(operation: "scrypt")
    }
    return [
      "scrypt", String(cost.iterations), String(cost.blockSize), String(cost.lanes),
      Base64URL.encode(salt, padded: false), Base64URL.encode(hash, padded: false),
    ].joined(separator: "$")
  }

  /// Whether the stored text was made from this password; `false` for a text that `make` would not write.
  /// The cost is read from the text, so that a later, higher cost keeps older texts valid.
  package static func verify(_ password: [UInt8], against stored: String) -> Bool {
    let parts = stored.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    guard parts.count == 6, parts[0] == "scrypt", let cost = Cost.read(parts[1], parts[2], parts[3]),
      let salt = Base64URL.decode(parts[4], padded: false), salt.count >= 8,
      let expected = Base64URL.decode(parts[5], padded: false), expected.count == hashLength,
      let actual = hash(password, salt: salt, cost: cost)
    else { return false }
    return equalInConstantTime(actual, expected)
  }

  private static func hash(_ password: [UInt8], salt: [UInt8], cost: Cost) -> [UInt8]? {
    var hash = [UInt8](repeating: 0, count: hashLength)
    let succeeded = password.withUnsafeBytes { password in
      EVP_PBE_scrypt(
        password.bindMemory(to: CChar.self).baseAddress, password.count, salt, salt.count,
        cost.iterations, cost.blockSize, cost.lanes, Cost.memoryLimit, &hash, hash.count) == 1
    }
    if !succeeded { ERR_clear_error() }
    return succeeded ? hash : nil
  }

  /// scrypt's N, r and p, within bounds: a restored or altered database must not make a sign-in take minutes.
  private struct Cost {
    /// OpenSSL's own limit of 32 MiB refuses N = 2^15 with r = 8.
    static let memoryLimit: UInt64 = 96 << 20

    let iterations: UInt64
    let blockSize: UInt64
    let lanes: UInt64

    static func read(_ iterations: String, _ blockSize: String, _ lanes: String) -> Cost? {
      guard let n = UInt64(iterations), (2...1 << 16).contains(n), n & (n - 1) == 0,
        let r = UInt64(blockSize), (1...8).contains(r), let p = UInt64(lanes), (1...16).contains(p),
        [String(n), String(r), String(p)] == [iterations, blockSize, lanes]
      else { return nil }
      return Cost(iterations: n, blockSize: r, lanes: p)
    }
  }
}
