internal import JSON
package import Text

/// Reading the fields of an answer of Graph's.
///
/// A field without a value is left out, which is no error (GRAPH.md, section 2). One that has another type than the
/// reference says is nonsense, and must not be taken for one that is missing: the cache would keep it as that.
extension JSONValue {
  /// An id of Meta's: digits in a string, or, as in a few old answers, a number. Anything else is not an id.
  package var graphID: String? {
    switch self {
    case .string(let text) where FieldRule.graphID.accepts(text): text
    case .number(let number) where FieldRule.graphID.accepts(number.text): number.text
    default: nil
    }
  }

  /// The text of a field, `nil` when it has no value.
  ///
  /// - Throws: `.failed` when it is anything but a text.
  package func text(_ field: String) throws(GraphFailure) -> String? {
    switch self[field] {
    case .none, .some(.null): return nil
    case .some(.string(let text)): return text
    default: throw GraphFailure(.failed)
    }
  }

  /// The same where anything else is as good as nothing.
  func textIfAny(_ field: String) -> String? { self[field]?.string }

  func countIfAny(_ field: String) -> Int64? { (try? count(field)) ?? nil }

  /// The whole number of a field, `nil` when it has no value. Its digits in a text are that number, too.
  ///
  /// - Throws: `.failed` when it is anything else.
  package func count(_ field: String) throws(GraphFailure) -> Int64? {
    switch self[field] {
    case .none, .some(.null): return nil
    case .some(let value):
      guard let count = value.int64 ?? value.string.flatMap(Self.digits) else { throw GraphFailure(.failed) }
      return count
    }
  }

  private static func digits(_ text: String) -> Int64? {
    text.utf8.allSatisfy(\.isDigit) ? Int64(text) : nil
  }

  /// A name that is stored and shown to people, held to what a client may send as one: without control characters, and
  /// of 255 characters at most. `nil` when nothing is left.
  ///
  /// - Throws: `.failed` when it is anything but a text.
  package func name(_ field: String) throws(GraphFailure) -> String? {
    guard let text = try text(field) else { return nil }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text.unicodeScalars.lazy.filter { !FieldRule.isControl($0) }.prefix(255))
    let name = FieldRule.trimmed(String(scalars))
    return name.isEmpty ? nil : name
  }

  /// A token that Graph gives, held to what a client may send as one.
  package var token: Secret? {
    guard let text = string.map(FieldRule.trimmed), FieldRule.accessToken.accepts(text) else { return nil }
    return Secret(text)
  }

  /// The address of a picture: `http(s):`, printable, and not longer than an address is.
  var pictureURL: String? {
    guard let text = string, text.utf8.starts(with: "http".utf8), (8...4096).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return text
  }

  /// `true`, `1` or `"true"`.
  var isYes: Bool { bool ?? (int64 == 1 || string == "true") }
}
