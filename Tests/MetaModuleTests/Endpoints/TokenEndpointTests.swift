import GraphSimulator
import JSON
import Testing

@testable import MetaModule

/// The endpoints for stored tokens, mappings and events (API.md, section 3).
@Suite struct TokenEndpointTests {
  static func add(_ harness: Harness, _ label: String) -> Answer {
    let body: JSONValue = ["access_token": .string(harness.simulator.token(label)), "account_label": "Label"]
    return harness.send("POST", "/tokens/", body.serializedText())
  }

  @Test func `a new token is 201, the same Meta user again replaces it with 200, and neither shows a token`()
    throws
  {
    let harness = try Harness()
    let first = Self.add(harness, "john")
    let second = Self.add(harness, "one-page")
    #expect(first.status == 201)
    #expect(first.json["status"] == "active")
    let john = first.json["user_id"]
    let again = Self.add(harness, "john")
    #expect(again.status == 200)
    #expect(again.json["user_id"] == john)
    for answer in [first, second, again, harness.send("GET", "/tokens/")] {
      #expect(!answer.text.contains(harness.simulator.token("john")))
    }
  }

  @Test func `with an app a short-lived token is exchanged, and expiry and scopes are read`() throws {
    let world = World.demo
    let harness = try Harness(settings: ["META_APP_ID": world.appID, "META_APP_SECRET": world.appSecret])
    let row = Self.add(harness, "short")
    #expect(row.status == 201)
    let expiry = try #require(Timestamp(row.json["expires_at"]?.string ?? ""))
    #expect(expiry.seconds - Timestamp.now.seconds > 50 * 86400)
    #expect(row.json["scopes"]?.array?.isEmpty == false)
    #expect(harness.simulator.calls().contains { $0.endpoint == .oauth })
  }

  @Test func `a refused token is not stored`() throws {
    let harness = try Harness()
    let answer = Self.add(harness, "expired")
    #expect(answer.status == 400)
    #expect(answer.reason == "expired")
    #expect(harness.send("GET", "/tokens/").json["tokens"]?.array?.isEmpty == true)
  }

  @Test func `label and status change, a word that is no status is refused, another user's token is 409`()
    throws
  {
    let harness = try Harness()
    let id = harness.addToken("john")
    #expect(
      harness.send("PATCH", "/tokens/\(id)/", #"{"account_label":"New"}"#).json["account_label"] == "New")
    let disabled = harness.send("PATCH", "/tokens/\(id)/", #"{"status":"invalid"}"#)
    #expect(disabled.json["status"] == "invalid")
    let wrong = harness.send("PATCH", "/tokens/\(id)/", #"{"status":"sleepy"}"#)
    #expect(wrong.status == 400)
    #expect(wrong.json["status"]?[0]?.string == "\"sleepy\" is not a valid choice.")
    let stranger: JSONValue = ["access_token": .string(harness.simulator.token("maria"))]
    #expect(harness.send("PATCH", "/tokens/\(id)/", stranger.serializedText()).status == 409)
    #expect(harness.send("PATCH", "/tokens/99/", #"{"account_label":"New"}"#).status == 404)
    #expect(harness.send("PATCH", "/tokens/x1/", #"{"account_label":"New"}"#).status == 404)
  }

  @Test func `a token in use is removed only by force`() throws {
    let harness = try Harness()
    harness.addClient()
    let refused = harness.send("DELETE", "/tokens/1/")
    #expect(refused.status == 409)
    #expect(refused.detail?.contains("1 mapping uses this token") == true)
    #expect(harness.send("DELETE", "/tokens/1/?force=1").status == 204)
    #expect(harness.send("DELETE", "/tokens/1/").status == 404)
  }

  @Test func `a check marks what Graph refuses and finds a recovered one again`() throws {
    let harness = try Harness()
    let id = harness.addToken("john")
    harness.simulator.setState(.checkpoint, ofToken: "john")
    let waiting = harness.send("POST", "/tokens/\(id)/check/")
    #expect(waiting.json["status"] == "active")
    #expect(waiting.json["status_reason"] == "login_required")
    harness.simulator.setState(.active, ofToken: "john")
    #expect(harness.send("POST", "/tokens/\(id)/check/").json["status_reason"] == .null)
    harness.simulator.setState(.revoked, ofToken: "john")
    let revoked = harness.send("POST", "/tokens/\(id)/check/")
    #expect(revoked.status == 200)
    #expect(revoked.json["status"] == "invalid")
    #expect(revoked.json["status_reason"] == "revoked")
  }

  @Test func `lists come in pages, and each change is on record`() throws {
    let harness = try Harness()
    harness.addClient("a")
    for client in ["b", "c"] {
      harness.send("POST", "/sync/", #"{"client_id":"\#(client)","fb_page_id":"104567890123","token_id":1}"#)
    }
    let first = harness.send("GET", "/mappings/?limit=2")
    #expect(first.json["mappings"]?.array?.count == 2)
    let next = try #require(first.json["next"]?.int64)
    let rest = harness.send("GET", "/mappings/?limit=2&after=\(next)")
    #expect(rest.json["mappings"]?.array?.count == 1)
    #expect(rest.json["next"] == nil)
    for limit in ["0", "201", "x", "-1"] {
      #expect(harness.send("GET", "/mappings/?limit=\(limit)").status == 400)
    }
    #expect(harness.send("DELETE", "/mappings/2/").status == 204)
    let events = harness.send("GET", "/events/?limit=2").json["events"]?.array ?? []
    #expect(events.first?["action"] == "mapping.remove")
    #expect(events.first?["subject"] == "mapping 2")
    #expect(events.first?["actor"] == "this machine")
  }

  @Test func `a removed mapping is served no more, whatever the cache holds`() throws {
    let harness = try Harness()
    harness.addClient()
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    #expect(try harness.another().respond(to: Request("DELETE", "/mappings/1/")).status == 204)
    #expect(harness.send("GET", "/instagram/client_001/").status == 404)
  }
}
