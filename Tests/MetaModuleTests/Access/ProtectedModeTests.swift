import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule

/// Without any credential only requests made directly on this machine are served (API.md, section 4).
@Suite struct ProtectedModeTests {
  static func request(
    _ method: String = "GET", _ path: String = "/tokens/", from address: String = "127.0.0.1",
    host: String = "localhost:8000", more: [(String, String)] = []
  ) -> Request {
    Request(
      cgi: [
        ("REQUEST_METHOD", method), ("PATH_INFO", path), ("REMOTE_ADDR", address), ("HTTP_HOST", host),
      ] + more)
  }

  @Test(arguments: ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1"])
  func `a loopback address is this machine`(address: String) throws {
    #expect(try Harness().send(Self.request(from: address)).status == 200)
  }

  @Test(arguments: [
    "192.0.2.1", "10.0.0.1", "128.0.0.1", "0.0.0.0", "1.127.0.1", "127.0.0.1.2", "127.0.0", "127.0.0.256",
    "::",
    "::2", "fe80::1", "2001:db8::1", "::ffff:192.0.2.1", "::ffff:0:127.0.0.1", "localhost", "unix:", "",
    "127.0.0.1 ",
    "127.0.0.1,192.0.2.1", "127.0.0.1\n", "١٢٧.0.0.1", "127.0.0.+1", "0127.0.0.1", "2130706433", "0x7f.1",
  ])
  func `any other address is not`(address: String) throws {
    let answer = try Harness().send(Self.request(from: address))
    #expect(answer.status == 403)
    #expect(answer.detail?.contains("metactl") == true)
  }

  @Test(arguments: [
    "localhost", "localhost:8000", "LOCALHOST", "LocalHost:80", "127.0.0.1", "127.0.0.1:65535", "[::1]",
    "[::1]:8000",
  ])
  func `these names are this machine's`(host: String) throws {
    #expect(try Harness().send(Self.request(host: host)).status == 200)
  }

  @Test(arguments: [
    "", "evil.example", "localhost.evil.example", "evil.example:8000", "localhost.", "localhost:",
    "localhost:123456",
    "localhost:8000x", "localhost:-1", "localhost:٨", "localhost@evil.example", "localhost:8000:8000",
    "127.0.0.2",
    "127.1", "::1", "[::1", "[::1]x", "[::2]", "[::1]:", "::1:8000", " localhost", "localhost\u{0}",
    "ｌocalhost",
    "loca\u{302}lhost", "localhost,localhost",
  ])
  func `any other name may be a trick of a page in the browser`(host: String) throws {
    let answer = try Harness().send(Self.request(host: host))
    #expect(answer.status == 403, "\(host)")
  }

  @Test(arguments: [
    "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST",
    "HTTP_CF_CONNECTING_IP",
  ])
  func `a request that was forwarded does not come from this machine`(header: String) throws {
    for value in ["127.0.0.1", "192.0.2.1", "for=127.0.0.1", "unknown", "x"] {
      #expect(try Harness().send(Self.request(more: [(header, value)])).status == 403)
    }
  }

  @Test func `nothing is done for a stranger, on any path`() throws {
    let harness = try Harness()
    let token = harness.addClient()
    for route in RouteTable.routes where route.scope != .open {
      let path = route.pattern.split(separator: "/").map { $0.hasPrefix("<") ? "\(token)" : String($0) }
        .reduce("/") { $0 + $1 + "/" }
      var request = Self.request(route.method, path, from: "192.0.2.1")
      request.contentType = "application/json"
      request.body = .complete(Array("{}".utf8))
      #expect(harness.send(request).status == 403, "\(route.method) \(path)")
    }
    #expect(harness.simulator.calls().isEmpty)
    #expect(try harness.token(token) != nil)
  }

  @Test func `health and who-am-I are open to everyone`() throws {
    let harness = try Harness()
    let health = harness.send(Self.request("GET", "/health/", from: "192.0.2.1", host: "evil.example"))
    #expect(health.status == 200)
    #expect(health.json["status"] == "ok")
    let session = harness.send(Self.request("GET", "/session/", from: "192.0.2.1"))
    #expect(session.status == 200)
    #expect(session.json["signed_in"] == false)
    #expect(session.json["mode"] == "protected")
  }

  @Test func `an unknown path is unknown to strangers too, and tells nothing`() throws {
    let harness = try Harness()
    #expect(
      harness.send(Self.request("GET", "/nothing/", from: "192.0.2.1")).text == #"{"detail":"Not found."}"#)
  }

  @Test func `once a credential exists, this machine needs it too`() throws {
    let harness = try Harness()
    #expect(harness.send(Self.request()).status == 200)
    let key = try harness.store().insertKey(
      label: "k", scope: .admin, prefix: "mm_1", hash: SHA256.digest(Array("mm_1".utf8)))
    #expect(harness.send(Self.request()).status == 401)
    #expect(harness.send(Self.request(more: [("HTTP_X_API_KEY", "mm_1")])).status == 200)
    // With the last key the door does not open again to whoever is on this machine? It does: there is none any more.
    _ = try harness.store().revokeKey(key.id)
    #expect(harness.send(Self.request()).status == 200)
  }

  @Test func `the answer names the command that creates the first credential`() throws {
    let answer = try Harness().send(Self.request(from: "192.0.2.1"))
    #expect(
      answer.detail
        == "This installation has no credentials yet, so it only answers requests made directly on its own "
        + "machine. Run metactl admin set-password or metactl apikey create there.")
  }

  @Test func `the operator's command needs no credential, and no web server can pretend to be it`() throws {
    let harness = try Harness()
    var request = Request("GET", "/tokens/")
    request.remoteAddress = ""
    #expect(harness.send(request).status == 403)
    request.isFromOperator = true
    #expect(harness.send(request).status == 200)
    let claims = ["IS_FROM_OPERATOR", "HTTP_X_OPERATOR", "isFromOperator", "OPERATOR"].map { ($0, "1") }
    #expect(!Self.request(more: claims).isFromOperator)
  }
}
