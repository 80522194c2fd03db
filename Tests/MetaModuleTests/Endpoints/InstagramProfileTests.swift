import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store

/// `GET /instagram/<client_id>/`: the frequent request.
@Suite struct InstagramProfileTests {
  private static let account = "17841405822348523"

  // MARK: - What it shows

  @Test func `a cold grid costs one call and a warm one none`() throws {
    let harness = try Harness()
    harness.addClient()
    let cold = harness.send("GET", "/instagram/client_001/")
    #expect(cold.header("X-Cache") == "miss")
    #expect(harness.simulator.calls().map(\.tokenLabel) == ["john/104567890123"])
    let warm = harness.send("GET", "/instagram/client_001/")
    #expect(warm.header("X-Cache") == "hit")
    #expect(warm.text == cold.text)
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `it has a profile and the 25 newest media, every key present`() throws {
    let harness = try Harness()
    harness.addClient()
    let grid = harness.send("GET", "/instagram/client_001/").json
    #expect(grid.object?.keys == ["profile", "media"])
    #expect(
      grid["profile"]?.object?.keys == [
        "followers_count", "follows_count", "media_count", "username", "profile_picture_url",
      ])
    #expect(grid["profile"]?["followers_count"] == 5432)
    #expect(grid["profile"]?["media_count"] == 87)
    let media = try #require(grid["media"]?.array)
    #expect(media.count == 25)
    for medium in media {
      #expect(
        medium.object?.keys == [
          "id", "caption", "media_url", "media_type", "thumbnail_url", "timestamp", "permalink",
        ])
    }
    #expect(media[0]["id"] == "17999999999999999")
    #expect(media[0]["thumbnail_url"] == .null)
    #expect(media[1]["thumbnail_url"]?.string != nil)
  }

  @Test func `an account without posts, picture or name has an empty grid`() throws {
    let harness = try Harness()
    let token = harness.addToken("yusuf")
    harness.sync("c", page: "113344556677890", token: token)
    #expect(
      harness.send("GET", "/instagram/c/").text
        == #"{"profile":{"followers_count":4,"follows_count":19,"media_count":0,"username":"haddad.print","#
        + #""profile_picture_url":null},"media":[]}"#)
  }

  @Test func `captions of every script and with markup pass through`() throws {
    let harness = try Harness()
    let token = harness.addToken("yusuf")
    harness.sync("c", page: "113344556677889", token: token)
    let answer = harness.send("GET", "/instagram/c/")
    #expect(answer.text.contains("زيت زيتون بكر من أول عصرة 🫒"))
    #expect(!answer.text.contains(#"\/"#))
    #expect(!answer.text.contains(#"\u"#))
  }

  // MARK: - Which mapping

  @Test func `without a mapping it is not found, with a body like the document's`() throws {
    let harness = try Harness()
    harness.addClient()
    for client in [
      "nobody", "client_00", "client_0011", "CLIENT_001", "client_001%20", "%20client_001", ".x", "a%00b",
    ] {
      let answer = harness.send("GET", "/instagram/\(client)/")
      #expect(answer.status == 404)
      #expect(["Mapping not found", "Not found."].contains(answer.detail))
    }
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `a client whose page has no Instagram account is told so`() throws {
    let harness = try Harness()
    harness.addClient("c", page: "987654321098")
    let answer = harness.send("GET", "/instagram/c/")
    #expect(answer.status == 200)
    #expect(answer.text == #"{"detail":"No Instagram account linked"}"#)
    #expect(answer.header("Cache-Control") == "no-store")
    #expect(answer.header("X-Cache") == nil)
  }

  @Test func `the mapping synced last that has an account is used, and fb_page_id narrows the choice`() throws
  {
    let harness = try Harness()
    let maria = harness.addToken("maria")
    for page in ["112233445566778", "112233445566780", "112233445566779"] {
      harness.sync("c", page: page, token: maria)
    }
    func username(_ query: String = "") -> JSONValue? {
      harness.send("GET", "/instagram/c/\(query)").json["profile"]?["username"]
    }
    #expect(username() == "lindqvistbageri", "the last one of all has no account")
    #expect(username("?fb_page_id=112233445566778") == "cafelindqvist")
    harness.sync("c", page: "112233445566778", token: maria)
    #expect(username() == "cafelindqvist", "synced again, it is the newest")
    #expect(
      harness.send("GET", "/instagram/c/?fb_page_id=112233445566779").detail == "No Instagram account linked")
    for page in ["1", "", "x", "112233445566778%20", "112233445566778&fb_page_id=1"] {
      let answer = harness.send("GET", "/instagram/c/?fb_page_id=\(page)")
      #expect(answer.status == (page.hasSuffix("=1") ? 200 : 404), "\(page)")
    }
    #expect(username("?unknown=1") == "cafelindqvist")
    #expect(username("?%") == "cafelindqvist", "a broken query is like none")
  }

  @Test func `a mapping that was removed is served no more, whatever the cache holds`() throws {
    let harness = try Harness()
    harness.addClient("a")
    harness.sync("b")
    harness.send("GET", "/instagram/a/")
    #expect(harness.send("DELETE", "/mappings/1/").status == 204)
    #expect(harness.send("GET", "/instagram/a/").status == 404)
    #expect(
      harness.send("GET", "/instagram/b/").header("X-Cache") == "hit", "the account is still shown by another"
    )
    #expect(harness.send("DELETE", "/mappings/2/").status == 204)
    harness.sync("b")
    #expect(
      harness.send("GET", "/instagram/b/").header("X-Cache") == "miss",
      "with its last client it left the cache")
  }

  @Test func `two clients of one account share its grid`() throws {
    let harness = try Harness()
    harness.addClient("a")
    harness.sync("b")
    harness.simulator.clearCalls()
    #expect(harness.send("GET", "/instagram/a/").header("X-Cache") == "miss")
    #expect(harness.send("GET", "/instagram/b/").header("X-Cache") == "hit")
    #expect(harness.simulator.calls().count == 1)
  }

  // MARK: - Caching

  @Test func `a fresh answer says how old it is and for how long it holds`() throws {
    let harness = try Harness()
    harness.addClient()
    let miss = harness.send("GET", "/instagram/client_001/")
    #expect(miss.header("Age") == "0")
    #expect(miss.header("Cache-Control") == "private, max-age=300")
    try harness.age(seconds: 100)
    let hit = harness.send("GET", "/instagram/client_001/")
    let age = try #require(hit.header("Age").flatMap { Int($0) })
    #expect((100...103).contains(age))
    #expect(hit.header("Cache-Control") == "private, max-age=\(300 - age)")
  }

  @Test func `after 300 seconds it is fetched again`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    try harness.age(seconds: 280)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
    try harness.age(seconds: 301)
    let again = harness.send("GET", "/instagram/client_001/")
    #expect(again.header("X-Cache") == "miss")
    #expect(again.header("Age") == "0")
    #expect(harness.simulator.calls().count == 2)
  }

  @Test func `its ETag is strong, and the same for the same grid only`() throws {
    let harness = try Harness()
    harness.addClient()
    let etag = try #require(harness.send("GET", "/instagram/client_001/").header("ETag"))
    #expect(etag.hasPrefix("\"") && etag.hasSuffix("\"") && etag.utf8.count == 34)
    #expect(harness.send("GET", "/instagram/client_001/").header("ETag") == etag)
    try harness.age(seconds: 301)
    #expect(
      harness.send("GET", "/instagram/client_001/").header("ETag") == etag, "fetched anew, and unchanged")
    try harness.age(seconds: 301)
    harness.simulator.addFault(Fault(SeedSamplesTests.grid, match: .init(endpoint: .instagram)))
    #expect(harness.send("GET", "/instagram/client_001/").header("ETag") != etag)
  }

  @Test func `If-None-Match answers 304 without a body`() throws {
    let harness = try Harness()
    harness.addClient()
    let etag = try #require(harness.send("GET", "/instagram/client_001/").header("ETag"))
    func ask(_ value: String, method: String = "GET") -> Answer {
      var request = Request(method, "/instagram/client_001/")
      request.take("HTTP_IF_NONE_MATCH", value)
      return harness.send(request)
    }
    let bare = String(etag.dropFirst().dropLast())
    for value in [
      etag, "W/\(etag)", "*", " * ", "\"x\", \(etag)", " \(etag) ,\"y\"", "\"x\",W/\(etag)", ",, \(etag),",
      "\"x,y\",\(etag)", "\"\", \(etag)",
      // What Apache's mod_deflate and mod_brotli make of it.
      "\"\(bare)-gzip\"", "W/\"\(bare)-gzip\"", "\"x\", \"\(bare)-br\"",
    ] {
      let answer = ask(value)
      #expect(answer.status == 304, "\(value)")
      #expect(answer.text.isEmpty)
      #expect(
        answer.headerNames == [
          "Age", "Cache-Control", "ETag", "X-Cache", "X-Content-Type-Options", "X-Request-Id",
        ])
      #expect(answer.header("ETag") == etag)
      #expect(answer.header("Cache-Control")?.hasPrefix("private, max-age=") == true)
    }
    #expect(ask(etag, method: "HEAD").status == 304)
    for value in [
      "", "\"x\"", bare, "\"\(bare)", "\(bare)\"", "w/\(etag)", "\"*\"", etag.uppercased(),
      // Only `*` alone is anything, and a tag within a tag is none.
      "\"x\", *", "*, \"x\"", "\"x,\(bare)\"", "\"\(bare)-gzip-gzip\"", "\"-gzip\"", "\"\(bare)-zip\"",
      "\"gzip\"",
      "\"x\(etag)", "x, \(etag)", "\"\(bare)\u{0}\"", "W/ \(etag)",
    ] {
      #expect(ask(value).status == 200, "\(value)")
    }
  }

  @Test func `a page not cached by the browser may get 304 from a fetch of our own`() throws {
    let harness = try Harness()
    harness.addClient()
    let etag = try #require(harness.send("GET", "/instagram/client_001/").header("ETag"))
    try harness.age(seconds: 400)
    var request = Request("GET", "/instagram/client_001/")
    request.take("HTTP_IF_NONE_MATCH", etag)
    let answer = harness.send(request)
    #expect(answer.status == 304)
    #expect(answer.header("X-Cache") == "miss")
  }

  @Test func `threads and processes that ask at once make one call`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(.latency(milliseconds: 400)))
    let gate = Gate(expected: 12)
    let threads = try (0..<12).map { _ in
      let application = try harness.another()
      return Background {
        gate.pass()
        return Answer(application.respond(to: Request("GET", "/instagram/client_001/"))).text
      }
    }
    let answers = threads.compactMap { $0.result() }
    #expect(answers.count == 12)
    #expect(Set(answers).count == 1)
    #expect(answers[0].hasPrefix(#"{"profile":"#))
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `those who waited for a failure share it, and make no calls of their own`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addClient()
    harness.simulator.addFault(Fault(.latency(milliseconds: 500)))
    harness.simulator.addFault(Fault(.html(status: 500)))
    let gate = Gate(expected: 8)
    let threads = try (0..<8).map { _ in
      let application = try harness.another(settings: ["META_RETRIES": "0"])
      return Background {
        gate.pass()
        return Answer(application.respond(to: Request("GET", "/instagram/client_001/"))).status
      }
    }
    #expect(threads.compactMap { $0.result() } == Array(repeating: 502, count: 8))
    // Who comes when the failure is already told is not one who waited, and asks for himself.
    #expect(harness.simulator.calls().count <= 2)
  }

  @Test func `a cache that cannot be used costs calls and nothing else`() throws {
    let harness = try Harness(settings: ["META_CACHE_DIR": "/proc/nowhere/cache"])
    harness.addClient()
    for calls in 1...2 {
      let answer = harness.send("GET", "/instagram/client_001/")
      #expect(answer.status == 200)
      #expect(answer.header("X-Cache") == "miss")
      #expect(harness.simulator.calls().count == calls)
    }
  }

  // MARK: - Refused tokens

  @Test func `a refused page token is fetched anew once, stored, and used`() throws {
    for trouble in [
      GraphError(code: 190, subcode: 463), GraphError(code: 190, subcode: 492), GraphError(code: 190),
    ] {
      let harness = try Harness()
      harness.addClient()
      let before = try #require(try harness.mapping("client_001"))
      harness.simulator.addFault(Fault(.error(trouble), match: .init(endpoint: .instagram), count: 1))
      #expect(harness.send("GET", "/instagram/client_001/").status == 200)
      #expect(harness.simulator.calls().map(\.endpoint) == [.instagram, .page, .instagram])
      let after = try #require(try harness.mapping("client_001"))
      #expect(after.sealedPageToken != before.sealedPageToken)
      #expect(after.updatedAt == before.updatedAt)
      #expect(try harness.token(1)?.status == .active)
    }
  }

  @Test func `once only`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(
      Fault(.error(GraphError(code: 190, subcode: 460)), match: .init(endpoint: .instagram)))
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token expired or invalid","reason":"password_changed"}"#)
    #expect(harness.simulator.calls().map(\.endpoint) == [.instagram, .page, .instagram])
    #expect(try harness.token(1)?.status == .active, "the user's own token was not refused")
  }

  @Test func `when the user's token is refused too, it is marked`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.setState(.appRemoved, ofToken: "john")
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token expired or invalid","reason":"app_removed"}"#)
    #expect(harness.simulator.calls().map(\.endpoint) == [.instagram, .page])
    #expect(try harness.token(1)?.status == .invalid)
    harness.simulator.clearCalls()
    #expect(harness.send("GET", "/instagram/client_001/").status == 400)
    #expect(harness.simulator.calls().map(\.endpoint) == [.instagram], "an invalid token is not asked")
  }

  @Test func `a user token that fails otherwise marks nothing, and the stored page token stays`() throws {
    for (fault, status) in [
      (.error(GraphError(code: 2)), 502), (.throttled(code: 17, minutes: 0), 429), (.html(status: 200), 502),
      (.error(GraphError(code: 10)), 400), (.error(GraphError(code: 100, subcode: 33)), 400),
      (MarkingTests.raw(#"{"id":"104567890123"}"#), 400),
    ] as [(Fault.Kind, Int)] {
      let harness = try Harness()
      harness.addClient()
      let before = try harness.mapping("client_001")
      harness.simulator.addFault(
        Fault(.error(GraphError(code: 190, subcode: 463)), match: .init(endpoint: .instagram)))
      harness.simulator.addFault(Fault(fault, match: .init(endpoint: .page)))
      #expect(harness.send("GET", "/instagram/client_001/").status == status, "\(fault)")
      #expect(try harness.mapping("client_001") == before)
      #expect(try harness.token(1)?.status == .active)
    }
  }

  @Test func `a page token that no key opens is told as that, and nothing changes`() throws {
    let harness = try Harness()
    harness.addClient()
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.execute("UPDATE client_page_mapping SET page_access_token = 'gAAAAABx'")
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 503)
    #expect(answer.detail?.contains("Fernet key") == true)
    #expect(harness.simulator.calls().isEmpty)
    #expect(try harness.token(1)?.status == .active)
    #expect(try harness.mapping("client_001")?.sealedPageToken == "gAAAAABx")
  }

  @Test func `a missing permission marks nothing`() throws {
    let harness = try Harness()
    harness.addClient(label: "no-instagram")
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token lacks a required permission","reason":"permission_missing"}"#)
    #expect(try harness.token(1)?.status == .active)
  }

  // MARK: - Nonsense

  @Test(arguments: [
    #"{"id":"17841405822348523","followers_count":"many"}"#, #"{"id":"17841405822348523","username":5}"#,
    #"{"id":"17841405822348523","username":"x","media":[]}"#,
    #"{"id":"17841405822348523","media":{"data":{}}}"#,
    #"{"id":"17841405822348523","media":{"data":[{"caption":"no id"}]}}"#,
    #"{"id":"17841405822348523","media":{"data":[1,"x",null]}}"#, #"{"username":"x"}"#, #"{"data":[]}"#, "[]",
  ])
  func `nonsense is no grid, and is not kept`(body: String) throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(MarkingTests.raw(body), match: .init(endpoint: .instagram), count: 1))
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 502)
    #expect(answer.reason == "upstream_error")
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "miss")
  }

  @Test func `one odd medium does not hide the others`() throws {
    let harness = try Harness()
    harness.addClient()
    let body =
      #"{"id":"17841405822348523","media":{"data":[{"id":"1"},{"caption":"x"},{"id":"2","caption":7},{"id":"3"}]}}"#
    harness.simulator.addFault(Fault(MarkingTests.raw(body)))
    let media = harness.send("GET", "/instagram/client_001/").json["media"]?.array
    #expect(media?.compactMap { $0["id"]?.string } == ["1", "3"])
  }

  @Test func `more media than were asked for are not shown`() throws {
    let harness = try Harness()
    harness.addClient()
    let rows = (1...40).map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
    harness.simulator.addFault(Fault(MarkingTests.raw(#"{"id":"1","media":{"data":[\#(rows)]}}"#)))
    #expect(harness.send("GET", "/instagram/client_001/").json["media"]?.array?.count == 25)
  }
}
