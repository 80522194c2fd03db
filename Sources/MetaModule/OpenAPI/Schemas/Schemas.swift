internal import JSON

/// `components/schemas`: what stands in bodies, of requests and of answers.
///
/// Answers are described closed (no member more, none less), so that a test which holds an answer against its
/// schema finds both; requests are described open, since unknown members are ignored.
enum Schemas {
  static let json: JSONValue = {
    var json: JSONObject = [:]
    for group in [errors, clients, instagram, tokens, mappings, operation] {
      for (name, schema) in group { json[name] = schema }
    }
    return .object(json)
  }()

  // MARK: - Making schemas

  /// An object of an answer: exactly these members, all but the optional ones always there.
  static func answer(_ description: String, _ members: JSONObject, optional: Set<String> = []) -> JSONValue {
    [
      "type": "object", "description": .string(description),
      "required": .array(members.keys.filter { !optional.contains($0) }.map { .string($0) }),
      "properties": .object(members), "additionalProperties": false,
    ]
  }

  /// An object of a request.
  static func request(_ description: String, _ members: JSONObject, required: [String]) -> JSONValue {
    var json: JSONObject = ["type": "object", "description": .string(description)]
    if !required.isEmpty { json["required"] = .array(required.map { .string($0) }) }
    json["properties"] = .object(members)
    return .object(json)
  }

  static func list(of name: String) -> JSONValue { ["type": "array", "items": Component.schema(name)] }

  /// A string; `null` where the value is absent and `orNull` is set.
  static func string(_ description: String, orNull: Bool = false, pattern: String? = nil) -> JSONValue {
    var json: JSONObject = ["type": orNull ? ["string", "null"] : "string"]
    if let pattern { json["pattern"] = .string(pattern) }
    json["description"] = .string(description)
    return .object(json)
  }

  static func count(_ description: String, orNull: Bool = false) -> JSONValue {
    ["type": orNull ? ["integer", "null"] : "integer", "description": .string(description)]
  }

  /// The id of a row of ours.
  static func row(_ description: String, orNull: Bool = false) -> JSONValue {
    ["type": orNull ? ["integer", "null"] : "integer", "minimum": 1, "description": .string(description)]
  }

  /// An id from Meta: digits in a string, however long.
  static func metaID(_ description: String, orNull: Bool = false) -> JSONValue {
    string(description, orNull: orNull, pattern: "^[0-9]+$")
  }

  /// A moment of ours.
  static func moment(_ description: String, orNull: Bool = false) -> JSONValue {
    string(description, orNull: orNull, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
  }

  static func boolean(_ description: String) -> JSONValue {
    ["type": "boolean", "description": .string(description)]
  }

  static func word(_ description: String, _ words: [String], orNull: Bool = false) -> JSONValue {
    var all = words.map { JSONValue.string($0) }
    if orNull { all.append(.null) }
    return ["enum": .array(all), "description": .string(description)]
  }

  /// `client_id`: any but `/` and control characters. That `.` and `..` are none either stands in the
  /// description.
  static let clientIDPattern = #"^[^/\u0000-\u001F\u007F-\u009F]+$"#
}
