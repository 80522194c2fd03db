internal import JSON

/// References into the document's components, and what is made of them.
enum Component {
  static func schema(_ name: String) -> JSONValue { reference("schemas", name) }
  static func parameter(_ name: String) -> JSONValue { reference("parameters", name) }

  private static func reference(_ kind: String, _ name: String) -> JSONValue {
    ["$ref": .string("#/components/\(kind)/\(name)")]
  }

  /// Headers of an answer by the names of their components.
  static func headers(_ names: [String]) -> JSONValue {
    var headers: JSONObject = [:]
    for name in names { headers[Headers.wireName(name)] = reference("headers", name) }
    return .object(headers)
  }

  /// The answer for all errors of one status that a route can give. That of a single error stands once in the
  /// document, since most routes share it.
  static func errorResponse(_ errors: [DocumentedError]) -> JSONValue {
    if let only = errors.first, errors.count == 1 { return reference("responses", only.name) }
    return response(for: errors)
  }

  /// `components/responses`.
  static var responses: JSONValue {
    var responses: JSONObject = [:]
    for error in DocumentedError.all { responses[error.name] = response(for: [error]) }
    return .object(responses)
  }

  private static func response(for errors: [DocumentedError]) -> JSONValue {
    var examples: JSONObject = [:]
    var extra: [String] = []
    for error in errors {
      examples[error.name] = reference("examples", error.name)
      for (name, _) in error.error.response().headers {
        if let component = Headers.component(name), !extra.contains(component) { extra.append(component) }
      }
    }
    return [
      "description": .string(errors.map { "\($0.name): \($0.summary)" }.joined(separator: " ")),
      "headers": headers(["XRequestID", "NoSniff", "NoStore"] + extra),
      "content": ["application/json": ["schema": schema(schemaName(errors)), "examples": .object(examples)]],
    ]
  }

  /// Fields stand in an error under their own names only where fields were read.
  private static func schemaName(_ errors: [DocumentedError]) -> String {
    let hasFields = errors.contains { if case .invalidFields = $0.error { true } else { false } }
    return hasFields ? "ErrorWithFields" : "Error"
  }
}
