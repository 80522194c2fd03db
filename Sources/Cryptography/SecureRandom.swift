internal import COpenSSL

/// Bytes that nobody can guess: keys, initialisation vectors, salts, session and API keys.
package enum SecureRandom {
  /// So many bytes of OpenSSL's generator, which is seeded by the kernel and again after a fork.
  ///
  /// - Throws: `randomnessUnavailable`; bytes that are not random are never returned.
  package static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
    guard let length = Int32(exactly: count), length >= 0 else { throw .tooLong }
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, length) == 1 else {
      ERR_clear_error()
      throw .randomnessUnavailable
    }
    return bytes
  }
}
