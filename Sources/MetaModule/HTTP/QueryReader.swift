internal import Text

/// Reads what a request says behind the `?` and collects every complaint, as `FieldReader` does of its body.
struct QueryReader {
  private let query: FormFields?
  private var errors: [APIError.FieldError] = []

  init(_ query: FormFields?) { self.query = query }

  func finish() throws(APIError) {
    guard errors.isEmpty else { throw .invalidFields(errors) }
  }

  private mutating func complain(_ field: String, _ message: String) {
    errors.append(APIError.FieldError(field: field, messages: [message]))
  }

  mutating func number(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
    guard let text = query?[name] else { return nil }
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else {
      complain(name, "A valid integer is required.")
      return nil
    }
    let number = Int64(text) ?? .max  // Digits past 64 bits: too many rows, or behind the last one.
    guard range.contains(number) else {
      complain(name, FieldReader.outside(range, number))
      return nil
    }
    return number
  }

  /// A list with commas, of nothing but known words.
  mutating func words(_ name: String, outOf known: [String]) -> [String]? {
    guard let text = query?[name] else { return nil }
    let words = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map { FieldRule.trimmed(String(decoding: $0, as: UTF8.self)) }
    for word in words where !known.contains(where: { $0.isSameBytes(as: word) }) {
      complain(name, "\(FieldReader.noChoice(word)) Known are: \(known.joined(separator: ", ")).")
      return nil
    }
    return words.withoutRepetitions
  }

  mutating func medium(_ name: String) -> String? {
    guard let text = query?[name] else { return nil }
    guard FieldRule.postID.accepts(text) else {
      complain(name, "The id of a medium is required.")
      return nil
    }
    return text
  }
}
