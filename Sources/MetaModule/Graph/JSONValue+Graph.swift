internal import JSON

/// Reading the fields of an answer of Graph's.
///
/// A field without a value is left out, which is no error (GRAPH.md, section 2). One that has another type than the
/// reference says is nonsense, and must not be taken for one that is missing: the cache would keep it as that.
extension JSONValue {
  /// An id of Meta's: digits in a string, or, as in a few old answers, a number. Anything else is not an id.
  var graphID: String? {
    switch self {
    case .string(let text) where FieldRule.graphID.accepts(text): text
    case .number(let number) where FieldRule.graphID.accepts(number.text): number.text
    default: nil
    }
  }

  /// The text of a field, `nil` when it has no value.
  ///
  /// - Throws: `.failed` when it is anything but a text.
  func text(_ field: String) throws(GraphFailure) -> String? {
    switch self[field] {
    case .none, .some(.null): return nil
    case .some(.string(let text)): return text
    default: throw GraphFailure(.failed)
    }
  }

  /// The whole number of a field, `nil` when it has no value.
  ///
  /// - Throws: `.failed` when it is anything but a whole number.
  func count(_ field: String) throws(GraphFailure) -> Int64? {
    switch self[field] {
    case .none, .some(.null): return nil
    case .some(let value):
      guard let count = value.int64 else { throw GraphFailure(.failed) }
      return count
    }
  }
}
