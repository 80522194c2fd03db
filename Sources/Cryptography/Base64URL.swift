/// The url-safe alphabet of RFC 4648 section 5 (`-` and `_`), read strictly.
///
/// Lenient decoders take several texts for the same bytes, and a token that can be spelled in two ways can be
/// altered without anybody noticing.
package enum Base64URL {
  /// The text of the bytes, filled up with `=` to a multiple of four characters if `padded`.
  package static func encode(_ bytes: [UInt8], padded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var start = 0
    while start < bytes.count {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for (index, byte) in group.enumerated() { bits |= UInt32(byte) << UInt32(16 - 8 * index) }
      for index in 0...group.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]) }
      if padded { text += repeatElement(UInt8(ascii: "="), count: 3 - group.count) }
      start += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes, or `nil` unless the text is exactly what `encode` makes of them: no other characters, no white
  /// space, padding there if and only if `padded`, unused bits zero.
  package static func decode(_ text: String, padded: Bool) -> [UInt8]? {
    var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
    for character in text.utf8 where character != UInt8(ascii: "=") {
      guard let value = value(of: character) else { return nil }
      (bits, count) = (bits << 6 | UInt32(value), count + 6)
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
    return encode(bytes, padded: padded).utf8.elementsEqual(text.utf8) ? bytes : nil
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
