internal import JSON
internal import Text

/// Reads an endpoint's fields and collects every complaint, so that a person mends them all at once.
///
/// Messages are Django REST framework's, since clients of the original expect them.
struct FieldReader {
  private let body: BodyFields
  private var errors: [APIError.FieldError] = []

  init(_ body: BodyFields) { self.body = body }

  /// Throws when anything was wrong; the placeholders that the readers gave until then are not used.
  func finish() throws(APIError) {
    guard errors.isEmpty else { throw .invalidFields(errors) }
  }

  /// Notes a complaint that only the endpoint can make.
  mutating func complain(_ field: String, _ messages: String...) { complain(field, messages) }

  private mutating func complain(_ field: String, _ messages: [String]) {
    errors.append(APIError.FieldError(field: field, messages: messages))
  }

  /// The member was sent, whatever its value.
  func isPresent(_ field: String) -> Bool { body.members[field] != nil }

  private mutating func required(_ field: String) -> JSONValue? {
    if body.members[field] == nil { complain(field, "This field is required.") }
    return body.members[field]
  }

  /// A required string that passes `rule`; `""` after a complaint.
  mutating func string(_ field: String, _ rule: FieldRule) -> String {
    required(field).flatMap { checked(field, $0, rule) } ?? ""
  }

  /// A string that may be absent or `null`.
  mutating func optionalString(_ field: String, _ rule: FieldRule) -> String? {
    guard let value = body.members[field], value != .null else { return nil }
    if body.isForm, value == .string("") { return nil }
    return checked(field, value, rule)
  }

  /// A required integer: `1`, `"1"`, `1.0` and `"1.0"`; 0, which is no row's id, after a complaint.
  mutating func integer(_ field: String) -> Int64 {
    guard let value = required(field) else { return 0 }
    if value == .null {
      complain(field, "This field may not be null.")
      return 0
    }
    guard let integer = Self.integer(value) else {
      complain(field, "A valid integer is required.")
      return 0
    }
    return integer
  }

  /// A required word out of those that there are.
  mutating func choice<Choice: RawRepresentable<String>>(_ field: String, _ type: Choice.Type) -> Choice? {
    let text = string(field, .word)
    if let choice = Choice(rawValue: text) { return choice }
    if !text.isEmpty { complain(field, Self.noChoice(text)) }
    return nil
  }

  /// A word that may be absent, but not `null`.
  mutating func choiceIfAny<Choice: RawRepresentable<String>>(_ field: String, _ type: Choice.Type) -> Choice?
  {
    isPresent(field) ? choice(field, type) : nil
  }

  /// An integer that may be absent, but not `null`.
  mutating func numberIfAny(_ field: String, _ range: ClosedRange<Int>) -> Int? {
    guard isPresent(field) else { return nil }
    let before = errors.count
    let number = integer(field)
    guard errors.count == before else { return nil }
    guard range.contains(Int(clamping: number)) else {
      complain(field, Self.outside(Int64(range.lowerBound)...Int64(range.upperBound), number))
      return nil
    }
    return Int(number)
  }

  /// Yes or no, which may be absent, but not `null`. A form has only words for it.
  mutating func flagIfAny(_ field: String) -> Bool? {
    guard let value = body.members[field] else { return nil }
    switch value {
    case .bool(let flag): return flag
    case .string(let word) where ["true", "1"].contains(word): return true
    case .string(let word) where ["false", "0"].contains(word): return false
    case .null: complain(field, "This field may not be null.")
    default: complain(field, "Must be a valid boolean.")
    }
    return nil
  }

  /// A list that may be absent, but not `null`.
  mutating func stringsIfAny(_ field: String, _ rule: FieldRule, most: Int) -> [String]? {
    if body.members[field] == .null {
      complain(field, "This field may not be null.")
      return nil
    }
    return optionalStrings(field, rule, most: most)?.withoutRepetitions
  }

  static func outside(_ range: ClosedRange<Int64>, _ number: Int64) -> String {
    number < range.lowerBound
      ? "Ensure this value is greater than or equal to \(range.lowerBound)."
      : "Ensure this value is less than or equal to \(range.upperBound)."
  }

  static func noChoice(_ text: String) -> String { "\"\(text)\" is not a valid choice." }

  /// A list of strings that may be absent or `null`. Forms have no lists.
  mutating func optionalStrings(_ field: String, _ rule: FieldRule, most: Int) -> [String]? {
    guard let value = body.members[field], value != .null else { return nil }
    guard let elements = value.array else {
      complain(field, "Expected a list of items but got type \"\(value.pythonType)\".")
      return nil
    }
    guard elements.count <= most else {
      complain(field, "Ensure this field has no more than \(most) elements.")
      return nil
    }
    let before = errors.count
    let strings = elements.compactMap { checked(field, $0, rule) }
    return errors.count == before ? strings : nil
  }

  /// A password: taken exactly as it was sent, white space and all.
  mutating func password(_ field: String) -> String {
    required(field).flatMap { checked(field, $0, .password, isTrimmed: false) } ?? ""
  }

  /// An RFC 3339 date and time that may be absent or `null`.
  mutating func optionalTimestamp(_ field: String) -> Timestamp? {
    guard let text = optionalString(field, .word) else { return nil }
    guard let moment = Timestamp(text) else {
      complain(field, "Datetime has wrong format. Use this format instead: YYYY-MM-DDThh:mm:ssZ.")
      return nil
    }
    return moment
  }

  private mutating func checked(
    _ field: String, _ value: JSONValue, _ rule: FieldRule, isTrimmed: Bool = true
  ) -> String? {
    var text: String
    var surrogate: UInt16?
    switch value {
    case .null:
      complain(field, "This field may not be null.")
      return nil
    case .string(let string): text = string
    case .damaged(let rest, let half): (text, surrogate) = (rest, half)
    case .number(let number): text = number.text
    case .bool, .array, .object:
      complain(field, "Not a valid string.")
      return nil
    }
    if isTrimmed { text = FieldRule.trimmed(text) }
    let problems = rule.problems(with: text, surrogate: surrogate)
    if problems.isEmpty { return text }
    complain(field, problems)
    return nil
  }

  /// `1.0` is an integer and `true` is not. Python writes a fraction or an exponent out as long as it is below 10^16,
  /// and `1e+16` is none.
  private static func integer(_ value: JSONValue) -> Int64? {
    switch value {
    case .number(let number) where number.isIntegerLiteral: wholeNumber(number.text)
    case .number(let number): number.int64.flatMap { $0.magnitude < 10_000_000_000_000_000 ? $0 : nil }
    case .string(let string): wholeNumber(FieldRule.trimmed(string))
    default: nil
    }
  }

  /// ASCII digits, and at most zeros after a point; the nearest for more than 64 bits hold, which is out of every range, and
  /// no row's id.
  /// `Int("+5")` is 5 and `Int("١")` is not: bytes are checked first.
  private static func wholeNumber(_ text: String) -> Int64? {
    var bytes = Array(text.utf8)[...]
    if let point = bytes.firstIndex(of: UInt8(ascii: ".")) {
      guard bytes[(point + 1)...].allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
      bytes = bytes[..<point]
    }
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
    return Int64(String(decoding: bytes, as: UTF8.self)) ?? (bytes.count == digits.count ? .max : .min)
  }
}
