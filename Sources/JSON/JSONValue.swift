internal import Text

/// A JSON text as a value: bodies of requests, answers of the Graph API and our own answers.
///
/// Small (a few kilobytes, at most the 4 MiB of a Graph reply), read once and thrown away, so there is no lazy
/// form and no mapping to types: an endpoint takes the members it knows. Objects keep the order of their keys,
/// because the contract prints it.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  /// A string, its escapes resolved.
  case string(String)
  /// A string with half a surrogate pair in it, which no `String` can hold: what is left of it, with U+FFFD in the
  /// place of each half, and the first of them. Only from a parser that was told to tell. Not a string to whoever asks
  /// for one.
  indirect case damaged(String, surrogate: UInt16)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue: Equatable {
  /// Equal when the compact texts are: `1` is not `1.0`, the order of members counts, and strings are compared
  /// as bytes, where Swift's own `==` would take a composed letter for a decomposed one.
  package static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.string(let left), .string(let right)): left.isSameBytes(as: right)
    case (.damaged(let left, let one), .damaged(let right, let other)):
      one == other && left.isSameBytes(as: right)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: false
    }
  }
}

// MARK: - Looking into a value

extension JSONValue {
  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  package var number: JSONNumber? {
    if case .number(let value) = self { value } else { nil }
  }

  /// The number if it is whole and fits, or `nil` for anything else; a string of digits is not a number.
  package var int64: Int64? { number?.int64 }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The member of that name, or `nil` when there is none or this is not an object. A member that is `null`
  /// is `.null`, not `nil`.
  package subscript(key: String) -> JSONValue? { object?[key] }

  /// The element at that place, or `nil` when there is none or this is not a list.
  package subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}

// MARK: - Making a value

extension JSONValue {
  package init(_ value: Int64) { self = .number(JSONNumber(value)) }

  package init(_ value: Int) { self = .number(JSONNumber(Int64(value))) }

  package init(_ value: Bool) { self = .bool(value) }

  /// The string, or `null` where there is none, as answers show absent values.
  package init(_ value: String?) { self = value.map(JSONValue.string) ?? .null }

  /// The integer, or `null` where there is none.
  package init(_ value: Int64?) { self = value.map { .number(JSONNumber($0)) } ?? .null }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }

  package init(booleanLiteral value: Bool) { self = .bool(value) }

  package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }

  package init(stringLiteral value: String) { self = .string(value) }

  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// An object with its members in the order of the literal. A key written twice is a programming error.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(literal: elements))
  }
}
