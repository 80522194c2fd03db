internal import Cryptography
internal import Text

/// Makes the `X-Request-Id` of answers: by it a client's complaint is found in the log.
struct RequestIDs {
  private var state = UInt64.random(in: .min ... .max)

  /// The client's own where that is one, else a new one.
  mutating func id(asked: String?) -> String { Self.accepted(asked) ?? next() }

  /// A new one: 16 hexadecimal digits. Unlike any other of this worker (SplitMix64 comes round after 2^64 numbers) and,
  /// by chance, of the others; that it could be guessed harms nobody, and asking the system for each costs a call.
  mutating func next() -> String {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    word ^= word >> 31
    return withUnsafeBytes(of: word.bigEndian) { hexadecimal($0) }
  }

  /// The client's own, if it is 1–64 of `[A-Za-z0-9._-]`.
  static func accepted(_ id: String?) -> String? {
    guard let id, (1...64).contains(id.utf8.count), id.allBytes(are: isPlain) else { return nil }
    return id
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte.isDigit || byte.isLetter
      || "._-".utf8.contains(byte)
  }
}
