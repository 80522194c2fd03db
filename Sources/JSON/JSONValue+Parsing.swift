/// What to do with an escape such as `\ud83d` whose other half is missing: no UTF-8 text can hold it.
package enum LoneSurrogates: Sendable {
  /// The text is an error.
  case refused
  /// The string is a ``JSONValue/damaged(_:surrogate:)``; a member with such a name, for which nobody can ask, is left
  /// out. For what clients send us: only the field that is wrong is refused, and by its name.
  case told
  /// Each becomes U+FFFD. For what Graph sends: a caption cut in the middle of an emoji must not cost the rest.
  case replaced
}

extension JSONValue {
  /// More is never allowed: parser, comparison, writer and release all descend level by level on the stack.
  static let highestDepth = 512

  /// Reads exactly one JSON text: RFC 8259, UTF-8 without byte order mark, no key twice in an object.
  ///
  /// - Parameters:
  ///   - bytes: the whole text.
  ///   - maximumDepth: how many lists and objects may stand within each other; 512 at most.
  ///   - maximumValues: how many elements and members there may be in all. Each costs some hundred bytes and may be
  ///     written with two, so the length of a text alone bounds nothing.
  ///   - loneSurrogates: whether half a surrogate pair is an error.
  /// - Throws: where and why the text is refused.
  package init(
    parsing bytes: [UInt8], maximumDepth: Int = 32, maximumValues: Int = .max,
    loneSurrogates: LoneSurrogates = .refused
  ) throws(JSONError) {
    try Self.checkUTF8(bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw .malformed("Unexpected UTF-8 BOM (decode using utf-8-sig)", at: JSONPosition(of: 0, in: bytes))
    }
    var parser = JSONParser(
      bytes, maximumDepth: min(maximumDepth, Self.highestDepth), maximumValues: maximumValues,
      loneSurrogates: loneSurrogates)
    self = try parser.document()
  }

  /// The same for a text that is already a string.
  package init(
    parsing text: String, maximumDepth: Int = 32, maximumValues: Int = .max,
    loneSurrogates: LoneSurrogates = .refused
  ) throws(JSONError) {
    try self.init(
      parsing: Array(text.utf8), maximumDepth: maximumDepth, maximumValues: maximumValues,
      loneSurrogates: loneSurrogates)
  }

  /// Before everything else, as Python decodes before it parses; `String(decoding:as:)` would repair silently.
  private static func checkUTF8(_ bytes: [UInt8]) throws(JSONError) {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let range = error.byteOffsets
      let byte = bytes[range.lowerBound]
      let reason =
        if !(0xC2...0xF4).contains(byte) {
          "invalid start byte"
        } else if error.kind == .truncatedScalar, range.upperBound == bytes.count {
          "unexpected end of data"
        } else {
          "invalid continuation byte"
        }
      let place =
        range.count == 1
        ? "byte 0x\(String(byte, radix: 16)) in position \(range.lowerBound)"
        : "bytes in position \(range.lowerBound)-\(range.upperBound - 1)"
      throw .notUTF8("\(place): \(reason)")
    }
  }
}
