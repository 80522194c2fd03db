internal import JSON
internal import System
internal import Text

/// The fields of a request's body: a JSON object, or an urlencoded form, whose values are all strings.
struct BodyFields {
  let members: JSONObject
  /// A form cannot say `null`; an empty optional field means it.
  let isForm: Bool

  /// Reads the body after what its `Content-Type` says.
  init(of request: Request) throws(APIError) {
    // Others were refused before.
    guard case .complete(let bytes) = request.body else { throw .bodyIncomplete }
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
      do { members = JSONObject(firstOfEach: try FormFields(form: bytes).fields) } catch {
        throw error == .tooMany ? .tooManyFields : .malformedBody("the form is not percent-encoded UTF-8")
      }
      isForm = true
    default: throw .unsupportedMediaType(request.contentType)
    }
  }

  private static func object(_ bytes: [UInt8]) throws(APIError) -> JSONObject {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes, maximumValues: FormFields.limit, loneSurrogates: .told) } catch
    {
      if case .tooManyValues = error { throw .tooManyFields }
      throw .malformedBody(error.description)
    }
    switch value {
    case .object(let object): return object
    case .null: throw .noData
    default: throw .notADictionary(value.pythonType)
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

  /// By bytes: taking off one `Character` after the other looks at all that is left each time.
  private static func trimmed(_ text: Substring) -> Substring {
    func isVisible(_ byte: UInt8) -> Bool { byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") }
    guard let first = text.utf8.firstIndex(where: isVisible), let last = text.utf8.lastIndex(where: isVisible)
    else {
      return ""
    }
    return text[first...last]
  }
}

extension JSONValue {
  /// What the framework whose words our complaints have calls such a value.
  var pythonType: String {
    switch self {
    case .object: "dict"
    case .null: "NoneType"
    case .array: "list"
    case .string, .damaged: "str"
    case .bool: "bool"
    case .number(let number): number.isIntegerLiteral ? "int" : "float"
    }
  }
}
