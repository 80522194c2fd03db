internal import JSON

/// What the document says of one route: everything that the code does not say by itself.
///
/// What follows from the route is added by ``errors(for:)``: every route can meet a fault of ours, one that
/// needs a credential can refuse it, one with a body can find that unreadable.
struct Operation {
  /// The heading under which the operation stands.
  enum Tag: String, CaseIterable {
    case seed = "Clients"
    case tokens = "Tokens"
    case mappings = "Mappings"
    case session = "Session"
    case operation = "Operation"
  }

  let method: String
  /// As in the route table: `/tokens/<id>/`.
  let pattern: String
  /// `operationId`.
  let id: String
  let tag: Tag
  let summary: String
  var description = ""
  /// Names of `components/parameters`; those of the path are added.
  var parameters: [String] = []
  /// Name of the schema of the body.
  var body: String?
  /// Bodies that may be sent, by name.
  var bodyExamples: [(name: String, value: JSONValue)] = []
  /// Answers that are no errors.
  var results: [Result]
  /// Errors beyond those that follow from the route.
  var errors: [DocumentedError] = []
  /// Asks Graph.
  var asksGraph = false
  /// Opens the database, and so answers 503 when that fails.
  var needsDatabase = true

  /// One answer that is no error.
  struct Result {
    let status: Int
    let description: String
    /// Name of the schema; `nil`: no body.
    var schema: String?
    var examples: [(name: String, value: JSONValue)] = []
    /// Names of `components/headers` beyond those that every answer has.
    var headers: [String] = []
  }
}

extension Operation {
  /// Every error that the route can answer.
  func errors(for scope: Route.Scope) -> [DocumentedError] {
    var all = DocumentedError.always + errors
    if scope != .open { all += [.notAuthenticated, .protectedMode] }
    if scope == .admin { all.append(.noPermission) }
    if method != "GET" { all.append(.foreignOrigin) }
    if body != nil { all += DocumentedError.body }
    if asksGraph { all += DocumentedError.graph }
    if needsDatabase { all.append(.unavailable) }
    return all.sorted { ($0.status, $0.name) < ($1.status, $1.name) }
  }

  /// The operation object.
  func json(for scope: Route.Scope) -> JSONValue {
    var json: JSONObject = [
      "operationId": .string(id), "tags": [.string(tag.rawValue)], "summary": .string(summary),
    ]
    if !description.isEmpty { json["description"] = .string(description) }
    let named = pathParameters + parameters + ["XRequestID"]
    json["parameters"] = .array(named.map { Component.parameter($0) })
    if let body { json["requestBody"] = requestBody(body) }
    json["responses"] = responses(for: scope)
    json["security"] = scope == .open ? [[:]] : OpenAPIDocument.anyCredential
    return .object(json)
  }

  /// `/tokens/<id>/check/` has `TokenID`.
  private var pathParameters: [String] {
    if pattern.hasPrefix("/tokens/<") { return ["TokenID"] }
    if pattern.hasPrefix("/mappings/<") { return ["MappingID"] }
    if pattern.hasPrefix("/instagram/<") { return ["ClientID"] }
    return pattern.hasPrefix("/post/<") ? ["PostID"] : []
  }

  /// JSON or a form; a form's values are all text, which the program reads as what they are.
  private func requestBody(_ schema: String) -> JSONValue {
    var media: JSONObject = ["schema": Component.schema(schema)]
    var examples: JSONObject = [:]
    for (name, value) in bodyExamples { examples[name] = ["value": value] }
    media["examples"] = .object(examples)
    var form = media
    form["examples"] = nil
    if let first = bodyExamples.first { form["example"] = Self.withoutNulls(first.value) }
    return [
      "required": true,
      "content": ["application/json": .object(media), "application/x-www-form-urlencoded": .object(form)],
    ]
  }

  /// A form cannot say `null`.
  private static func withoutNulls(_ value: JSONValue) -> JSONValue {
    var object = value.object ?? [:]
    for (key, member) in object where member.isNull { object[key] = nil }
    return .object(object)
  }

  private func responses(for scope: Route.Scope) -> JSONValue {
    var responses: JSONObject = [:]
    for result in results { responses[String(result.status)] = result.json }
    let errors = errors(for: scope)
    for status in Set(errors.map(\.status)).sorted() where responses[String(status)] == nil {
      responses[String(status)] = Component.errorResponse(errors.filter { $0.status == status })
    }
    return .object(responses)
  }
}

extension Operation.Result {
  fileprivate var json: JSONValue {
    var json: JSONObject = ["description": .string(description)]
    json["headers"] = Component.headers(["XRequestID", "NoSniff"] + headers)
    guard let schema else { return .object(json) }
    var media: JSONObject = ["schema": Component.schema(schema)]
    if !examples.isEmpty {
      var named: JSONObject = [:]
      for (name, value) in examples { named[name] = ["value": value] }
      media["examples"] = .object(named)
    }
    json["content"] = ["application/json": .object(media)]
    return .object(json)
  }
}
