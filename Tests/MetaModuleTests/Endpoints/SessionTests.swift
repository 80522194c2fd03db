import JSON
import Testing

@testable import MetaModule

/// Signing in and out of the admin page (API.md, section 4).
@Suite struct SessionTests {
  static let password = "correct horse battery"

  static func harness() throws -> Harness {
    let harness = try Harness()
    _ = try harness.application.setAdminPassword(Secret(password))
    return harness
  }

  static func signIn(_ password: String, _ headers: [(String, String)] = []) -> Request {
    var request = Request("POST", "/session/", json: #"{"password":"\#(password)"}"#)
    for (name, value) in headers { request.take(name, value) }
    return request
  }

  static func request(_ method: String, _ target: String, cookie: String, _ more: [(String, String)] = [])
    -> Request
  {
    var request = Request(method, target)
    for (name, value) in [("HTTP_COOKIE", cookie)] + more { request.take(name, value) }
    return request
  }

  /// Signs in and gives back the cookie as a browser would send it.
  static func cookie(of harness: Harness) throws -> String {
    let header = try #require(harness.send(signIn(password)).header("Set-Cookie"))
    return String(header.prefix { $0 != ";" })
  }

  @Test func `the right password gives a cookie that only this site's own pages can use`() throws {
    let harness = try Self.harness()
    let answer = harness.send(Self.signIn(Self.password))
    #expect(answer.status == 200)
    #expect(answer.json["signed_in"] == true)
    #expect(answer.json["scope"] == "admin")
    let cookie = try #require(answer.header("Set-Cookie"))
    #expect(cookie.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"))
    let session = String(cookie.prefix { $0 != ";" })
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: session)).status == 200)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: session + "x")).status == 401)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: "\(session); \(session)")).status == 401)
  }

  @Test func `over HTTPS the cookie is Secure and has the host prefix`() throws {
    let harness = try Self.harness()
    let cookie = try #require(
      harness.send(Self.signIn(Self.password, [("HTTPS", "on")])).header("Set-Cookie"))
    #expect(cookie.hasPrefix("__Host-meta_session="))
    #expect(cookie.hasSuffix("; Secure"))
  }

  @Test func `a change needs a request of the page itself`() throws {
    let harness = try Self.harness()
    let cookie = try Self.cookie(of: harness)
    let outside: [[(String, String)]] = [
      [], [("HTTP_SEC_FETCH_SITE", "cross-site")], [("HTTP_SEC_FETCH_SITE", "same-site")],
      [("HTTP_ORIGIN", "https://evil.example")], [("HTTP_ORIGIN", "null")],
      [("HTTP_ORIGIN", "https://localhost")],
    ]
    for headers in outside {
      #expect(harness.send(Self.request("DELETE", "/mappings/1/", cookie: cookie, headers)).status == 403)
    }
    for headers in [[("HTTP_SEC_FETCH_SITE", "same-origin")], [("HTTP_ORIGIN", "http://localhost")]] {
      #expect(harness.send(Self.request("DELETE", "/mappings/1/", cookie: cookie, headers)).status == 404)
    }
  }

  @Test func `ten wrong passwords lock the address out, for the right one too`() throws {
    let harness = try Self.harness()
    for _ in 0..<10 {
      let wrong = harness.send(Self.signIn("wrong password"))
      #expect(wrong.status == 403)
      #expect(wrong.detail == "Wrong password.")
      #expect(wrong.header("Set-Cookie") == nil)
    }
    let locked = harness.send(Self.signIn(Self.password))
    #expect(locked.status == 429)
    #expect((1...900).contains(Int(locked.header("Retry-After") ?? "") ?? 0))
    var elsewhere = Self.signIn(Self.password)
    elsewhere.remoteAddress = "127.0.0.2"
    #expect(harness.send(elsewhere).status == 200)
  }

  @Test func `signing out ends the session, and a new password ends all`() throws {
    let harness = try Self.harness()
    let first = try Self.cookie(of: harness)
    let second = try Self.cookie(of: harness)
    let out = Self.request("DELETE", "/session/", cookie: first, [("HTTP_SEC_FETCH_SITE", "same-origin")])
    #expect(harness.send(out).status == 204)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: first)).status == 401)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: second)).status == 200)
    _ = try harness.application.setAdminPassword(Secret("another password"))
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: second)).status == 401)
  }

  @Test func `another site cannot sign a visitor in`() throws {
    let harness = try Self.harness()
    #expect(harness.send(Self.signIn(Self.password, [("HTTP_ORIGIN", "https://evil.example")])).status == 403)
  }
}
