import JSON
import TestSupport

/// Values and texts for the properties: small, and full of what parsers get wrong.
enum RandomJSON {
  static func value(depth: Int, using random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2, 3: return .number(number(using: &random))
    case 4, 5: return .string(string(using: &random))
    case 6, 7:
      let count = Int.random(in: 0...5, using: &random)
      return .array((0..<count).map { _ in value(depth: depth - 1, using: &random) })
    default:
      var object = JSONObject()
      // More than sixteen at times: that is where looking for duplicates changes its ways.
      let count = Int.random(in: 0...(depth > 3 ? 25 : 4), using: &random)
      for _ in 0..<count { object[string(using: &random)] = value(depth: depth - 1, using: &random) }
      return .object(object)
    }
  }

  static func number(using random: inout SeededGenerator) -> JSONNumber {
    let value = Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random)
    let fraction = ["", ".0", ".5", ".25e10", "e0", "E+7", "e-3", "e400"].randomElement(using: &random) ?? ""
    return JSONNumber("\(value)\(fraction)") ?? JSONNumber(value)
  }

  static func string(using random: inout SeededGenerator) -> String {
    let scalars: [ClosedRange<UInt32>] = [
      0...0x1F, 0x20...0x7F, 0x20...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      let range = scalars.randomElement(using: &random) ?? 0...0
      guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) else { continue }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  private static let fragments: [[UInt8]] =
    [
      "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u00e9", "\\x", "/", "0", "-",
      ".",
      "e", "+", "1", "null", "true", "nul", "NaN", "Infinity", "-Infinity", " ", "\n", "\r", "\t", "\u{0B}",
      "\0",
      "\u{7F}", "é", "😀", "\u{FEFF}", "'", "//", "\"a\":", "\"a\":1,", "[[", "]]", "{}", "\\n", "\\\"",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0], [0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90]]

  /// A text near JSON: a valid one with some of its bytes removed, doubled, replaced or surrounded.
  static func damagedText(using random: inout SeededGenerator) -> [UInt8] {
    let escaping: Escaping = .random(using: &random) ? .ascii : .standard
    var bytes = value(depth: 3, using: &random).serialized(escaping: escaping)
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let start = Int.random(in: 0...bytes.count, using: &random)
      let end = Int.random(in: start...min(bytes.count, start + 3), using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeSubrange(start..<end)
      case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
      case 2: bytes.replaceSubrange(start..<end, with: fragments.randomElement(using: &random) ?? [])
      case 3: bytes.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: start)
      default: if start < bytes.count { bytes[start] = UInt8.random(in: 0...255, using: &random) }
      }
    }
    return Int.random(in: 0..<10, using: &random) == 0 ? Array(bytes.dropLast(bytes.count / 2)) : bytes
  }
}
