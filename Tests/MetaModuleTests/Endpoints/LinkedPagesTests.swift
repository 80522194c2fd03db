import Foundation
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// `GET /pages/`: every Page that every active token reaches.
@Suite struct LinkedPagesTests {
  private static func world(_ tokens: Int, pages: Int = 2) -> World {
    .generated(seed: 7, tokens: tokens, pagesPerToken: pages, mediaPerAccount: 1)
  }

  private static func ids(_ answer: Answer) -> [String] {
    answer.json["pages"]?.array?.compactMap { $0["fb_page_id"]?.string } ?? []
  }

  private static func tokens(_ answer: Answer) -> [Int64] {
    answer.json["pages"]?.array?.compactMap { $0["token_id"]?.int64 } ?? []
  }

  private static func warned(_ answer: Answer) -> [Int64] {
    answer.json["warnings"]?.array?.compactMap { $0["token_id"]?.int64 } ?? []
  }

  // MARK: - What is listed

  @Test func `without tokens there are no pages`() throws {
    let answer = try Harness().send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(answer.text == #"{"pages":[]}"#)
  }

  @Test func `a token that reaches nothing has none`() throws {
    for label in ["no-pages", "profile-only"] {
      let harness = try Harness()
      harness.addToken(label)
      #expect(harness.send("GET", "/pages/").text == #"{"pages":[]}"#)
    }
  }

  @Test func `a row has every key, and the page token is always null`() throws {
    let harness = try Harness()
    harness.addToken("yusuf")
    let answer = harness.send("GET", "/pages/")
    let rows = try #require(answer.json["pages"]?.array)
    #expect(rows.count == 3)
    for row in rows {
      #expect(
        row.object?.keys == [
          "account_label", "token_id", "fb_page_id", "fb_page_name", "fb_page_picture", "page_access_token",
          "ig_account_id",
        ])
      #expect(row["page_access_token"] == .null)
    }
    #expect(rows[0]["fb_page_name"] == "بيت الزيتون · Olive House")
    #expect(rows[0]["ig_account_id"] == "17841403243590103")
    #expect(rows[2]["fb_page_picture"] == .null)
    #expect(rows[2]["ig_account_id"] == .null)
    #expect(!answer.text.contains(#"\/"#) && !answer.text.contains(#"\u"#))
    #expect(!answer.text.contains("EAA"))
  }

  @Test func `tokens come in the order of their ids and pages in Graph's, whoever answers first`() throws {
    let harness = try Harness(world: Self.world(3, pages: 3))
    for label in ["t0", "t1", "t2"] { harness.addToken(label) }
    harness.simulator.addFault(Fault(.latency(milliseconds: 300), match: .init(token: "t0")))
    harness.simulator.addFault(Fault(.latency(milliseconds: 150), match: .init(token: "t1")))
    let answer = harness.send("GET", "/pages/")
    #expect(Self.tokens(answer) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    #expect(Self.ids(answer) == (0..<9).map { "10000000000000\($0)" })
  }

  @Test func `all tokens are asked at the same time`() throws {
    let harness = try Harness(world: Self.world(20))
    for index in 0..<20 { harness.addToken("t\(index)") }
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.latency(milliseconds: 800)))
    #expect(harness.send("GET", "/pages/").json["pages"]?.array?.count == 40)
    #expect(harness.simulator.calls().count == 40, "accounts and portfolios of each")
    #expect(harness.simulator.maximumInFlight() == 40)
  }

  @Test func `a page that two tokens reach is listed for each`() throws {
    let harness = try Harness()
    try harness.plant(harness.simulator.token("john"), label: "one")
    try harness.plant(harness.simulator.token("forever"), label: "two")
    let answer = harness.send("GET", "/pages/")
    #expect(Self.ids(answer) == ["104567890123", "987654321098", "104567890123", "987654321098"])
    #expect(Self.tokens(answer) == [1, 1, 2, 2])
  }

  // MARK: - Cursors

  @Test(arguments: [0, 1, 99, 100, 101, 250]) func `cursors are followed to the end`(count: Int) throws {
    let harness = try Harness(world: Self.world(1, pages: count))
    harness.addToken("t0")
    harness.simulator.clearCalls()
    let ids = Self.ids(harness.send("GET", "/pages/"))
    #expect(ids.count == count)
    #expect(Set(ids).count == count)
    #expect(ids == ids.sorted())
    #expect(harness.simulator.counts()[.accounts] == max(1, (count + 99) / 100))
  }

  // A list that breaks off, without a cursor, has a test of its own.
  @Test(arguments: PagingQuirk.allCases.filter { $0 != .offsetNext })
  func `odd pages of Graph's change nothing`(quirk: PagingQuirk) throws {
    let harness = try Harness(world: Self.world(1, pages: 130))
    harness.addToken("t0")
    harness.simulator.clearCalls()
    // An empty page, or a short one, in the middle; a loop and a next behind the end at every page.
    let count = quirk == .emptyPage || quirk == .shortPage ? 2 : nil
    harness.simulator.addFault(Fault(.paging(quirk), match: .init(endpoint: .accounts), count: count))
    let answer = harness.send("GET", "/pages/")
    let ids = Self.ids(answer)
    #expect(Set(ids).count == ids.count, "each once")
    #expect(ids.count == 130)
    #expect(harness.simulator.calls().count <= 8)
    #expect(answer.json["warnings"] == nil)
  }

  @Test func `a cursor between two pages that name each other ends`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    func page(_ id: String, after: String) -> Fault.Kind {
      MarkingTests.raw(
        #"{"data":[{"id":"\#(id)"}],"paging":{"cursors":{"after":"\#(after)"},"next":"https:\/\/x\/"}}"#)
    }
    for _ in 0..<20 {
      harness.simulator.addFault(Fault(page("1", after: "a"), match: .init(endpoint: .accounts), count: 1))
      harness.simulator.addFault(Fault(page("2", after: "b"), match: .init(endpoint: .accounts), count: 1))
    }
    #expect(Self.ids(harness.send("GET", "/pages/")) == ["1", "2"])
    #expect(harness.simulator.counts()[.accounts] == 3)
  }

  // MARK: - Portfolios

  @Test func `pages reached only through a portfolio are listed, and none twice`() throws {
    let harness = try Harness()
    harness.addToken("maria")
    let answer = harness.send("GET", "/pages/")
    #expect(
      Self.ids(answer) == ["112233445566778", "112233445566779", "112233445566780", "112233445566781"])
    #expect(answer.json["warnings"] == nil)
  }

  @Test func `that a token has no right to portfolios is no error`() throws {
    let harness = try Harness()
    try harness.plant(harness.simulator.token("no-business"))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.ids(answer) == ["112233445566778", "112233445566779"])
    #expect(answer.json["warnings"] == nil)
    #expect(try harness.token(1)?.status == .active)
  }

  @Test(arguments: [
    GraphError(code: 200), GraphError(code: 10), GraphError(code: 3), GraphError(code: 100),
    GraphError(code: 100, subcode: 33), GraphError(code: 803),
  ])
  func `nor is that Graph does not know the edge`(error: GraphError) throws {
    let harness = try Harness()
    harness.addToken("maria")
    harness.simulator.addFault(Fault(.error(error), match: .init(endpoint: .businesses)))
    let answer = harness.send("GET", "/pages/")
    #expect(Self.ids(answer) == ["112233445566778", "112233445566779"])
    #expect(answer.json["warnings"] == nil)
  }

  @Test func `a portfolio that cannot be asked is a warning beside the pages there are`() throws {
    let harness = try Harness()
    harness.addToken("maria")
    harness.simulator.addFault(Fault(.error(GraphError(code: 2)), match: .init(endpoint: .businesses)))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.ids(answer) == ["112233445566778", "112233445566779"])
    #expect(
      answer.json["warnings"]
        == [["token_id": 1, "account_label": "maria", "detail": "Meta Graph API error"]])
  }

  @Test func `portfolios with many pages are followed to the end`() throws {
    var world = World()
    let pages = (0..<230).map { "20000000\(1000 + $0)" }
    for id in pages { world.add(Page(id: id, name: "P")) }
    world.add(
      Business(id: "77", name: "B", ownedPageIDs: Array(pages[..<220]), clientPageIDs: pages.suffix(20)))
    world.add(User(id: "5", name: "U", businessIDs: ["77"]))
    world.tokens = [AccessToken(label: "u", userID: "5")]
    let harness = try Harness(world: world)
    harness.addToken("u")
    let ids = Self.ids(harness.send("GET", "/pages/"))
    #expect(ids.count == 230)
    #expect(Set(ids) == Set(pages))
  }

  // MARK: - Tokens that fail

  @Test func `a refused token is marked and left out, and the others' pages are returned`() throws {
    let harness = try Harness(world: Self.world(3))
    for label in ["t0", "t1", "t2"] { harness.addToken(label) }
    harness.simulator.setState(.revoked, ofToken: "t1")
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.tokens(answer) == [1, 1, 3, 3])
    #expect(answer.json["warnings"] == nil)
    #expect(try harness.token(2)?.status == .invalid)
    #expect(try harness.token(2)?.statusReason == "revoked")
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `a token whose time is over is set to expired and not asked`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let past = Timestamp(seconds: Timestamp.now.seconds - 1)
    let old = try harness.plant(harness.simulator.token("maria"), expiresAt: past)
    harness.simulator.clearCalls()
    #expect(Self.tokens(harness.send("GET", "/pages/")) == [1, 1])
    #expect(try harness.token(old)?.status == .expired)
    #expect(harness.simulator.calls().allSatisfy { $0.tokenLabel == "john" })
  }

  @Test func `a token that needs a log-in is a warning, and stays active`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.setState(.checkpoint, ofToken: "john")
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(answer.json["pages"] == [])
    #expect(Self.warned(answer) == [1])
    #expect(answer.json["warnings"]?[0]?["detail"]?.string?.contains("log in") == true)
    #expect(try harness.token(1)?.status == .active)
  }

  /// What a token meets, the warning, and the answer when it is the only one.
  static let failures: [(Fault.Kind, String, Int)] = [
    (.throttled(code: 4, minutes: 0), "Rate limit reached, try again in 60 seconds", 429),
    (.tooManyRequests(retryAfter: 30), "Rate limit reached, try again in 30 seconds", 429),
    (.error(GraphError(code: 2)), "Meta Graph API error", 502),
    (.html(status: 500), "Meta Graph API error", 502),
    (.reset(afterBytes: nil), "Meta Graph API error", 502), (.wrongTypes, "Meta Graph API error", 502),
    (.truncated(bytes: 5), "Meta Graph API error", 502),
    (.hang, "Meta Graph API did not answer in time", 504),
    (.error(GraphError(code: 10)), "Token lacks a required permission", 200),
    (.error(GraphError(code: 200)), "Token lacks a required permission", 200),
  ]

  @Test(arguments: failures.indices) func `a token that cannot be asked keeps its status and is a warning`(
    index: Int
  ) throws {
    let (fault, detail, alone) = Self.failures[index]
    let harness = try Harness(world: Self.world(2), settings: ["META_GRAPH_TIMEOUT": "5"])
    for label in ["t0", "t1"] { harness.addToken(label) }
    harness.simulator.addFault(Fault(fault, match: .init(token: "t0")))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.tokens(answer) == [2, 2])
    #expect(answer.json.object?.keys == ["pages", "warnings"])
    #expect(
      answer.json["warnings"] == [["token_id": 1, "account_label": "t0", "detail": .string(detail)]])
    #expect(try harness.token(1)?.status == .active)

    harness.send("PATCH", "/tokens/2/", #"{"status":"invalid"}"#)
    let lonely = harness.send("GET", "/pages/")
    #expect(lonely.status == alone)
    if alone == 200 { #expect(lonely.json["pages"] == []) } else { #expect(lonely.detail?.isEmpty == false) }
    #expect((lonely.header("Retry-After") != nil) == (alone == 429))
  }

  @Test func `when nobody could be asked, throttling says most, then a timeout`() throws {
    let harness = try Harness(world: Self.world(3), settings: ["META_GRAPH_TIMEOUT": "5"])
    for label in ["t0", "t1", "t2"] { harness.addToken(label) }
    harness.simulator.addFault(Fault(.html(status: 500), match: .init(token: "t0")))
    harness.simulator.addFault(Fault(.hang, match: .init(token: "t1")))
    let number = harness.simulator.addFault(Fault(.error(GraphError(code: 2)), match: .init(token: "t2")))
    #expect(harness.send("GET", "/pages/").status == 504)
    harness.simulator.removeFault(number)
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 40), match: .init(token: "t2")))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 429)
    #expect(answer.header("Retry-After") == "40")
  }

  @Test func `five tokens, one dead, one hanging, one garbage: the others' pages come in bounded time`()
    throws
  {
    let harness = try Harness(world: Self.world(5), settings: ["META_GRAPH_TIMEOUT": "5"])
    for index in 0..<5 { harness.addToken("t\(index)") }
    harness.simulator.setState(.passwordChanged, ofToken: "t0")
    harness.simulator.addFault(Fault(.hang, match: .init(token: "t1")))
    harness.simulator.addFault(Fault(.html(status: 200), match: .init(token: "t2")))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.tokens(answer) == [4, 4, 5, 5])
    #expect(Self.warned(answer) == [2, 3])
    let statuses = try (1...5).map { try harness.token($0)?.status }
    #expect(statuses == [.invalid, .active, .active, .active, .active])
  }

  @Test func `a token that no key opens is a warning, and its row does not change`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let foreign = try harness.store().saveToken(
      NewToken(accountLabel: "foreign", sealedToken: "gAAAAABforeign"))
    let before = try harness.token(foreign.token.id)
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.tokens(answer) == [1, 1])
    #expect(Self.warned(answer) == [foreign.token.id])
    #expect(answer.json["warnings"]?[0]?["detail"]?.string?.contains("Fernet key") == true)
    #expect(try harness.token(foreign.token.id) == before)
    let rows = harness.send("GET", "/tokens/").json["tokens"]
    #expect(rows?[1]?["status_reason"] == "key_missing")
    #expect(rows?[1]?["status"] == "active")
  }
}
