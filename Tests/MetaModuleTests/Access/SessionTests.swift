import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// Signing in with the admin password (API.md, section 4).
@Suite struct SessionTests {
  private static let password = "correct horse battery"

  private static func harness() throws -> Harness {
    let harness = try Harness()
    _ = try harness.application.setAdminPassword(Secret(password))
    return harness
  }

  /// A request of the admin page.
  private static func request(
    _ method: String, _ path: String, _ json: String? = nil, cookie: String? = nil, isHTTPS: Bool = false,
    more: [(String, String)] = [("HTTP_SEC_FETCH_SITE", "same-origin")]
  ) -> Request {
    var request = Request(method, path, json: json)
    request.isHTTPS = isHTTPS
    for (name, value) in more { request.take(name, value) }
    if let cookie { request.take("HTTP_COOKIE", cookie) }
    return request
  }

  private static func signIn(_ harness: Harness, isHTTPS: Bool = false) throws -> String {
    let answer = harness.send(
      request("POST", "/session/", #"{"password":"\#(password)"}"#, isHTTPS: isHTTPS))
    #expect(answer.status == 200)
    return String(try #require(answer.header("Set-Cookie")?.split(separator: ";").first))
  }

  @Test func `the password opens a session, and signing out ends it`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    #expect(cookie.hasPrefix("meta_session="))
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 200)
    let who = harness.send(Self.request("GET", "/session/", cookie: cookie))
    #expect(who.json["signed_in"] == true)
    #expect(who.json["scope"] == "admin")
    #expect(who.json["expires_at"]?.string.flatMap { Timestamp($0) } != nil)
    let out = harness.send(Self.request("DELETE", "/session/", cookie: cookie))
    #expect(out.status == 204)
    #expect(out.header("Set-Cookie") == "meta_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 401)
    #expect(harness.send(Self.request("GET", "/session/", cookie: cookie)).json["signed_in"] == false)
  }

  @Test func `on HTTPS the cookie is bound to the host`() throws {
    let harness = try Self.harness()
    let answer = harness.send(
      Self.request("POST", "/session/", #"{"password":"\#(Self.password)"}"#, isHTTPS: true))
    let header = try #require(answer.header("Set-Cookie"))
    #expect(header.hasPrefix("__Host-meta_session="))
    #expect(header.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"))
    let cookie = String(try #require(header.split(separator: ";").first))
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie, isHTTPS: true)).status == 200)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 401, "not without TLS")
    let plain = cookie.replacing("__Host-", with: "")
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: plain, isHTTPS: true)).status == 401)
  }

  @Test(
    arguments: [
      [("HTTP_SEC_FETCH_SITE", "cross-site")], [("HTTP_SEC_FETCH_SITE", "same-site")],
      [("HTTP_SEC_FETCH_SITE", "none")],
      [("HTTP_ORIGIN", "http://evil.example")], [("HTTP_ORIGIN", "https://localhost")],
      [("HTTP_ORIGIN", "null")],
      [("HTTP_ORIGIN", "http://localhost:81")], [("HTTP_ORIGIN", "http://localhost.evil.example")], [],
      [("HTTP_SEC_FETCH_SITE", "cross-site"), ("HTTP_ORIGIN", "http://localhost")],
    ] as [[(String, String)]])
  func `a change with the cookie must come from our own page`(headers: [(String, String)]) throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    let key = try harness.application.createAPIKey(label: "k", scope: .admin).key
    for (method, path) in [("POST", "/sync/"), ("DELETE", "/mappings/1/"), ("PATCH", "/tokens/1/")] {
      #expect(harness.send(Self.request(method, path, "{}", cookie: cookie, more: headers)).status == 403)
    }
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie, more: headers)).status == 200)
    // With a key beside it, too: it would take the cookie away, and leave the session.
    for more in [headers, headers + [("HTTP_X_API_KEY", key.revealed())]] {
      let answer = harness.send(Self.request("DELETE", "/session/", cookie: cookie, more: more))
      #expect(answer.status == 403)
      #expect(answer.header("Set-Cookie") == nil)
    }
    #expect(
      harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 200, "it was not signed out")
  }

  @Test(
    arguments: [
      [("HTTP_SEC_FETCH_SITE", "same-origin")], [("HTTP_ORIGIN", "http://localhost")],
      [("HTTP_ORIGIN", "HTTP://LOCALHOST")],
    ] as [[(String, String)]])
  func `from there it may`(headers: [(String, String)]) throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    #expect(harness.send(Self.request("POST", "/sync/", "{}", cookie: cookie, more: headers)).status == 400)
  }

  @Test func `another site cannot sign somebody in`() throws {
    let harness = try Self.harness()
    for headers in [[("HTTP_SEC_FETCH_SITE", "cross-site")], [("HTTP_ORIGIN", "http://evil.example")]] {
      let answer = harness.send(
        Self.request("POST", "/session/", #"{"password":"\#(Self.password)"}"#, more: headers))
      #expect(answer.status == 403)
      #expect(answer.header("Set-Cookie") == nil)
    }
  }

  @Test(arguments: [
    (#"{"password":"wrong password"}"#, 403), (#"{"password":" correct horse battery"}"#, 403),
    (#"{"password":"Correct horse battery"}"#, 403), (#"{"password":""}"#, 400), (#"{"password":null}"#, 400),
    (#"{"password":1}"#, 403), ("{}", 400), ("[]", 400),
  ])
  func `a wrong password opens nothing`(json: String, status: Int) throws {
    let harness = try Self.harness()
    let answer = harness.send(Self.request("POST", "/session/", json))
    #expect(answer.status == status)
    #expect(answer.header("Set-Cookie") == nil)
    #expect(!answer.text.contains("horse"))
  }

  @Test func `ten failures lock the address out, right password or not, and nobody else`() throws {
    let harness = try Self.harness()
    let store = try harness.store()
    // Nine that were counted before: each costs a tenth of a second to check.
    for _ in 0..<9 { _ = try store.beginSignIn(from: "127.0.0.1") }
    #expect(harness.send(Self.request("POST", "/session/", #"{"password":"wrong password"}"#)).status == 403)
    let right = #"{"password":"\#(Self.password)"}"#
    let locked = harness.send(Self.request("POST", "/session/", right))
    #expect(locked.status == 429)
    let seconds = try #require(locked.header("Retry-After").flatMap { Int($0) })
    #expect((890...900).contains(seconds))
    #expect(locked.detail == "Too many failed sign-ins. Try again in 15 minutes.")
    var elsewhere = Self.request("POST", "/session/", right)
    elsewhere.remoteAddress = "192.0.2.7"
    #expect(harness.send(elsewhere).status == 200)
  }

  @Test func `a right password forgets the failures before it`() throws {
    let harness = try Self.harness()
    let store = try harness.store()
    for _ in 0..<9 { _ = try store.beginSignIn(from: "127.0.0.1") }
    _ = try Self.signIn(harness)
    for _ in 0..<9 { #expect(try store.beginSignIn(from: "127.0.0.1") == .open) }
  }

  @Test func `a new password ends every session`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    _ = try harness.application.setAdminPassword(Secret("another password"))
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 401)
  }

  @Test func `a session ends after twelve hours`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.execute("UPDATE session SET expires_at = '2020-01-01T00:00:00Z'")
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 401)
  }

  @Test func `signing out without a session is done already, from wherever but a foreign page`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.execute("UPDATE session SET expires_at = '2020-01-01T00:00:00Z'")
    for cookie in [cookie, "meta_session=gone", nil] {
      let answer = harness.send(Self.request("DELETE", "/session/", cookie: cookie, more: []))
      #expect(answer.status == 204)
      #expect(answer.header("Set-Cookie")?.contains("Max-Age=0") == true)
    }
    let foreign = [("HTTP_ORIGIN", "https://evil.example")]
    #expect(harness.send(Self.request("DELETE", "/session/", more: foreign)).status == 403)
  }

  @Test(arguments: [
    ("+31536000 seconds", "+31579200 seconds"), ("+0 seconds", "+31536000 seconds"),
    ("+3600 seconds", "+36000 seconds"), ("-43300 seconds", "-100 seconds"),
  ])
  func `a session that a wrong clock made is none`(created: String, expires: String) throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.execute(
      """
      UPDATE session SET created_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '\(created)'),
        expires_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '\(expires)')
      """)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie)).status == 401)
    #expect(harness.send(Self.request("GET", "/session/", cookie: cookie)).json["signed_in"] == false)
    _ = try Self.signIn(harness)
    #expect(try harness.store().session(hash: SessionCookie.hash(of: Secret("x"))) == nil)
  }

  @Test func `a credential of the server in front is none of ours`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    for scheme in ["Basic dXNlcjpwYXNz", "Digest username=\"u\"", "Negotiate YII="] {
      let more = [("HTTP_AUTHORIZATION", scheme), ("HTTP_SEC_FETCH_SITE", "same-origin")]
      #expect(harness.send(Self.request("GET", "/tokens/", cookie: cookie, more: more)).status == 200)
      #expect(harness.send(Self.request("POST", "/sync/", "{}", cookie: cookie, more: more)).status == 400)
    }
  }

  @Test func `two cookies of one name are told, and do not keep anybody from signing in`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    let two = "\(cookie); meta_session=tossed"
    for method in ["GET", "DELETE"] {
      let answer = harness.send(Self.request(method, "/session/", cookie: two))
      #expect(answer.status == 401)
      #expect(answer.detail?.contains("Two cookies") == true)
    }
    let json = #"{"password":"\#(Self.password)"}"#
    #expect(harness.send(Self.request("POST", "/session/", json, cookie: two)).status == 200)
  }

  @Test func `cookies that are none of ours, or two of ours, are nobody's`() throws {
    let harness = try Self.harness()
    let cookie = try Self.signIn(harness)
    #expect(harness.send(Self.request("GET", "/tokens/", cookie: "a=b; \(cookie); c=d")).status == 200)
    for odd in [
      "\(cookie); \(cookie)", "\(cookie)x", "x\(cookie)", "meta_session=", "meta_session", "",
      cookie.uppercased(), cookie.replacing("=", with: " = "),
    ] {
      #expect(harness.send(Self.request("GET", "/tokens/", cookie: odd)).status == 401, "\(odd.prefix(20))")
    }
  }

  @Test func `without a password there is nothing to sign in to`() throws {
    let harness = try Harness()
    let answer = harness.send(Self.request("POST", "/session/", #"{"password":"whatever it is"}"#))
    #expect(answer.status == 403)
    #expect(answer.detail?.contains("metactl admin set-password") == true)
    #expect(harness.send("GET", "/session/").json["mode"] == "protected")
    #expect(harness.send("GET", "/session/").json["actor"] == "this machine")
  }
}
