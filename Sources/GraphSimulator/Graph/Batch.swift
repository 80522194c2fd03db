internal import JSON

/// `POST /` with `batch=[…]`: up to fifty calls in one.
struct Batch {
  private static let maximumOperations = 50

  var call: Call
  var simulation: Simulation

  func answer() throws(Refusal) -> JSONValue {
    guard let text = call.parameters["batch"] else {
      throw Refusal(100, "(#100) The parameter batch is required")
    }
    guard let operations = (try? JSONValue(parsing: Array(text.utf8)))?.array else {
      throw Refusal(100, "(#100) param batch must be an array.")
    }
    guard operations.count <= Self.maximumOperations else {
      throw Refusal(100, "(#100) Too many requests in batch message. Maximum batch size is 50")
    }
    let showsHeaders = call.parameters["include_headers"] != "false"
    var results: [String: JSONValue] = [:]
    var answers: [JSONValue] = []
    for operation in operations {
      if let name = operation["depends_on"]?.string, results[name] == nil {
        answers.append(nil)
        continue
      }
      guard let relative = operation["relative_url"]?.string else {
        throw Refusal(100, "(#100) Batch operations need relative_url")
      }
      let reply = run(operation, BatchReference.resolve(relative, results))
      let body = String(decoding: reply.body, as: UTF8.self)
      if let name = operation["name"]?.string {
        if reply.status == 200 { results[name] = try? JSONValue(parsing: reply.body) }
        // A named call whose success is not asked for: null.
        if reply.status == 200, operation["omit_response_on_success"]?.bool == true {
          answers.append(nil)
          continue
        }
      }
      var answer: JSONObject = ["code": JSONValue(reply.status)]
      if showsHeaders {
        answer["headers"] = .array(
          reply.headers.map { ["name": .string($0.name), "value": .string($0.value)] })
      }
      answer["body"] = .string(body)
      answers.append(.object(answer))
    }
    return .array(answers)
  }

  /// One operation is a request of its own; the batch's token is its fallback.
  private func run(_ operation: JSONValue, _ relative: String) -> Reply {
    var target = relative.hasPrefix("/") ? relative : "/" + relative
    let first = target.split(separator: "/").first.map(String.init) ?? ""
    if Versions.answering(first) == nil { target = "/\(call.version)" + target }
    let body = Array((operation["body"]?.string ?? "").utf8)
    var request = IncomingRequest(
      method: operation["method"]?.string ?? "GET", target: target,
      headers: [Header("content-type", "application/x-www-form-urlencoded")], body: body)
    if request.parameters["access_token"] == nil { request.query["access_token"] = call.tokenText }
    return simulation.respond(to: request)
  }
}

/// `{result=name:$.data.*.id}` in a later operation: values of an earlier answer, separated by commas.
enum BatchReference {
  static func resolve(_ text: String, _ results: [String: JSONValue]) -> String {
    var rest = Substring(text)
    var resolved = ""
    while let start = rest.firstRange(of: "{result=") {
      resolved += rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: "}") else { return resolved }
      let parts = rest[..<end].split(separator: ":", maxSplits: 1)
      rest = rest[rest.index(after: end)...]
      guard parts.count == 2, let value = results[String(parts[0])] else { continue }
      let steps = parts[1].split(separator: ".").dropFirst().map(String.init)
      resolved += values(at: steps[...], in: value).joined(separator: ",")
    }
    return resolved + rest
  }

  private static func values(at steps: ArraySlice<String>, in value: JSONValue) -> [String] {
    guard let step = steps.first else { return [value.string ?? value.number?.text ?? ""] }
    let rest = steps.dropFirst()
    if step == "*" { return (value.array ?? []).flatMap { values(at: rest, in: $0) } }
    let member = Int(step).flatMap { value[$0] } ?? value[step]
    return member.map { values(at: rest, in: $0) } ?? []
  }
}
