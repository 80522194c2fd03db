import JSON
import Testing

@testable import MetaModule

/// The document against the route table and the error table.
@Suite struct DocumentTests {
  private let document = OpenAPIDocument.json(mountPoint: ".")

  private struct Line: Hashable, CustomStringConvertible {
    let method: String
    let pattern: String
    var description: String { "\(method) \(pattern)" }
  }

  @Test func `every route has its operation, and every operation its route`() throws {
    let routes = RouteTable.routes.map { Line(method: $0.method, pattern: OpenAPIDocument.path($0.pattern)) }
    var described: [Line] = []
    for (path, item) in try #require(document["paths"]?.object) {
      for method in try #require(item.object).keys {
        described.append(Line(method: method.uppercased(), pattern: path))
      }
    }
    #expect(Set(described) == Set(routes))
    #expect(described.count == routes.count)
    #expect(
      Operations.all.map { "\($0.method) \($0.pattern)" }
        == RouteTable.routes.map { "\($0.method) \($0.pattern)" })
    #expect(Set(Operations.all.map(\.id)).count == Operations.all.count)
  }

  /// One word for each case, without its values. A case that is added does not compile until it is
  /// documented.
  private static func kind(_ error: APIError) -> String {
    switch error {
    case .notFound, .notUTF8Path, .methodNotAllowed, .unsupportedMediaType, .malformedBody, .bodyTooLarge,
      .bodyIncomplete, .bodyLengthRequired, .invalidFields, .notADictionary, .noData, .tooManyFields,
      .methodOverrideRefused, .notAuthenticated, .forbidden, .tokenRefused, .tokenUnfit, .tokenNotUsable,
      .appRefused,
      .pageNotAccessible, .instagramAccountNotLinked, .permissionMissing, .mappingNotFound, .postNotFound,
      .conflict,
      .tooManyAttempts, .rateLimited, .upstreamFailed, .upstreamTimedOut, .unavailable, .serverError:
      String("\(error)".prefix { $0 != "(" })
    }
  }
  private static let kinds = 31

  @Test func `every error that the program can give is documented, and none that no route gives`() {
    #expect(Set(DocumentedError.all.map { Self.kind($0.error) }).count == Self.kinds)
    var declared: Set<String> = []
    for route in RouteTable.routes {
      guard let operation = Operations.operation(for: route) else { continue }
      declared.formUnion(operation.errors(for: route.scope).map(\.name))
    }
    #expect(declared == Set(DocumentedError.all.map(\.name)))
  }

  @Test(arguments: RouteTable.routes.map(\.pattern))
  func `what can happen to a route stands in its operation`(pattern: String) throws {
    for route in RouteTable.routes where route.pattern == pattern {
      let path = try #require(document["paths"]?[OpenAPIDocument.path(pattern)])
      let operation = try #require(path[route.method.lowercased()])
      let statuses = Set(try #require(operation["responses"]?.object).keys)
      // A path that is not UTF-8, another method, a body too large, a fault of ours.
      var expected: Set<String> = ["400", "405", "411", "413", "500"]
      if route.scope != .open { expected.formUnion(["401", "403", "503"]) }
      if pattern.contains("<") { expected.insert("404") }
      if route.method != "GET", operation["requestBody"] != nil { expected.insert("415") }
      #expect(expected.isSubset(of: statuses), "\(route.method) \(pattern)")
      #expect(operation["security"] == (route.scope == .open ? [[:]] : OpenAPIDocument.anyCredential))
    }
  }

  @Test func `the address of the server is the mount point, with and without the slash`() throws {
    let harness = try Harness()
    for (path, mountPoint) in [("/openapi.json", "."), ("/openapi.json/", "..")] {
      let answer = harness.send("GET", path)
      #expect(answer.status == 200)
      #expect(answer.json["servers"]?[0]?["url"]?.string == mountPoint)
      #expect(answer.header("Cache-Control") == "public, max-age=300")
    }
  }

  @Test func `the document is there for everyone`() throws {
    let harness = try Harness()
    var request = Request("GET", "/openapi.json")
    request.remoteAddress = "192.0.2.1"
    #expect(Answer(harness.application.respond(to: request)).status == 200)
  }
}
