/// What a field's text must look like (API.md, "Field rules"). Length counts Unicode scalars, as Python does.
package struct FieldRule: Sendable {
  package let maximumLength: Int
  package let allows: @Sendable (Unicode.Scalar) -> Bool
  package var refused: [String] = []

  package static let accessToken = FieldRule(maximumLength: 4096) { (0x20...0x7E).contains($0.value) }
  /// The operator's name for an account.
  package static let accountLabel = FieldRule(maximumLength: 255) { !isControl($0) }
  /// The operator's identifier of a client.
  package static let clientID = FieldRule(
    maximumLength: 128, allows: { !isControl($0) && $0 != "/" }, refused: [".", ".."])
  /// A Page or an Instagram account.
  package static let graphID = FieldRule(maximumLength: 32) { ("0"..."9").contains($0) }
  package static let postID = FieldRule(maximumLength: 64) { ("0"..."9").contains($0) || $0 == "_" }
  package static let password = FieldRule(maximumLength: 256) { _ in true }
  /// A word that captions have or have not.
  package static let snippet = FieldRule(maximumLength: 200) { !isControl($0) }
  /// Text that the endpoint looks at itself.
  package static let word = FieldRule(maximumLength: 255) { !isControl($0) }

  /// All complaints, in the order of Django REST framework; none when the text is fine. The pattern is not named beside
  /// a fault that says more.
  ///
  /// - Parameter surrogate: half a surrogate pair that stood in the text.
  package func problems(with text: String, surrogate: UInt16? = nil) -> [String] {
    if text.isEmpty { return ["This field may not be blank."] }
    var problems: [String] = []
    if text.utf8.count > maximumLength, text.unicodeScalars.count > maximumLength {
      problems.append("Ensure this field has no more than \(maximumLength) characters.")
    }
    if !text.allBytes(are: { $0 != 0 }) { problems.append("Null characters are not allowed.") }
    if let surrogate {
      let digits = String(surrogate, radix: 16, uppercase: true)
      problems.append("Surrogate characters are not allowed: U+\(digits).")
    }
    if problems.isEmpty, !matchesPattern(text) {
      problems.append("This value does not match the required pattern.")
    }
    return problems
  }

  package func accepts(_ text: String) -> Bool { problems(with: text).isEmpty }

  private func matchesPattern(_ text: String) -> Bool {
    (text.allBytes { $0 < 0x80 && allows(Unicode.Scalar($0)) } || text.unicodeScalars.allSatisfy(allows))
      && !refused.contains { $0.utf8.elementsEqual(text.utf8) }
  }

  /// Without white space at both ends, by Unicode scalars: `Character` would hide a CR LF.
  package static func trimmed(_ text: String) -> String {
    let visible: ClosedRange<UInt8> = 0x21...0x7E
    if let first = text.utf8.first, let last = text.utf8.last, visible.contains(first), visible.contains(last)
    {
      return text
    }
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isSpace($0) }),
      let last = scalars.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(scalars[first...last])
  }

  /// C0, DEL and C1.
  package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  /// What Python's `str.strip()` takes off.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }
}
