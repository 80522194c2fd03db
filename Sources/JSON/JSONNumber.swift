internal import Text

/// A JSON number as it was written.
///
/// Meta's ids have 17 digits and some arrive as numbers: a `Double` would round them, so the text is kept and
/// only whoever wants to calculate converts it.
package struct JSONNumber: Sendable, Equatable {
  /// The literal, valid by the grammar of RFC 8259 section 6; ASCII.
  package let text: String

  /// The text if all of it is a JSON number (`-0.5e3`, but not `+1`, `01`, `.5`, `1.`), else `nil`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard Self.length(in: bytes, from: 0) == bytes.count else { return nil }
    self.text = text
  }

  package init(_ value: Int64) { text = String(value) }

  /// For the parser, which has already measured the literal.
  init(valid text: String) { self.text = text }

  /// Whether the literal has neither fraction nor exponent: `text` is an optional `-` and digits.
  package var isIntegerLiteral: Bool {
    text.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: "-") }
  }

  /// The value if it is whole and fits into 64 bits: `1`, `1.0`, `1e3` and `10e-1` do, `1.5` and `2e19` do not.
  package var int64: Int64? {
    var digits: [UInt8] = []
    var power = 0
    var isFraction = false
    for byte in text.utf8.prefix(while: { !Self.isExponentMark($0) }) {
      if byte == UInt8(ascii: ".") { isFraction = true }
      guard byte.isDigit else { continue }
      digits.append(byte - UInt8(ascii: "0"))
      if isFraction { power -= 1 }
    }
    power += exponent
    while digits.last == 0 {
      digits.removeLast()
      power += 1
    }
    let significant = digits.drop { $0 == 0 }
    if significant.isEmpty { return 0 }
    guard power >= 0, significant.count <= 19, power <= 19 - significant.count else { return nil }
    // Counted downwards, since the lowest Int64 has no positive counterpart.
    var value: Int64 = 0
    for digit in significant + Array(repeating: 0, count: power) {
      let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, underflowed) = shifted.subtractingReportingOverflow(Int64(digit))
      guard !overflowed, !underflowed else { return nil }
      value = sum
    }
    if text.utf8.first == UInt8(ascii: "-") { return value }
    return value == .min ? nil : -value
  }

  /// The number behind the `e`; 0 without one. Cut off where no text has enough digits to bring it back.
  private var exponent: Int {
    let limit = 1 << 40
    guard let mark = text.utf8.firstIndex(where: Self.isExponentMark) else { return 0 }
    let digits = text[text.utf8.index(after: mark)...]
    let isNegative = digits.utf8.first == UInt8(ascii: "-")
    guard let value = Int(digits) else { return isNegative ? -limit : limit }
    return min(max(value, -limit), limit)
  }

  // MARK: Grammar

  private static func isExponentMark(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
  }

  /// How many bytes from `start` on are a number; `nil` if none begins there. As in Python, the number ends
  /// where the grammar ends: `01` is a `0` and something unexpected behind it.
  static func length(in bytes: [UInt8], from start: Int) -> Int? {
    var end = start
    func hasDigit(at index: Int) -> Bool { index < bytes.count && bytes[index].isDigit }
    func has(_ scalar: Unicode.Scalar, at index: Int) -> Bool {
      index < bytes.count && bytes[index] == UInt8(ascii: scalar)
    }
    if has("-", at: end) { end += 1 }
    guard hasDigit(at: end) else { return nil }
    let hasLeadingZero = has("0", at: end)
    end += 1
    if !hasLeadingZero {
      while hasDigit(at: end) { end += 1 }
    }
    if has(".", at: end), hasDigit(at: end + 1) {
      end += 2
      while hasDigit(at: end) { end += 1 }
    }
    if has("e", at: end) || has("E", at: end) {
      var exponent = end + 1
      if has("+", at: exponent) || has("-", at: exponent) { exponent += 1 }
      if hasDigit(at: exponent) {
        end = exponent + 1
        while hasDigit(at: end) { end += 1 }
      }
    }
    return end - start
  }
}
