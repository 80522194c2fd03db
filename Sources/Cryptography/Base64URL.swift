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
    var characters = Array(text.utf8)[...]
    if padded {
      guard characters.count % 4 == 0 else { return nil }
      for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
    }
    let rest = characters.count % 4
    guard rest != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    for (index, character) in characters.enumerated() {
      guard let value = value(of: character) else { return nil }
      bits = bits << 6 | UInt32(value)
      guard index % 4 == 3 else { continue }
      bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
      bits = 0
    }
    switch rest {
    case 2:
      guard bits & 0xF == 0 else { return nil }
      bytes.append(UInt8(bits >> 4 & 0xFF))
    case 3:
      guard bits & 0x3 == 0 else { return nil }
      bytes += [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)]
    default: break
    }
    return bytes
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
