import JSON

@testable import MetaModule

/// Requests to a harness, with what was answered, for the validator.
final class Exchanges {
  /// Who answers.
  var application: Application
  private(set) var all: [JSONValue] = []
  /// `GET /tokens/{id}/ 200`
  private(set) var seen: Set<String> = []

  init(_ harness: Harness) { application = harness.application }

  @discardableResult
  func send(_ method: String, _ target: String, _ json: String? = nil) -> Answer {
    send(Request(method, target, json: json))
  }

  @discardableResult
  func send(_ request: Request) -> Answer {
    let answer = Answer(application.respond(to: request))
    let segments = (try? RequestPath(of: request).segments) ?? []
    let routes = RouteTable.routes(for: segments)
    guard let route = routes.first(where: { $0.method == request.method }) ?? routes.first else {
      return answer
    }
    seen.insert("\(route.documentedName) \(answer.status)")
    all.append([
      "method": .string(route.method), "path": .string(route.documentedPath),
      "status": JSONValue(answer.status),
      "headers": .array(answer.headers.map { [.string($0.name), .string($0.value)] }),
      "body": answer.bytes.isEmpty
        ? .null : answer.header("Content-Type") == "application/json" ? answer.json : .string(answer.text),
    ])
    return answer
  }
}
