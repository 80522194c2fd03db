import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// The lists of tokens, mappings and events: `?limit=`, `?after=` and `"next"` (API.md, section 3), and what can be
/// done with a mapping.
@Suite struct ListTests {
  private static func harness(_ clients: Int) throws -> Harness {
    let harness = try Harness()
    harness.addToken("john")
    for index in 1...clients { harness.sync("client_\(index)") }
    return harness
  }

  @Test func `a list without limits shows 200 rows and where to go on`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    let store = try harness.store()
    for index in 1...205 {
      _ = try store.saveMapping(
        NewMapping(
          clientID: "c\(index)", pageID: "1", instagramAccountID: nil, sealedPageToken: "x", tokenID: token,
          pageName: nil))
    }
    let first = harness.send("GET", "/mappings/")
    #expect(first.json.object?.keys == ["mappings", "next"])
    #expect(first.json["mappings"]?.array?.count == 200)
    #expect(first.json["next"] == 200)
    let second = harness.send("GET", "/mappings/?after=200")
    #expect(second.json.object?.keys == ["mappings"])
    #expect(second.json["mappings"]?.array?.count == 5)
  }

  @Test func `page by page every row comes once`() throws {
    let harness = try Self.harness(7)
    for path in ["/mappings/", "/events/"] {
      let name = path == "/mappings/" ? "mappings" : "events"
      let all = try #require(harness.send("GET", path).json[name]?.array)
      var rows: [JSONValue] = []
      var after = ""
      for _ in 0..<10 {
        let page = harness.send("GET", "\(path)?limit=3\(after)").json
        rows += page[name]?.array ?? []
        guard let next = page["next"]?.int64 else { break }
        after = "&after=\(next)"
      }
      #expect(rows == all)
      #expect(all.count >= 7)
    }
  }

  @Test func `a page that is just full has no next`() throws {
    let harness = try Self.harness(3)
    #expect(harness.send("GET", "/mappings/?limit=3").json["next"] == nil)
    #expect(harness.send("GET", "/mappings/?limit=2").json["next"] == 2)
    #expect(harness.send("GET", "/mappings/?after=3").json == ["mappings": []])
    #expect(harness.send("GET", "/mappings/?after=9223372036854775807").json == ["mappings": []])
    #expect(
      harness.send("GET", "/mappings/?after=\(String(repeating: "9", count: 40))").json == ["mappings": []])
  }

  @Test(arguments: [
    ("limit=0", "limit", "Ensure this value is greater than or equal to 1."),
    ("limit=201", "limit", "Ensure this value is less than or equal to 200."),
    ("limit=x", "limit", "A valid integer is required."), ("limit=", "limit", "A valid integer is required."),
    ("limit=-1", "limit", "A valid integer is required."),
    ("limit=1.0", "limit", "A valid integer is required."),
    ("limit=%D9%A1", "limit", "A valid integer is required."),
    ("limit=9223372036854775808", "limit", "Ensure this value is less than or equal to 200."),
    ("after=x", "after", "A valid integer is required."),
    ("after=-1", "after", "A valid integer is required."),
  ])
  func `a limit that makes no sense is refused`(query: String, field: String, complaint: String) throws {
    let harness = try Harness()
    for path in ["/tokens/", "/mappings/", "/events/"] {
      let answer = harness.send("GET", "\(path)?\(query)")
      #expect(answer.status == 400)
      #expect(answer.json[field] == [.string(complaint)])
      #expect(answer.reason == "invalid")
    }
  }

  // MARK: - Mappings

  @Test func `a mapping is shown with everything but its token`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    let answer = harness.send("GET", "/mappings/")
    let row = try #require(answer.json["mappings"]?[0])
    let documented = [
      "id", "client_id", "fb_page_id", "fb_page_name", "ig_account_id", "ig_username", "token_id",
      "serves", "cached_at", "created_at", "updated_at",
    ]
    #expect(row.object?.keys == documented)
    #expect(row["fb_page_name"] == "My Business Page")
    #expect(row["ig_username"] == "mybusinessaccount", "learnt from the grid")
    #expect(!answer.text.contains("EAAP") && !answer.text.contains("gAAAAA"))
  }

  @Test func `a mapping is removed once`() throws {
    let harness = try Self.harness(2)
    #expect(harness.send("DELETE", "/mappings/1/").status == 204)
    #expect(harness.send("DELETE", "/mappings/1/").status == 404)
    for id in ["0", "x", "02", "-2"] { #expect(harness.send("DELETE", "/mappings/\(id)/").status == 404) }
    #expect(try harness.store().mappings(limit: 10).map(\.clientID) == ["client_2"])
  }

  @Test func `a refresh drops the cached grid and fetches it`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    harness.simulator.clearCalls()
    let answer = harness.send("POST", "/mappings/1/refresh/")
    #expect(answer.status == 200)
    #expect(answer.json["refreshed"] == true)
    #expect(answer.json["mapping"]?["client_id"] == "client_001")
    #expect(harness.simulator.calls().count == 1)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
    #expect(harness.send("POST", "/mappings/2/refresh/").status == 404)
    harness.sync("plain", page: "987654321098")
    let none = harness.send("POST", "/mappings/2/refresh/")
    #expect(none.json["refreshed"] == false)
    #expect(none.detail == "No Instagram account linked")
  }

  // MARK: - Events

  @Test func `events are the newest first, and say who did what to which row`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("DELETE", "/mappings/1/")
    let events = try #require(harness.send("GET", "/events/").json["events"]?.array)
    #expect(events.map { $0["action"] } == ["mapping.remove", "mapping.sync", "token.add"])
    #expect(
      events[0].object?.keys == ["id", "at", "actor", "action", "subject", "address", "result", "request_id"])
    #expect(events[0]["actor"] == "this machine")
    #expect(events[0]["subject"] == "mapping 1")
    #expect(events[0]["result"] == "deleted")
    #expect(events[0]["address"] == "127.0.0.1")
    #expect(events[0]["request_id"]?.string?.utf8.count == 16)
  }

  @Test func `reading is no event, and neither is what was refused`() throws {
    let harness = try Harness()
    harness.addClient()
    let before = try harness.store().events(limit: 100).count
    for path in ["/pages/", "/tokens/", "/mappings/", "/instagram/client_001/", "/events/"] {
      harness.send("GET", path)
    }
    harness.send("POST", "/sync/", "{}")
    harness.send("DELETE", "/tokens/1/")
    #expect(try harness.store().events(limit: 100).count == before)
  }

  @Test func `of a client's mappings one serves it: synced last of those with Instagram`() throws {
    let harness = try Harness()
    let token = harness.addClient()
    harness.sync("client_002", token: token)
    func serving() -> [String] {
      (harness.send("GET", "/mappings/").json["mappings"]?.array ?? []).filter { $0["serves"] == true }
        .map { "\($0["client_id"]?.string ?? "") \($0["id"]?.int64 ?? 0)" }
    }
    #expect(serving() == ["client_001 1", "client_002 2"])
    let sealed = try harness.application.keyRing().seal(Array("page".utf8))
    func save(_ page: String, _ account: String?) throws {
      _ = try harness.store().saveMapping(
        NewMapping(
          clientID: "client_001", pageID: page, instagramAccountID: account, sealedPageToken: sealed,
          tokenID: token), now: Timestamp(seconds: Timestamp.now.seconds + 60))
    }
    try save("7", nil)
    #expect(serving() == ["client_001 1", "client_002 2"])
    try save("8", "17841400000000008")
    #expect(serving() == ["client_002 2", "client_001 4"])
  }

  @Test func `clients whose names are told apart by their bytes alone are each served`() throws {
    let harness = try Harness()
    harness.addToken("john")
    for client in ["caf\u{E9}", "cafe\u{301}"] { harness.sync(client) }
    let rows = harness.send("GET", "/mappings/").json["mappings"]?.array ?? []
    #expect(rows.map { $0["serves"] } == [true, true])
  }
}
