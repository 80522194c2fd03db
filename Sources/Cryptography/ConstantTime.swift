internal import COpenSSL

/// Whether two secrets are equal, in a time that depends on their length only: `==` stops at the first
/// difference, and how soon it stops tells an attacker how much of a guess was right.
package func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
