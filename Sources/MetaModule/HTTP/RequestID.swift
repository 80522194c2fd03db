/// The `X-Request-Id` of an answer: by it a client's complaint is found in the log.
enum RequestID {
  /// The client's own, if it is 1–64 of `[A-Za-z0-9._-]`.
  static func accepted(_ id: String?) -> String? {
    guard let id, (1...64).contains(id.utf8.count), id.utf8.allSatisfy(isPlain) else { return nil }
    return id
  }

  /// A new one: 16 hexadecimal digits.
  static func random() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    FieldRule.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte >= 0x41
      || "._-".utf8.contains(byte)
  }
}
