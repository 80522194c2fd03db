internal import JSON

/// The fields of a request's body: a JSON object, or an urlencoded form, whose values are all strings.
struct RequestBody {
  /// The members in the order in which they came.
  let members: JSONObject
  /// A form cannot say `null`; an empty optional field means it.
  let isForm: Bool

  /// Reads the body after what its `Content-Type` says.
  init(of request: Request) throws(APIError) {
    let bytes: [UInt8]
    switch request.body {
    case .complete(let complete): bytes = complete
    case .tooLarge: throw .bodyTooLarge
    case .incomplete: throw .bodyIncomplete
    case .lengthRequired: throw .bodyLengthRequired
    }
    if bytes.isEmpty {
      // No field was sent, in whichever form: the field errors tell more than a parse error would.
      (members, isForm) = ([:], false)
      return
    }
    let parts = request.contentType.split(separator: ";", omittingEmptySubsequences: false)
    switch parts.first.map({ Self.trimmed($0).lowercased() }) ?? "" {
    case "application/json":
      try Self.requireUTF8(parts.dropFirst())
      members = try Self.object(bytes)
      isForm = false
    case "application/x-www-form-urlencoded":
      try Self.requireUTF8(parts.dropFirst())
      guard let form = FormFields(bytes) else {
        throw .malformedBody("the form is not percent-encoded UTF-8")
      }
      var members: JSONObject = [:]
      for (name, value) in form.fields where members[name] == nil { members[name] = .string(value) }
      self.members = members
      isForm = true
    default: throw .unsupportedMediaType(request.contentType)
    }
  }

  private static func object(_ bytes: [UInt8]) throws(APIError) -> JSONObject {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw .malformedBody(error.message) }
    switch value {
    case .object(let object): return object
    case .array: throw .notADictionary("list")
    case .string: throw .notADictionary("str")
    case .bool: throw .notADictionary("bool")
    case .null: throw .notADictionary("NoneType")
    case .number(let number): throw .notADictionary(number.int64 == nil ? "float" : "int")
    }
  }

  private static func requireUTF8(_ parameters: ArraySlice<Substring>) throws(APIError) {
    for parameter in parameters {
      let parameter = trimmed(parameter).lowercased()
      guard parameter.hasPrefix("charset=") else { continue }
      let charset = parameter.dropFirst(8).filter { $0 != "\"" }
      guard charset == "utf-8" || charset == "utf8" else {
        throw .malformedBody("the body must be UTF-8, not another charset")
      }
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text = text.dropFirst() }
    while text.last == " " || text.last == "\t" { text = text.dropLast() }
    return text
  }
}
