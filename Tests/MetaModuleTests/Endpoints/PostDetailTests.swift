import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// `GET /post/<post_id>/`: one medium, if it belongs to an account that is mapped.
@Suite struct PostDetailTests {
  private static let known = "17999999999999999"

  private static func harness() throws -> Harness {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    harness.simulator.clearCalls()
    return harness
  }

  @Test func `a medium seen in a grid costs one call, as its Page`() throws {
    let harness = try Self.harness()
    let answer = harness.send("GET", "/post/\(Self.known)/")
    #expect(answer.status == 200)
    #expect(
      answer.json.object?.keys == [
        "id", "caption", "media_url", "media_type", "thumbnail_url", "timestamp", "permalink", "like_count",
        "comments_count",
      ])
    #expect(answer.json["like_count"] == 234)
    #expect(answer.json["timestamp"] == "2025-12-18T10:30:00+0000")
    #expect(answer.json["thumbnail_url"] == .null)
    #expect(answer.header("Cache-Control") == "no-store")
    #expect(harness.simulator.calls().map(\.tokenLabel) == ["john/104567890123"])
  }

  @Test func `it is fetched live`() throws {
    let harness = try Self.harness()
    harness.send("GET", "/post/\(Self.known)/")
    harness.send("GET", "/post/\(Self.known)/")
    #expect(harness.simulator.calls().count == 2)
  }

  @Test func `an unknown id is asked of every token in use at once, and its owner decides`() throws {
    let harness = try Harness()
    harness.addClient()
    try harness.addTokenInUse("maria")
    try harness.addTokenInUse("yusuf")
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.latency(milliseconds: 600)))
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 200)
    #expect(Set(harness.simulator.calls().map(\.tokenLabel)) == ["john", "maria", "yusuf"])
    #expect(harness.simulator.maximumInFlight() == 3)
    harness.simulator.clearCalls()
    harness.simulator.clearFaults()
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 200)
    #expect(harness.simulator.calls().count == 1, "it is remembered")
  }

  @Test func `a token that stands in two rows is asked once, and both rows are marked`() throws {
    let harness = try Harness()
    harness.addClient()
    try harness.use(try harness.plant(harness.simulator.token("john"), label: "again"))
    harness.simulator.clearCalls()
    #expect(harness.send("GET", "/post/17000000000000000/").status == 404)
    #expect(harness.simulator.calls().count == 1)
    harness.simulator.setState(.revoked, ofToken: "john")
    #expect(harness.send("GET", "/post/17000000000000001/").reason == "revoked")
    #expect(try harness.store().tokens(limit: 10).map(\.status) == [.invalid, .invalid])
  }

  @Test func `a token that is not active is not asked`() throws {
    let harness = try Harness()
    harness.addClient()
    let maria = try harness.addTokenInUse("maria")
    harness.send("PATCH", "/tokens/\(maria)/", #"{"status":"invalid"}"#)
    harness.simulator.clearCalls()
    harness.send("GET", "/post/\(Self.known)/")
    #expect(harness.simulator.calls().map(\.tokenLabel) == ["john"])
  }

  @Test func `somebody else's medium is not found, though Graph shows it`() throws {
    let harness = try Harness()
    harness.addClient()
    try harness.addTokenInUse("maria")
    // Maria's token shows it; no client is mapped to her account.
    let answer = harness.send("GET", "/post/180120000000000000/")
    #expect(answer.status == 404)
    #expect(answer.text == #"{"detail":"Post not found or not mapped"}"#)
    harness.sync("maria", page: "112233445566778", token: 2)
    let id = DemoMedium.maria(harness)
    #expect(harness.send("GET", "/post/\(id)/").status == 200)
    harness.send("DELETE", "/mappings/3/")
    #expect(harness.send("GET", "/post/\(id)/").status == 404, "not once its mapping is gone")
  }

  @Test func `a medium without an owner is nobody's`() throws {
    let harness = try Harness()
    harness.addClient()
    for (id, owner) in [
      "", #","owner":null"#, #","owner":{}"#, #","owner":{"id":"17841400000000000"}"#, #","owner":"x""#,
    ].enumerated() {
      harness.simulator.addFault(Fault(MarkingTests.raw(#"{"id":"\#(id)"\#(owner)}"#), count: 1))
      #expect(harness.send("GET", "/post/\(id)/").status == 404)
    }
    #expect(harness.simulator.calls().count == 5)
  }

  @Test(arguments: [
    "x", "1x", "-1", "+1", "1.0", "%20", "1%20", "me", "%D9%A1", "1%2F2", String(repeating: "1", count: 65),
    "_a",
  ])
  func `what is no post id is not found, and nobody is asked`(id: String) throws {
    let harness = try Self.harness()
    let answer = harness.send("GET", "/post/\(id)/")
    #expect(answer.status == 404)
    #expect(["Post not found or not mapped", "Not found."].contains(answer.detail))
    #expect(harness.simulator.calls().isEmpty)
  }

  /// Ids of a Page, of an account, of a person, of nothing, and in forms that only posts of Pages have.
  @Test(arguments: [
    "104567890123", "17841405822348523", "123456789", "1", "0", "104567890123_1", "_", "1_2_3",
    String(repeating: "9", count: 64),
  ])
  func `an id that is no medium's is not found`(id: String) throws {
    let answer = try Self.harness().send("GET", "/post/\(id)/")
    #expect(answer.status == 404)
    #expect(answer.text == #"{"detail":"Post not found or not mapped"}"#)
  }

  @Test(arguments: [
    GraphError(code: 100, subcode: 33), GraphError(code: 803), GraphError(code: 24, subcode: 2_207_006),
    GraphError(
      code: 100,
      message: "Unsupported get request. Object with ID '1' does not exist, cannot be loaded due to missing "
        + "permissions, or does not support this operation."),
  ])
  func `a medium that is gone is not found, seen before or not`(error: GraphError) throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(error)))
    for id in [Self.known, "17000000000000000"] {
      let answer = harness.send("GET", "/post/\(id)/")
      #expect(answer.status == 404)
      #expect(answer.text == #"{"detail":"Post not found or not mapped"}"#)
    }
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `without mappings nobody is asked`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 404)
    #expect(harness.simulator.calls().isEmpty)
  }

  // MARK: - Refused tokens

  @Test func `a refused page token is fetched anew once`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(
      Fault(.error(GraphError(code: 190, subcode: 463)), match: .init(endpoint: .post), count: 1))
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 200)
    #expect(harness.simulator.calls().map(\.endpoint) == [.post, .page, .post])
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `when the user's token is refused too, it is marked`() throws {
    let harness = try Self.harness()
    harness.simulator.setState(.revoked, ofToken: "john")
    let answer = harness.send("GET", "/post/\(Self.known)/")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token expired or invalid","reason":"revoked"}"#)
    #expect(harness.simulator.calls().map(\.endpoint) == [.post, .page])
    #expect(try harness.token(1)?.status == .invalid)
    #expect(try harness.token(1)?.statusReason == "revoked")
  }

  @Test func `a refused token is marked while an unknown id is asked for`() throws {
    let harness = try Harness()
    harness.addClient()
    try harness.addTokenInUse("maria")
    harness.simulator.setState(.expired, ofToken: "john")
    // Maria does not know it: that nobody does is what counts.
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 404)
    #expect(try harness.token(1)?.status == .invalid)
    harness.send("PATCH", "/tokens/1/", #"{"status":"active"}"#)
    harness.send("PATCH", "/tokens/2/", #"{"status":"invalid"}"#)
    let answer = harness.send("GET", "/post/\(Self.known)/")
    #expect(answer.status == 400)
    #expect(answer.reason == "expired")
  }

  // MARK: - Graph fails

  @Test func `Graph's failures are told as such, seen before or not`() throws {
    for (fault, status) in [
      (.throttled(code: 4, minutes: 0), 429), (.error(GraphError(code: 2)), 502), (.html(status: 200), 502),
      (.wrongTypes, 502), (.error(GraphError(code: 10)), 400), (MarkingTests.raw("{}"), 502),
    ] as [(Fault.Kind, Int)] {
      let harness = try Self.harness()
      harness.simulator.addFault(Fault(fault))
      // That no token has the permission is the same as that none knows the medium.
      let unknown = status == 400 ? 404 : status
      #expect(harness.send("GET", "/post/17000000000000000/").status == unknown, "\(fault)")
      #expect(harness.send("GET", "/post/\(Self.known)/").status == status, "\(fault)")
    }
  }

  @Test func `a hanging Graph is a timeout`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(.hang))
    #expect(try harness.impatient().respond(to: Request("GET", "/post/\(Self.known)/")).status == 504)
  }

  @Test func `one token's failure does not hide another's answer`() throws {
    let harness = try Harness(settings: ["META_GRAPH_TIMEOUT": "5"])
    harness.addClient()
    try harness.addTokenInUse("maria")
    harness.simulator.addFault(Fault(.hang, match: .init(token: "maria")))
    #expect(harness.send("GET", "/post/\(Self.known)/").status == 200)
    // What the one that could not be asked would have said is not known: it is no "not found".
    #expect(harness.send("GET", "/post/17000000000000000/").status == 504)
  }

  // MARK: - Fields

  @Test func `each kind of medium has every key, with null where Graph leaves it out`() throws {
    let harness = try Harness()
    let token = harness.addToken("maria")
    harness.sync("maria", page: "112233445566778", token: token)
    let grid = try #require(harness.send("GET", "/instagram/maria/").json["media"]?.array)
    #expect(grid.count == 14)
    for medium in grid {
      let id = try #require(medium["id"]?.string)
      let detail = harness.send("GET", "/post/\(id)/").json
      #expect(detail.object?.count == 9)
      for (name, value) in try #require(medium.object).members { #expect(detail[name] == value) }
    }
    func detail(_ index: Int) -> JSONValue {
      harness.send("GET", "/post/\(grid[index]["id"]?.string ?? "")/").json
    }
    #expect(detail(2)["media_url"] == .null, "licensed music")
    #expect(detail(4)["caption"] == .null)
    #expect(detail(6)["media_type"] == "BROADCAST")
    #expect(detail(7)["media_type"] == "HOLOGRAM", "an unknown kind passes through")
    #expect(detail(9)["like_count"] == .null)
    #expect(detail(9)["comments_count"] == .null)
    #expect(detail(3)["media_type"] == "CAROUSEL_ALBUM")
    #expect(detail(10)["caption"]?.string?.unicodeScalars.count == 2200)
    #expect(detail(11)["caption"] == #"<script>alert(1)</script> <b>bold</b> & "quotes" 'n' \ / {{x}}"#)
  }
}

/// Media of the demo that tests name.
private enum DemoMedium {
  /// The id of Maria's newest post, as her grid shows it.
  static func maria(_ harness: Harness) -> String {
    harness.send("GET", "/instagram/maria/").json["media"]?[0]?["id"]?.string ?? ""
  }
}
