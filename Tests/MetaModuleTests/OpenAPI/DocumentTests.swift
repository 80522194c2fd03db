import JSON
import Testing

@testable import MetaModule
@testable import Text

/// The document against the route table and the program's version.
@Suite struct DocumentTests {
  private let document: ContractDocument

  init() throws { document = try ContractDocument() }

  @Test func `every route has its operation, and every operation its route, in the same order`() {
    let operations = document.operations
    // An operation stands below its path, so those of one path are neighbours: as they are in the table.
    #expect(operations.map(\.name) == RouteTable.routes.map(\.documentedName))
    #expect(Set(operations.compactMap { $0.json["operationId"]?.string }).count == operations.count)
  }

  @Test(arguments: RouteTable.routes.map(\.documentedName))
  func `what a route asks of its caller stands in its operation`(name: String) throws {
    let route = try #require(RouteTable.routes.first { $0.documentedName == name })
    let operation = try #require(document.operations.first { $0.name == name }).json
    let anyCredential: JSONValue = [["apiKey": []], ["bearer": []], ["session": []]]
    #expect(operation["security"] == ([.open, .public].contains(route.capability) ? [[:]] : anyCredential))
    let parameters = (operation["parameters"]?.array ?? [])
      .compactMap { ContractDocument.name(in: $0, below: "parameters") }
      .compactMap { document.component("parameters", $0) }
    let inPath = parameters.filter { $0["in"]?.string == "path" }.compactMap { $0["name"]?.string }
    #expect(
      inPath.map { "{\($0)}" } == route.documentedPath.split(separator: "/").filter { $0.hasPrefix("{") })
  }

  @Test func `the document tells the version of the program`() {
    #expect(
      document.json["info"]?["version"]?.string == version, "Sources/COpenAPI/openapi.json, info.version")
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
