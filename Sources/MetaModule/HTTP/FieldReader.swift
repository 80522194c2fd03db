internal import JSON

/// Reads an endpoint's fields and collects every complaint, so that a person mends them all at once.
///
/// Messages are Django REST framework's, since clients of the original expect them.
struct FieldReader {
  private let body: RequestBody
  private var errors: [APIError.FieldError] = []

  init(_ body: RequestBody) { self.body = body }

  /// Throws when anything was wrong; the placeholders that the readers gave until then are not used.
  func finish() throws(APIError) {
    guard errors.isEmpty else { throw .invalidFields(errors) }
  }

  /// Notes a complaint that only the endpoint can make.
  mutating func complain(_ field: String, _ message: String) {
    errors.append(APIError.FieldError(field: field, messages: [message]))
  }

  /// The member was sent, whatever its value.
  func isPresent(_ field: String) -> Bool { body.members[field] != nil }

  /// A required string that passes `rule`; `""` after a complaint.
  mutating func string(_ field: String, _ rule: FieldRule) -> String {
    guard let value = body.members[field] else {
      complain(field, "This field is required.")
      return ""
    }
    return checked(field, value, rule) ?? ""
  }

  /// A string that may be absent or `null`.
  mutating func optionalString(_ field: String, _ rule: FieldRule) -> String? {
    guard let value = body.members[field], value != .null else { return nil }
    if body.isForm, value == .string("") { return nil }
    return checked(field, value, rule)
  }

  /// A required integer: `1`, `"1"`, `1.0` and `"1.0"`; `0` after a complaint.
  mutating func integer(_ field: String) -> Int64 {
    guard let value = body.members[field] else {
      complain(field, "This field is required.")
      return 0
    }
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

  /// A password: taken exactly as it was sent, white space and all.
  mutating func password(_ field: String) -> String {
    switch body.members[field] {
    case nil: complain(field, "This field is required.")
    case .null: complain(field, "This field may not be null.")
    case .string(let text) where text.isEmpty: complain(field, "This field may not be blank.")
    case .string(let text) where text.utf8.count > 256:
      complain(field, "Ensure this field has no more than 256 characters.")
    case .string(let text): return text
    default: complain(field, "Not a valid string.")
    }
    return ""
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

  private mutating func checked(_ field: String, _ value: JSONValue, _ rule: FieldRule) -> String? {
    let text: String
    switch value {
    case .null:
      complain(field, "This field may not be null.")
      return nil
    case .string(let string): text = FieldRule.trimmed(string)
    case .number(let number): text = number.text
    case .bool, .array, .object:
      complain(field, "Not a valid string.")
      return nil
    }
    if let problem = rule.problem(with: text) {
      complain(field, problem)
      return nil
    }
    return text
  }

  /// `1.0` is an integer and `true` is not; `2^63` is none of ours.
  private static func integer(_ value: JSONValue) -> Int64? {
    switch value {
    case .number(let number): number.int64 ?? wholeNumber(number.text)
    case .string(let string): wholeNumber(FieldRule.trimmed(string))
    default: nil
    }
  }

  /// ASCII digits, and at most zeros after a point. `Int("+5")` is 5 and `Int("١")` is not: bytes are checked first.
  private static func wholeNumber(_ text: String) -> Int64? {
    var bytes = Array(text.utf8)[...]
    if let point = bytes.firstIndex(of: UInt8(ascii: ".")) {
      guard bytes[(point + 1)...].allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
      bytes = bytes[..<point]
    }
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes
    guard !digits.isEmpty, digits.allSatisfy(FieldRule.isDigit) else { return nil }
    return Int64(String(decoding: bytes, as: UTF8.self))
  }
}
