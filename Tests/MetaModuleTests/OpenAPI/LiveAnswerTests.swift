import Cryptography
import Foundation
import GraphSimulator
import JSON
import TestSupport
import System
import Testing

@testable import MetaModule
@testable import Store

/// What the program answers against what the document says that it answers.
@Suite struct LiveAnswerTests {
  @Test func `every result of every endpoint is as documented`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "1"])
    let exchanges = Exchanges(harness)
    try Self.work(harness, exchanges)
    Self.mistakes(exchanges)
    try Self.troubles(harness, exchanges)
    try Self.credentials(harness, exchanges)

    var expected: Set<String> = []
    for (name, operation) in try ContractDocument().operations {
      for status in try #require(operation["responses"]?.object).keys where status < "400" {
        expected.insert("\(name) \(status)")
      }
    }
    // Signing in has tests of its own.
    #expect(expected.subtracting(exchanges.seen) == ["POST /session/ 200"])
    let complaints = try Self.complaints(exchanges.all)
    #expect(complaints == [])
  }

  @Test func `an answer that is off its schema is found`() throws {
    let wrong: [JSONValue] = [
      ["method": "GET", "path": "/pages/", "status": 418, "headers": [], "body": [:]],
      [
        "method": "DELETE", "path": "/tokens/{id}/", "status": 204,
        "headers": [["X-Request-Id", "a b"], ["X-Content-Type-Options", "nosniff"], ["X-Odd", "1"]],
        "body": nil,
      ],
      [
        "method": "POST", "path": "/sync/", "status": 200,
        "headers": [
          ["X-Request-Id", "a"], ["X-Content-Type-Options", "nosniff"], ["Cache-Control", "no-store"],
        ],
        "body": ["success": true, "created": "yes", "more": 1],
      ],
    ]
    let complaints = try Self.complaints(wrong)
    #expect(complaints.count == 5, "\(complaints.joined(separator: "\n"))")
  }

  /// A day's work: everything that goes well.
  private static func work(_ harness: Harness, _ exchanges: Exchanges) throws {
    let john = harness.simulator.token("john")
    exchanges.send(
      "POST", "/verify-user/", #"{"access_token":"\#(john)","account_label":"My Facebook Account"}"#)
    exchanges.send("POST", "/tokens/", #"{"access_token":"\#(john)","account_label":"My Facebook Account"}"#)
    exchanges.send("POST", "/tokens/", #"{"access_token":"\#(john)","account_label":"Again"}"#)
    harness.addToken("yusuf")
    for path in ["/pages/", "/tokens/", "/tokens/?limit=1", "/health/", "/session/", "/openapi.json"] {
      exchanges.send("GET", path)
    }
    exchanges.send("POST", "/sync/", #"{"client_id":"client_001","fb_page_id":"104567890123","token_id":1}"#)
    exchanges.send("POST", "/sync/", #"{"client_id":"client_001","fb_page_id":104567890123,"token_id":"1"}"#)
    exchanges.send("POST", "/sync/", #"{"client_id":"plain","fb_page_id":"987654321098","token_id":1}"#)
    for path in [
      "/instagram/client_001/", "/instagram/client_001/", "/instagram/plain/", "/post/17999999999999999/",
    ] {
      exchanges.send("GET", path)
    }
    var again = Request("GET", "/instagram/client_001/")
    again.ifNoneMatch = "*"
    exchanges.send(again)
    let picture = try picture(harness)
    exchanges.send("GET", picture)
    exchanges.send("GET", picture.replacing("/320/", with: "/640/"))
    var known = Request("GET", picture)
    known.ifNoneMatch = "*"
    exchanges.send(known)
    exchanges.send("POST", "/mappings/1/refresh/")
    Self.feeds(harness, exchanges)
    let plain = harness.send("GET", "/mappings/").json["mappings"]?.array?.last?["id"]?.int64 ?? 0
    exchanges.send("POST", "/mappings/\(plain)/refresh/")
    exchanges.send("GET", "/mappings/?limit=1")
    exchanges.send("PATCH", "/tokens/1/", #"{"account_label":"Another"}"#)
    exchanges.send("POST", "/tokens/1/check/")
    exchanges.send("GET", "/events/?limit=2")
    exchanges.send("DELETE", "/session/")
    exchanges.send("DELETE", "/tokens/1/")
    exchanges.send("DELETE", "/mappings/\(plain)/")
    exchanges.send("DELETE", "/tokens/2/")
  }

  /// What the public sees, and what there is of it in the window.
  private static func feeds(_ harness: Harness, _ exchanges: Exchanges) {
    for path in [
      "?include=children,alt_text,like_count,comments_count,media_product_type,shared_to_feed",
      "?limit=3&images=local", "?after=17999999999999999", "?include=likes", "?after=1",
    ] { exchanges.send("GET", "/instagram/client_001/" + path) }
    exchanges.send("GET", "/feeds/")
    let made = exchanges.send(
      "POST", "/feeds/", #"{"client_id":"client_001","name":"Home","origins":["https://site.example"]}"#)
    exchanges.send("POST", "/feeds/", #"{"client_id":"client_001","name":"Home","limit":0}"#)
    exchanges.send("PATCH", "/feeds/1/", #"{"limit":50,"show_captions":true}"#)
    exchanges.send("GET", "/feeds/?limit=1")
    let path = "/feed/\(made.json["public_id"]?.string ?? "")/"
    for (query, origin) in [
      ("", nil), ("", "https://site.example"), ("", "https://other.example"), ("?format=behold", nil),
      ("?limit=2&type=image,album", nil), ("?after=1", nil), ("embed/", nil),
    ] {
      var request = Request("GET", path + query)
      request.origin = origin
      exchanges.send(request)
      request.ifNoneMatch = "*"
      exchanges.send(request)
    }
    for _ in 0..<120 { harness.send("GET", path) }
    exchanges.send("GET", path)
    exchanges.send("DELETE", "/feeds/1/")
  }

  /// Our address of the newest picture.
  private static func picture(_ harness: Harness) throws -> String {
    let source = harness.send("GET", "/instagram/client_001/").json["media"]?[0]?["media_url"]?.string
    let services = Services(harness.application.rooms) { Event(actor: "test", action: $0) }
    let addresses = try services.pictures.addresses()
    let name = addresses.name(of: "17999999999999999", account: "17841405822348523", source: source ?? "")
    return addresses.path(of: try #require(name), .small)
  }

  /// What callers get wrong.
  private static func mistakes(_ exchanges: Exchanges) {
    for route in RouteTable.routes {
      let path = route.pattern.replacing("<client_id>", with: "nobody").replacing("<post_id>", with: "1")
        .replacing("<id>", with: "999").replacing("<public_id>", with: "fd_0123456789abcdefghijkl")
        .replacing("<media_id>", with: "1").replacing("<width>", with: "320")
      exchanges.send(route.method, path)
      exchanges.send(route.method, path, "[1]")
      exchanges.send(route.method, path, "{")
      exchanges.send(
        route.method, path,
        #"{"access_token":true,"client_id":"","token_id":"x","password":null,"status":"?"}"#)
      exchanges.send(route.method, path + "?limit=0&after=x")
      exchanges.send("PUT", path)
      var text = Request(route.method, path, json: "x")
      text.contentType = "text/plain"
      exchanges.send(text)
      var large = Request(route.method, path)
      large.body = .tooLarge
      exchanges.send(large)
      large.body = .incomplete
      exchanges.send(large)
      var stranger = Request(route.method, path)
      stranger.remoteAddress = "192.0.2.1"
      exchanges.send(stranger)
    }
    for (page, token, account) in [
      ("104567890123", 99, "null"), ("1", 1, "null"), ("104567890123", 1, "\"1\""),
    ] {
      exchanges.send(
        "POST", "/sync/",
        #"{"client_id":"c","fb_page_id":"\#(page)","token_id":\#(token),"ig_account_id":\#(account)}"#)
    }
  }

  /// What Graph can do to every endpoint that asks it.
  private static func troubles(_ harness: Harness, _ exchanges: Exchanges) throws {
    let token = harness.simulator.token("john")
    let kinds: [Fault.Kind] = [
      .html(status: 500), .reset(afterBytes: nil), .error(GraphError(code: 200)),
      .error(GraphError(code: 190, subcode: 464)), .wrongTypes, .error(GraphError(code: 100)),
      .hang, .throttled(code: 4, minutes: 0),
    ]
    for kind in kinds {
      if case .hang = kind { exchanges.application = try harness.impatient() }
      harness.simulator.addFault(Fault(kind))
      exchanges.send("POST", "/verify-user/", #"{"access_token":"\#(token)"}"#)
      exchanges.send("GET", "/pages/")
      exchanges.send(
        "POST", "/sync/", #"{"client_id":"client_001","fb_page_id":"104567890123","token_id":1}"#)
      exchanges.send("POST", "/mappings/1/refresh/")
      exchanges.send("GET", "/post/17999999999999999/")
      exchanges.send("GET", "/post/1/")
      exchanges.send("POST", "/tokens/", #"{"access_token":"\#(token)","account_label":"a"}"#)
      exchanges.send("PATCH", "/tokens/1/", #"{"access_token":"\#(token)"}"#)
      exchanges.send("POST", "/tokens/1/check/")
      exchanges.send("GET", "/health/")
      harness.simulator.clearFaults()
      exchanges.application = harness.application
    }
  }

  /// Every endpoint without a credential, once one exists; and signing in with a wrong password.
  private static func credentials(_ harness: Harness, _ exchanges: Exchanges) throws {
    let key = SHA256.digest(Array("mm_right".utf8))
    _ = try harness.application.store().insertKey(
      label: "right", scope: .admin, prefix: "mm_right", hash: key)
    for route in RouteTable.routes {
      let path = route.pattern.replacing("<client_id>", with: "client_001").replacing("<post_id>", with: "1")
        .replacing("<id>", with: "1").replacing("<public_id>", with: "fd_0123456789abcdefghijkl")
      exchanges.send(route.method, path)
      var wrong = Request(route.method, path)
      wrong.apiKey = "mm_wrong"
      exchanges.send(wrong)
    }
    exchanges.send("POST", "/session/", #"{"password":"x"}"#)
    for (method, path, body) in [
      ("POST", "/apikeys/", #"{"label":"Site","scope":"read","client_ids":["client_001"]}"#),
      ("POST", "/apikeys/", #"{"label":"Site","scope":"all","client_ids":[]}"#), ("GET", "/apikeys/", nil),
      ("DELETE", "/apikeys/2/", nil), ("DELETE", "/apikeys/2/", nil),
    ] {
      var request = Request(method, path, json: body)
      request.apiKey = "mm_right"
      exchanges.send(request)
    }
  }

  /// What the validator has to say of the document and of these answers.
  private static func complaints(_ exchanges: [JSONValue]) throws -> [String] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "openapi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let document = folder.appending(path: "openapi.json")
    try Data(ContractDocument().json.serialized()).write(to: document)
    let list = folder.appending(path: "exchanges.json")
    try Data(JSONValue.array(exchanges).serialized()).write(to: list)

    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Contract/validate.py")
    return try Python.lines(
      String(contentsOf: script, encoding: .utf8), arguments: [document.path, list.path])
  }
}
