import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// API keys, in whichever header they come (API.md, section 4).
@Suite struct APIKeyTests {
  static let admin = "mm_admin_0123456789"
  static let reader = "mm_reader_0123456789"

  static func harness() throws -> Harness {
    let harness = try Harness()
    harness.addClient()
    for (label, scope, key) in [("admin", KeyScope.admin, admin), ("reader", .read, reader)] {
      _ = try harness.store().insertKey(
        label: label, scope: scope, prefix: String(key.prefix(8)), hash: SHA256.digest(Array(key.utf8)))
    }
    return harness
  }

  static func request(_ target: String = "/tokens/", _ headers: [(String, String)]) -> Request {
    var request = Request("GET", target)
    for (name, value) in headers { request.take(name, value) }
    return request
  }

  @Test(
    arguments: [
      [("HTTP_X_API_KEY", admin)], [("HTTP_X_API_KEY", " \(admin) ")],
      [("HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("HTTP_AUTHORIZATION", "bearer  \(admin)")], [("REDIRECT_HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("HTTP_AUTHORIZATION", "Bearer \(admin)"), ("REDIRECT_HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("REDIRECT_HTTP_AUTHORIZATION", "Bearer \(admin)"), ("HTTP_AUTHORIZATION", "Bearer \(admin)")],
      // A server in front has a credential of its own.
      [("HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"), ("HTTP_X_API_KEY", admin)],
      [("HTTP_AUTHORIZATION", "Digest username=\"u\""), ("HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("HTTP_AUTHORIZATION", "Bearer \(admin)"), ("HTTP_AUTHORIZATION", "Negotiate YII=")],
      [("REDIRECT_HTTP_AUTHORIZATION", "basic dXNlcjpwYXNz"), ("HTTP_X_API_KEY", admin)],
      [("REDIRECT_HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"), ("HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"), ("REDIRECT_HTTP_AUTHORIZATION", "Bearer \(admin)")],
      // Apache's rewrite sets it to nothing where the client sent no such header.
      [("REDIRECT_HTTP_AUTHORIZATION", ""), ("HTTP_X_API_KEY", admin)],
      [("HTTP_AUTHORIZATION", ""), ("HTTP_X_API_KEY", admin)],
    ] as [[(String, String)]])
  func `a key is accepted in each of its headers`(headers: [(String, String)]) throws {
    #expect(try Self.harness().send(Self.request("/tokens/", headers)).status == 200)
  }

  @Test(
    arguments: [
      [], [("HTTP_X_API_KEY", "")], [("HTTP_X_API_KEY", admin + "x")],
      [("HTTP_X_API_KEY", String(admin.dropLast()))],
      [("HTTP_X_API_KEY", "\(admin),\(admin)")], [("HTTP_X_API_KEY", admin.uppercased())],
      [("HTTP_AUTHORIZATION", admin)], [("HTTP_AUTHORIZATION", "Basic \(admin)")],
      [("HTTP_AUTHORIZATION", "Bearer")],
      [("HTTP_AUTHORIZATION", "Bearer ")], [("HTTP_AUTHORIZATION", "Bearer \(admin) x")],
      [("HTTP_AUTHORIZATION", "Bearer,\(admin)")], [("HTTP_COOKIE", "meta_session=\(admin)")],
      // A web server in front may have looked at the other one.
      [("HTTP_X_API_KEY", admin), ("HTTP_X_API_KEY", admin)],
      [("HTTP_X_API_KEY", admin), ("HTTP_AUTHORIZATION", "Bearer \(admin)")],
      [("HTTP_AUTHORIZATION", "Bearer \(admin)"), ("HTTP_AUTHORIZATION", "Bearer \(reader)")],
    ] as [[(String, String)]])
  func `anything else is not signed in`(headers: [(String, String)]) throws {
    let harness = try Self.harness()
    for target in ["/tokens/", "/instagram/client_001/"] {
      let answer = harness.send(Self.request(target, headers))
      #expect(answer.status == 401)
      #expect(answer.header("WWW-Authenticate") == "Bearer")
      #expect(!answer.text.contains(Self.admin))
    }
  }

  @Test func `a key of scope read reaches the two Instagram endpoints and no others`() throws {
    let harness = try Self.harness()
    for route in RouteTable.routes where route.capability != .open {
      let path = MethodTests.path(route.pattern)
      var request = Self.request(path, [("HTTP_X_API_KEY", Self.reader)])
      request.method = route.method
      let status = harness.send(request).status
      #expect((status == 403) == (route.capability == .admin), "\(route.method) \(path) gave \(status)")
    }
    #expect(
      harness.send(Self.request("/instagram/client_001/", [("HTTP_X_API_KEY", Self.reader)])).status == 200)
    #expect(
      harness.send(Self.request("/post/17999999999999999/", [("HTTP_X_API_KEY", Self.reader)])).status == 200)
  }

  @Test func `a revoked key is one that never was`() throws {
    let harness = try Self.harness()
    _ = try harness.store().revokeKey(1)
    #expect(harness.send(Self.request("/tokens/", [("HTTP_X_API_KEY", Self.admin)])).status == 401)
    // The other one is still in force, so nobody else gets in.
    #expect(harness.send(Self.request("/tokens/", [])).status == 401)
  }

  @Test func `its last use is kept`() throws {
    let harness = try Self.harness()
    #expect(try harness.store().keys(limit: 10).allSatisfy { $0.lastUsedAt == nil })
    harness.send(Self.request("/tokens/", [("HTTP_X_API_KEY", Self.admin)]))
    #expect(try harness.store().keys(limit: 10).map { $0.lastUsedAt != nil } == [true, false])
  }

  @Test func `a stranger who forwards, or is far away, is served with a key`() throws {
    let harness = try Self.harness()
    var request = Self.request(
      "/tokens/", [("HTTP_X_API_KEY", Self.admin), ("HTTP_X_FORWARDED_FOR", "192.0.2.1")])
    request.remoteAddress = "192.0.2.1"
    request.host = "meta.example"
    #expect(harness.send(request).status == 200)
  }

  @Test func `health stays open, whatever is sent with it`() throws {
    let harness = try Self.harness()
    for path in ["/health/", "/openapi.json"] {
      for headers in [[], [("HTTP_X_API_KEY", "mm_wrong")], [("HTTP_AUTHORIZATION", "Basic x")]] {
        #expect(harness.send(Self.request(path, headers)).status == 200)
      }
    }
  }

  @Test(
    arguments: [
      [("HTTP_X_API_KEY", admin + "x")], [("HTTP_AUTHORIZATION", "Bearer \(admin)x")],
      [("HTTP_AUTHORIZATION", admin)],
      [("HTTP_X_API_KEY", admin), ("HTTP_AUTHORIZATION", "Bearer \(admin)")],
    ] as [[(String, String)]])
  func `who asks who he is with a credential that is refused is told so`(headers: [(String, String)]) throws {
    let harness = try Self.harness()
    for method in ["GET", "HEAD", "DELETE"] {
      var request = Self.request("/session/", headers)
      request.method = method
      #expect(harness.send(request).status == 401)
    }
    #expect(harness.send(Self.request("/session/", [])).json["signed_in"] == false)
    #expect(
      harness.send(Self.request("/session/", [("HTTP_X_API_KEY", Self.reader)])).json["scope"] == "read")
  }

  @Test(
    arguments: [
      [("HTTP_ORIGIN", "https://evil.example")], [("HTTP_ORIGIN", "null")],
      [("HTTP_SEC_FETCH_SITE", "cross-site")],
      [("HTTP_SEC_FETCH_SITE", "same-site")],
    ] as [[(String, String)]])
  func `a page of another site changes nothing, be its key ever so good`(headers: [(String, String)]) throws {
    let harness = try Self.harness()
    var request = Self.request("/tokens/1/", headers + [("HTTP_X_API_KEY", Self.admin)])
    #expect(harness.send(Self.request("/tokens/", headers + [("HTTP_X_API_KEY", Self.admin)])).status == 200)
    for method in ["PATCH", "DELETE"] {
      request.method = method
      #expect(harness.send(request).status == 403)
    }
    #expect(try harness.token(1) != nil)
  }
}
