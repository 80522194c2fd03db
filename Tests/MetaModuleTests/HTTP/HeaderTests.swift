import GraphSimulator
import JSON
import Testing

@testable import MetaModule

/// The headers of answers: exactly these, and no others.
@Suite struct HeaderTests {
  static let always = ["Cache-Control", "Content-Type", "X-Content-Type-Options", "X-Request-Id"]
  static let withoutBody = ["Cache-Control", "X-Content-Type-Options", "X-Request-Id"]

  /// Request, status, and the headers beyond those of every answer.
  @Test(
    arguments: [
      ("GET", "/pages/", nil, 200, []),
      ("GET", "/tokens/", nil, 200, []),
      ("GET", "/health/", nil, 200, []),
      ("POST", "/verify-user/", "{}", 400, []),
      ("POST", "/sync/", "[]", 400, []),
      ("POST", "/sync/", "{", 400, []),
      ("GET", "/instagram/nobody/", nil, 404, []),
      ("GET", "/post/x/", nil, 404, []),
      ("GET", "/nothing/", nil, 404, []),
      ("PUT", "/pages/", nil, 405, ["Allow"]),
      ("GET", "/instagram/client_001/", nil, 200, ["Age", "ETag", "X-Cache"]),
    ] as [(String, String, String?, Int, [String])])
  func `an answer has exactly the headers it should have`(
    method: String, target: String, json: String?, status: Int, more: [String]
  ) throws {
    let harness = try Harness()
    harness.addClient()
    let answer = harness.send(method, target, json)
    #expect(answer.status == status)
    #expect(answer.headerNames == (Self.always + more).sorted())
    #expect(answer.header("Content-Type") == "application/json")
    #expect(answer.header("X-Content-Type-Options") == "nosniff")
    if !more.contains("ETag") { #expect(answer.header("Cache-Control") == "no-store") }
  }

  @Test func `an answer without a body has no type`() throws {
    let harness = try Harness()
    harness.addClient()
    #expect(harness.send("OPTIONS", "/pages/").headerNames == (Self.withoutBody + ["Allow"]).sorted())
    let removed = harness.send("DELETE", "/mappings/1/")
    #expect(removed.status == 204)
    #expect(removed.headerNames == Self.withoutBody)
    #expect(removed.header("Cache-Control") == "no-store")
  }

  @Test(arguments: [
    "a", "0", "Some-Id_1.2", String(repeating: "x", count: 64), "..", "-", "4bf92f3577b34da6a3ce929d0e0e4736",
  ])
  func `a client's request id is kept`(id: String) throws {
    let harness = try Harness()
    var request = Request("GET", "/nothing/")
    request.take("HTTP_X_REQUEST_ID", id)
    #expect(harness.send(request).header("X-Request-Id") == id)
  }

  @Test(arguments: [
    "", " ", "a b", String(repeating: "x", count: 65), "a\r\nSet-Cookie: x=1", "é", "a/b", "a;b", "<b>",
    "a\u{0}b", "١",
    "@", "[", "`", "{",
  ])
  func `an odd request id is replaced`(id: String) throws {
    let harness = try Harness()
    var request = Request("GET", "/nothing/")
    request.take("HTTP_X_REQUEST_ID", id)
    let given = try #require(harness.send(request).header("X-Request-Id"))
    #expect(given.utf8.count == 16)
    #expect(given.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
  }

  @Test func `request ids differ`() throws {
    let harness = try Harness()
    let ids = (0..<100).compactMap { _ in harness.send("GET", "/nothing/").header("X-Request-Id") }
    #expect(Set(ids).count == 100)
  }

  @Test func `no header holds a control byte, whatever the client sends`() throws {
    let harness = try Harness()
    for value in ["a\r\nX-Evil: 1", "a\nb", "\u{0}", "\u{7f}"] {
      var request = Request("GET\r\nX-Evil: 1", "/pages/\(value)")
      for name in ["HTTP_X_REQUEST_ID", "CONTENT_TYPE", "HTTP_ORIGIN", "HTTP_HOST", "HTTP_IF_NONE_MATCH"] {
        request.take(name, value)
      }
      for (name, content) in harness.send(request).headers {
        #expect(!content.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "\(name)")
      }
    }
  }

  @Test func `the CGI form states the status first, then the length`() {
    let answer = Response(404, json: ["detail": "Not found."])
    #expect(
      String(decoding: answer.cgiHead(), as: UTF8.self)
        == "Status: 404 Not Found\r\nContent-Length: 23\r\nContent-Type: application/json\r\n"
        + "Cache-Control: no-store\r\n\r\n")
    let empty = Response(empty: 304)
    #expect(
      String(decoding: empty.cgiHead(), as: UTF8.self)
        == "Status: 304 Not Modified\r\nCache-Control: no-store\r\n\r\n")
  }
}
