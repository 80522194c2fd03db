internal import JSON

/// A body whose every value has another type than it should.
enum WrongTypes {
  /// Keys stay, so that a client which looks for them finds the wrong thing there.
  static func confuse(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null: false
    case .bool(let bool): .string(bool ? "true" : "false")
    case .number(let number): .string(number.text)
    // An id turns into a number, which would lose digits in a double; any other text into a list.
    case .string(let text), .damaged(let text, _):
      JSONNumber(text).map(JSONValue.number) ?? .array([.string(text)])
    case .array(let elements):
      .object(JSONObject(numbering: elements.map { confuse($0) }))
    case .object(let object): confuse(object)
    }
  }

  /// Numbers as the strings of their digits, nothing else changed.
  static func numbersAsStrings(_ value: JSONValue) -> JSONValue {
    switch value {
    case .number(let number): return .string(number.text)
    case .array(let elements): return .array(elements.map(numbersAsStrings))
    case .object(let object):
      var result = JSONObject()
      for (key, value) in object { result[key] = numbersAsStrings(value) }
      return .object(result)
    default: return value
    }
  }

  private static func confuse(_ object: JSONObject) -> JSONValue {
    var result = JSONObject()
    for (key, value) in object { result[key] = confuse(value) }
    return .object(result)
  }
}

extension JSONObject {
  /// PHP's form of a list that has lost its order: `{"0":…,"1":…}`.
  fileprivate init(numbering elements: [JSONValue]) {
    self.init()
    for (index, element) in elements.enumerated() { self[String(index)] = element }
  }
}
