import Cryptography
import Foundation
import GraphSimulator
import JSON
import System
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

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
    "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED", "HTTP_FORWARDED_FOR",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_CF_RAY", "HTTP_CDN_LOOP", "HTTP_TRUE_CLIENT_IP", "HTTP_X_CLIENT_IP", "HTTP_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP", "HTTP_FLY_CLIENT_IP", "HTTP_FASTLY_CLIENT_IP", "HTTP_X_ORIGINAL_URL",
    "HTTP_X_ORIGINAL_FORWARDED_FOR", "HTTP_X_ORIGINATING_IP", "HTTP_X_REWRITE_URL", "HTTP_X_PROXYUSER_IP",
    "HTTP_X_AMZN_TRACE_ID", "HTTP_X_AMZ_CF_ID", "HTTP_X_AZURE_CLIENTIP", "HTTP_X_ARR_SSL",
    "HTTP_X_ENVOY_EXTERNAL_ADDRESS",
    "HTTP_X_APPENGINE_USER_IP", "HTTP_X_CLOUD_TRACE_CONTEXT", "HTTP_X_VERCEL_ID",
    "HTTP_X_NF_CLIENT_CONNECTION_IP",
    "HTTP_TAILSCALE_USER_LOGIN", "HTTP_NGROK_SKIP_BROWSER_WARNING", "HTTP_X_HOST", "HTTP_X_SCHEME",
    "HTTP_X_SSL",
    "HTTP_FRONT_END_HTTPS", "HTTP_X_VARNISH", "HTTP_X_REQUEST_START", "HTTP_MAX_FORWARDS",
    "HTTP_WL_PROXY_CLIENT_IP",
    "HTTP_PROXY_CONNECTION", "HTTP_X_REMOTE_ADDR",
  ])
  func `a request that was forwarded does not come from this machine`(header: String) throws {
    for value in ["127.0.0.1", "192.0.2.1", "for=127.0.0.1", "unknown", "x"] {
      #expect(try Harness().send(Self.request(more: [(header, value)])).status == 403)
    }
  }

  @Test(arguments: [
    "HTTP_X_REQUEST_ID", "HTTP_X_API_KEY_", "HTTP_X_REQUESTED_WITH", "HTTP_USER_AGENT", "HTTP_ACCEPT",
    "HTTP_CONNECTION", "HTTP_CACHE_CONTROL", "HTTP_PROXY", "HTTP_VARY",
    "HTTP_FROM",
    "HTTP_COOKIE", "HTTP_UPGRADE_INSECURE_REQUESTS", "HTTP_DNT", "HTTP_TE", "HTTP_", "HTTP", "",
  ])
  func `a header that browsers and programs send themselves is no detour`(header: String) throws {
    #expect(try Harness().send(Self.request(more: [(header, "x")])).status == 200)
  }

  @Test func `nothing is done for a stranger, on any path`() throws {
    let harness = try Harness()
    let token = harness.addClient()
    for route in RouteTable.routes where route.capability != .open {
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
    // With the last key gone, the door does not open to whoever is on this machine.
    _ = try harness.store().revokeKey(key.id)
    let answer = harness.send(Self.request())
    #expect(answer.status == 401)
    #expect(answer.detail?.contains("metactl admin set-password") == true)
    #expect(harness.send(Self.request("GET", "/session/")).json["mode"] == "credentials")
  }

  @Test func `an installation that knew no such mark is not open either once its keys were revoked`() throws {
    let harness = try Harness()
    let key = try harness.application.createAPIKey(label: "k", scope: .read)
    _ = try harness.application.revokeAPIKey(key.row.id)
    try harness.store().setSetting(CredentialMark.setting, to: nil)
    #expect(harness.send(Self.request()).status == 401)
  }

  @Test func `only the operator's reset brings protected mode back`() throws {
    let harness = try Harness()
    let key = try harness.application.createAPIKey(label: "k", scope: .admin).key.revealed()
    _ = try harness.application.setAdminPassword(Secret("correct horse battery"))
    let before = try harness.application.resetCredentials()
    #expect(before.hasPassword)
    #expect(before.keysInForce == 1)
    #expect(harness.send(Self.request()).status == 200)
    #expect(harness.send(Self.request(from: "192.0.2.1", more: [("HTTP_X_API_KEY", key)])).status == 403)
    #expect(harness.send(Self.request("GET", "/session/")).json["mode"] == "protected")
    #expect(try harness.store().events(limit: 1).map(\.action) == ["admin.reset"])
    // And the next credential ends it again.
    let next = try harness.application.createAPIKey(label: "k", scope: .admin)
    _ = try harness.application.revokeAPIKey(next.row.id)
    #expect(harness.send(Self.request()).status == 401)
  }

  @Test func `a backup of the time before the first credential does not open the door`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let backup = harness.folder.appending(path: "backup").path
    _ = try harness.application.backUp(to: backup)
    _ = try harness.application.createAPIKey(label: "k", scope: .admin)
    _ = try harness.another().restore(from: backup)
    #expect(harness.send(Self.request()).status == 401)
    _ = try harness.application.resetCredentials()
    #expect(harness.send(Self.request()).status == 200)
  }

  // MARK: - Detours that leave no trace in the address

  @Test(arguments: [
    "https://evil.example", "http://localhost", "http://localhost:3000", "https://localhost:8000", "null",
    "http://localhost:8000.evil.example", "file://", "http://\u{212A}ocalhost:8000",
  ])
  func `a page of another site in a browser on this machine is not this machine`(origin: String) throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    var form = Self.request("POST", "/sync/", more: [("HTTP_ORIGIN", origin)])
    form.contentType = "application/x-www-form-urlencoded"
    form.body = .complete(Array("client_id=c&fb_page_id=104567890123&token_id=\(token)".utf8))
    #expect(harness.send(form).status == 403)
    #expect(try harness.mapping("c") == nil)
    #expect(harness.send(Self.request(more: [("HTTP_ORIGIN", origin)])).status == 403)
    #expect(harness.send(Self.request(more: [("HTTP_REFERER", origin + "/x?y")])).status == 403)
  }

  @Test(
    arguments: [
      [("HTTP_ORIGIN", "http://localhost:8000")], [("HTTP_REFERER", "http://localhost:8000/index.html")],
      [("HTTP_REFERER", "http://LOCALHOST:8000")], [("HTTP_SEC_FETCH_SITE", "same-origin")],
      [("HTTP_SEC_FETCH_SITE", "none")],
    ] as [[(String, String)]])
  func `our own page there is`(headers: [(String, String)]) throws {
    #expect(try Harness().send(Self.request(more: headers)).status == 200)
    #expect(try Harness().send(Self.request("DELETE", "/tokens/1/", more: headers)).status == 404)
  }

  @Test(arguments: ["cross-site", "same-site", "anything"])
  func `a browser that says it asks for another site is refused`(site: String) throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    for (method, path) in [("GET", "/tokens/"), ("DELETE", "/tokens/\(token)/"), ("POST", "/verify-user/")] {
      #expect(harness.send(Self.request(method, path, more: [("HTTP_SEC_FETCH_SITE", site)])).status == 403)
    }
    #expect(try harness.token(token) != nil)
  }

  @Test func `HTTP 1.0 is how nginx's plain proxy_pass speaks`() throws {
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/1.", "http/1.1", "INCLUDED"] {
      #expect(try Harness().send(Self.request(more: [("SERVER_PROTOCOL", version)])).status == 403)
    }
    for version in ["HTTP/1.1", "HTTP/2.0", "HTTP/2", "HTTP/3", "HTTP/3.0"] {
      #expect(try Harness().send(Self.request(more: [("SERVER_PROTOCOL", version)])).status == 200)
    }
  }

  @Test func `a server that was reached at another address than loopback was not reached from here`() throws {
    for (address, status) in [
      ("192.0.2.1", 403), ("2001:db8::1", 403), ("0.0.0.0", 403), ("unix:/run/x", 403), ("127.0.0.1", 200),
      ("::1", 200), ("::ffff:127.0.0.1", 200), ("", 200),
    ] {
      #expect(
        try Harness().send(Self.request(more: [("SERVER_ADDR", address)])).status == status, "\(address)")
    }
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
