internal import Text

/// Reads one JSON text by RFC 8259, to the letter: no comments, no trailing commas, no `NaN`, no second value.
///
/// One pass over the array by index; Swift checks every access, and a string without escapes, which nearly all
/// are, is made from its bytes in one go. The order of the checks is that of Python's scanner, so that the same
/// mistake is reported at the same place.
struct JSONParser {
  private let bytes: [UInt8]
  private let maximumDepth: Int
  private let maximumValues: Int
  private let loneSurrogates: LoneSurrogates
  private var offset = 0
  /// How many elements and members there were so far.
  private var values = 0
  /// The first half of a pair without the other in the string that was read last.
  private var loneSurrogate: UInt16?

  /// The text must be valid UTF-8.
  init(_ bytes: [UInt8], maximumDepth: Int, maximumValues: Int, loneSurrogates: LoneSurrogates) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    self.maximumValues = maximumValues
    self.loneSurrogates = loneSurrogates
  }

  mutating func document() throws(JSONError) -> JSONValue {
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    guard offset == bytes.count else { throw malformed("Extra data") }
    return value
  }

  private func malformed(_ what: String, at offset: Int? = nil) -> JSONError {
    .malformed(what, at: JSONPosition(of: offset ?? self.offset, in: bytes))
  }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipWhitespace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func skip(_ expected: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: expected) else { return false }
    offset += 1
    return true
  }

  // MARK: Values

  /// `depth` is the number of lists and objects around the value.
  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    switch current {
    case UInt8(ascii: "\""):
      let text = try string()
      return loneSurrogate.map { .damaged(text, surrogate: $0) } ?? .string(text)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      // Checked before the call: an attacker's brackets must not reach the end of the stack.
      guard depth < maximumDepth else { throw malformed("Nesting deeper than \(maximumDepth) levels") }
      return try current == UInt8(ascii: "{")
        ? .object(JSONObject(distinct: members(depth: depth + 1))) : .array(elements(depth: depth + 1))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    default:
      guard let length = JSONNumber.length(in: bytes, from: offset) else {
        throw malformed("Expecting value")
      }
      let text = String(decoding: bytes[offset..<offset + length], as: UTF8.self)
      offset += length
      return .number(JSONNumber(valid: text))
    }
  }

  private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[offset...].starts(with: word.utf8) else { throw malformed("Expecting value") }
    offset += word.utf8.count
    return value
  }

  /// Before each element and member: what is too much is not built first.
  private mutating func count() throws(JSONError) {
    values += 1
    guard values <= maximumValues else { throw .tooManyValues(limit: maximumValues) }
  }

  private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
    offset += 1
    skipWhitespace()
    if skip("]") { return [] }
    var elements: [JSONValue] = []
    while true {
      try count()
      elements.append(try value(depth: depth))
      skipWhitespace()
      if skip("]") { return elements }
      guard skip(",") else { throw malformed("Expecting ',' delimiter") }
      skipWhitespace()
    }
  }

  private mutating func members(depth: Int) throws(JSONError) -> [(key: String, value: JSONValue)] {
    offset += 1
    skipWhitespace()
    if skip("}") { return [] }
    var members: [(key: String, value: JSONValue)] = []
    var seen = SeenKeys()
    while true {
      let start = offset
      guard current == UInt8(ascii: "\"") else {
        throw malformed("Expecting property name enclosed in double quotes")
      }
      try count()
      let key = try string()
      let hasName = loneSurrogate == nil
      guard !hasName || seen.insert(key) else {
        throw malformed("Duplicate key", at: start)
      }
      skipWhitespace()
      guard skip(":") else { throw malformed("Expecting ':' delimiter") }
      skipWhitespace()
      let value = try value(depth: depth)
      if hasName { members.append((key, value)) }
      skipWhitespace()
      if skip("}") { return members }
      guard skip(",") else { throw malformed("Expecting ',' delimiter") }
      skipWhitespace()
    }
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    let start = offset
    offset += 1
    loneSurrogate = nil
    var plain = offset
    var decoded: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        let rest = bytes[plain..<offset]
        offset += 1
        if decoded.isEmpty { return String(decoding: rest, as: UTF8.self) }
        decoded += rest
        return String(decoding: decoded, as: UTF8.self)
      case UInt8(ascii: "\\"):
        decoded += bytes[plain..<offset]
        offset += 1
        guard let escaped = current else {
          throw malformed("Unterminated string starting at", at: start)
        }
        try escape(escaped, into: &decoded)
        plain = offset
      case 0..<0x20: throw malformed("Invalid control character at")
      default: offset += 1
      }
    }
    throw malformed("Unterminated string starting at", at: start)
  }

  /// Stands on the byte behind the backslash.
  private mutating func escape(_ letter: UInt8, into decoded: inout [UInt8]) throws(JSONError) {
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      decoded += UTF8.encode(try unicodeEscape()) ?? UTF8.encodedReplacementCharacter
      return
    default: throw malformed("Invalid \\escape", at: offset - 1)
    }
    offset += 1
  }

  /// Stands on the `u`; goes behind the escape, or behind both if they are a surrogate pair.
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let start = offset
    let unit = try codeUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    let end = offset
    if UTF16.isLeadSurrogate(unit), skip("\\"), current == UInt8(ascii: "u") {
      let trail = try codeUnit()
      let value = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(trail & 0x3FF))
      if UTF16.isTrailSurrogate(trail), let scalar = Unicode.Scalar(value) { return scalar }
    }
    // What follows is not its other half, but an escape of its own.
    offset = end
    switch loneSurrogates {
    case .refused: throw malformed("Unpaired surrogate", at: start)
    case .told: loneSurrogate = loneSurrogate ?? unit
    case .replaced: break
    }
    return "\u{FFFD}"
  }

  /// Stands on the `u`; goes behind its four digits.
  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    // Python wants a fifth byte, since no string ends with the text.
    guard bytes.count - offset > 5 else { throw malformed("Invalid \\uXXXX escape") }
    var unit: UInt16 = 0
    for byte in bytes[offset + 1...offset + 4] {
      guard let digit = byte.hexadecimalValue else { throw malformed("Invalid \\uXXXX escape") }
      unit = unit << 4 | UInt16(digit)
    }
    offset += 5
    return unit
  }
}
