import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Text

/// `X-HTTP-Method-Override`: hosts with the usual firewall rules let neither PATCH nor DELETE through.
@Suite struct MethodOverrideTests {
  static let refusal =
    #"{"detail":"X-HTTP-Method-Override is understood on a POST only, and there as PATCH or DELETE."}"#

  private static func request(_ method: String, _ target: String, override: String..., json: String? = nil)
    -> Request
  {
    var request = Request(method, target, json: json)
    for value in override { request.take("HTTP_X_HTTP_METHOD_OVERRIDE", value) }
    return request
  }

  @Test func `a POST that says so is a PATCH or a DELETE`() throws {
    // given
    let harness = try Harness()
    let id = harness.addClient()

    // when, then
    let patched = harness.send(
      Self.request("POST", "/tokens/\(id)/", override: "PATCH", json: #"{"account_label":"renamed"}"#))
    #expect(patched.status == 200)
    #expect(patched.json["account_label"] == "renamed")
    #expect(harness.send(Self.request("POST", "/tokens/\(id)", override: "DELETE")).status == 409)
    #expect(harness.send(Self.request("POST", "/mappings/1/", override: "DELETE")).status == 204)
    #expect(harness.send(Self.request("POST", "/tokens/\(id)?force=1", override: "DELETE")).status == 204)
    #expect(try harness.token(id) == nil)
  }

  @Test func `it is that method where the path does not have it, too`() throws {
    let answer = try Harness().send(Self.request("POST", "/sync/", override: "DELETE", json: "{}"))
    #expect(answer.status == 405)
    #expect(answer.header("Allow") == "POST, OPTIONS")
    #expect(answer.text == #"{"detail":"Method \"DELETE\" not allowed."}"#)
  }

  @Test func `it passes the same checks`() throws {
    // given: a session, and a request that another site caused.
    let harness = try Harness()
    let id = harness.addClient()
    _ = try harness.application.setAdminPassword(Secret("correct horse battery staple"))
    var request = Self.request("POST", "/tokens/\(id)/", override: "DELETE")
    #expect(harness.send(request).status == 401)
    let signedIn = harness.send("POST", "/session/", #"{"password":"correct horse battery staple"}"#)
    request.cookie = signedIn.header("Set-Cookie")?.split(separator: ";").first.map(String.init)

    // when
    request.secFetchSite = "cross-site"

    // then
    #expect(harness.send(request).status == 403)
    #expect(try harness.token(id) != nil)
  }

  @Test(arguments: ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
  func `on any other method it is refused, and nothing is done`(method: String) throws {
    let harness = try Harness()
    let id = harness.addClient()
    for override in ["PATCH", "DELETE", "GET", "POST"] {
      let answer = harness.send(Self.request(method, "/tokens/\(id)/?force=1", override: override))
      #expect(answer.status == 400)
      #expect(answer.text == (method == "HEAD" ? "" : Self.refusal))
    }
    #expect(try harness.token(id) != nil)
  }

  @Test(arguments: [
    "GET", "POST", "PUT", "HEAD", "patch", "Delete", "DELETE ", "PATCH, DELETE", "x", "\u{212A}",
  ])
  func `any other value is refused, and nothing is done`(value: String) throws {
    let harness = try Harness()
    let id = harness.addClient()
    let answer = harness.send(Self.request("POST", "/tokens/\(id)/check/", override: value))
    #expect(answer.status == 400)
    #expect(answer.text == Self.refusal)
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `twice is once too often, and an empty one is none`() throws {
    let harness = try Harness()
    let id = harness.addClient()
    #expect(
      harness.send(Self.request("POST", "/tokens/\(id)/", override: "PATCH", "DELETE")).text == Self.refusal)
    #expect(harness.send(Self.request("POST", "/tokens/\(id)/check/", override: "")).status == 200)
    #expect(try harness.token(id) != nil)
  }
}
