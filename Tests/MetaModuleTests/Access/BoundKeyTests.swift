import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// A key that is bound to clients: all others are to it as if they were not there (API.md, section 4).
@Suite struct BoundKeyTests {
  private static let key = "mm_bound_0123456789"

  /// Two clients with an account each, and an admin's key that is bound to the first.
  private static func harness(_ scope: KeyScope = .admin) throws -> Harness {
    let harness = try Harness()
    harness.addClient()
    harness.addClient("other", label: "yusuf", page: "113344556677889")
    harness.send("GET", "/instagram/client_001/")
    harness.send("GET", "/instagram/other/")
    _ = try harness.store().insertKey(
      label: "bound", scope: scope, clients: ["client_001", "gone"], prefix: "mm_bound",
      hash: SHA256.digest(Array(key.utf8)))
    return harness
  }

  private static func send(
    _ harness: Harness, _ method: String, _ target: String, _ json: String? = nil
  ) -> Answer {
    var request = Request(method, target, json: json)
    request.apiKey = key
    return harness.send(request)
  }

  @Test func `another client's grid, mapping and refresh are not there`() throws {
    let harness = try Self.harness()
    let mappings = Self.send(harness, "GET", "/mappings/").json["mappings"]?.array ?? []
    #expect(mappings.compactMap { $0["client_id"]?.string } == ["client_001"])
    let row = try harness.mapping("other")
    let other = try #require(row).id
    #expect(Self.send(harness, "GET", "/instagram/client_001/").status == 200)
    for (method, path) in [
      ("GET", "/instagram/other/"), ("POST", "/mappings/\(other)/refresh/"),
      ("DELETE", "/mappings/\(other)/"),
    ] {
      let answer = Self.send(harness, method, path)
      #expect(answer.status == 404, "\(method) \(path)")
      #expect(
        answer.text
          == Self.send(harness, method, path.replacing("other", with: "x").replacing("\(other)", with: "99"))
          .text)
    }
    #expect(try harness.mapping("other") != nil)
    #expect(Self.send(harness, "POST", "/mappings/1/refresh/").status == 200)
  }

  @Test func `another client's posts are not there, whether they were seen or not`() throws {
    let harness = try Self.harness(.read)
    let others = "17903000000000000"
    #expect(try harness.store().account(ofMedium: others) != nil)
    #expect(Self.send(harness, "GET", "/post/17999999999999999/").status == 200)
    harness.simulator.clearCalls()
    #expect(Self.send(harness, "GET", "/post/\(others)/").status == 404)
    #expect(harness.simulator.calls().isEmpty)
    let row = try harness.mapping("other")
    _ = try harness.store().removeMapping(try #require(row).id)
    harness.sync("other", page: "113344556677889", token: 2)
    #expect(Self.send(harness, "GET", "/post/\(others)/").status == 404)
  }

  @Test func `events are those about its clients`() throws {
    let harness = try Self.harness()
    let events = Self.send(harness, "GET", "/events/").json["events"]?.array ?? []
    #expect(events.compactMap { $0["action"]?.string } == ["mapping.sync"])
    let row = try harness.mapping("client_001")
    let id = try #require(row).id
    #expect(Self.send(harness, "DELETE", "/mappings/\(id)/").status == 204)
    let after = Self.send(harness, "GET", "/events/?limit=1").json
    #expect(after["events"]?[0]?["action"] == "mapping.remove")
    #expect(after["next"] != nil)
  }

  @Test func `what is about the whole installation is not for it`() throws {
    let harness = try Self.harness()
    for route in RouteTable.routes where !route.isOfClients && route.capability == .admin {
      let answer = Self.send(harness, route.method, MethodTests.path(route.pattern))
      #expect(answer.status == 403, "\(route.documentedName)")
    }
  }

  @Test func `a key of scope metrics is for what is measured alone`() throws {
    let harness = try Harness()
    harness.addClient()
    _ = try harness.store().insertKey(
      label: "metrics", scope: .metrics, prefix: "mm_bound", hash: SHA256.digest(Array(Self.key.utf8)))
    #expect(Self.send(harness, "GET", "/instagram/client_001/").status == 403)
    #expect(Self.send(harness, "GET", "/mappings/").status == 403)
    #expect(Self.send(harness, "GET", "/session/").json["scope"] == "metrics")
  }

  // MARK: - Making keys

  @Test func `a key is shown once, listed without itself, and revoked`() throws {
    let harness = try Harness()
    harness.addClient()
    let made = harness.send(
      "POST", "/apikeys/",
      #"{"label":" Site ","scope":"read","client_ids":["client_001","client_001"]}"#)
    #expect(made.status == 201)
    #expect(
      made.json.object?.keys == ["id", "label", "scope", "client_ids", "key", "last_used_at", "created_at"])
    #expect(made.json["client_ids"] == ["client_001"])
    let key = try #require(made.json["key"]?.string)

    var request = Request("GET", "/instagram/client_001/")
    request.apiKey = key
    #expect(harness.send(request).status == 200)
    var list = Request("GET", "/apikeys/")
    let admin = harness.application
    list.apiKey = try admin.createAPIKey(label: "admin", scope: .admin).key.revealed()
    let rows = harness.send(list)
    #expect(rows.json["apikeys"]?.array?.count == 2)
    #expect(!rows.text.contains(key))
    var revoke = Request("DELETE", "/apikeys/1/")
    revoke.apiKey = list.apiKey
    #expect(harness.send(revoke).status == 204)
    #expect(harness.send(revoke).status == 404)
    #expect(harness.send(request).status == 401)
    #expect(harness.send(list).json["apikeys"]?.array?.count == 1)
  }

  @Test(arguments: [
    (#"{"label":"x","scope":"all"}"#, "scope", "\"all\" is not a valid choice."),
    (#"{"label":"x","scope":"read","client_ids":[]}"#, "client_ids", "This list may not be empty."),
    (
      #"{"label":"x","scope":"read","client_ids":"client_001"}"#, "client_ids",
      "Expected a list of items but got type \"str\"."
    ),
    (
      #"{"label":"x","scope":"read","client_ids":["a\nb"]}"#, "client_ids",
      "This value does not match the required pattern."
    ),
    (#"{"label":"x","scope":"read","client_ids":[true]}"#, "client_ids", "Not a valid string."),
    (
      #"{"label":"x","scope":"metrics","client_ids":["a"]}"#, "client_ids",
      "A key of scope metrics is bound to no client."
    ),
  ])
  func `what is no key is refused with a sentence`(body: String, field: String, message: String) throws {
    let harness = try Harness()
    let answer = harness.send("POST", "/apikeys/", body)
    #expect(answer.status == 400)
    #expect(answer.json[field]?.array == [.string(message)])
    #expect(try harness.store().keys(limit: 9).isEmpty)
  }
}
