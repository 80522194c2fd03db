import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// Answers of Graph's that are a little off: each has one sensible reading. None makes a whole grid a 502 or cuts a list
/// in silence.
@Suite struct OddAnswerTests {
  private static let john = ["104567890123", "987654321098"]

  private static func listed(_ quirk: PagingQuirk) throws -> Answer {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.addFault(Fault(.paging(quirk), match: .init(endpoint: .accounts)))
    return harness.send("GET", "/pages/")
  }

  private static func ids(_ answer: Answer) -> [String?]? {
    answer.json["pages"]?.array?.map { $0["fb_page_id"]?.string }
  }

  @Test func `null in the place of nothing is nothing`() throws {
    let answer = try Self.listed(.nulls)
    #expect(Self.ids(answer) == Self.john)
    #expect(answer.json["warnings"] == nil)
    let harness = try Harness()
    harness.addToken("no-pages")
    harness.simulator.addFault(Fault(.paging(.nulls)))
    let empty = harness.send("GET", "/pages/")
    #expect(empty.status == 200)
    #expect(empty.json["pages"] == [])
  }

  @Test func `a next without cursors is followed by the cursor in it`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let next = "https://elsewhere.example/v26.0/me/accounts?access_token=stolen&limit=1&after=x%3D"
    harness.simulator.addFault(
      Fault(
        MarkingTests.raw(#"{"data":[{"id":"1","name":"One"}],"paging":{"next":"\#(next)"}}"#),
        match: .init(endpoint: .accounts), count: 1))
    harness.simulator.addFault(Fault(MarkingTests.raw(#"{"data":[]}"#), match: .init(endpoint: .accounts)))
    let answer = harness.send("GET", "/pages/")
    #expect(Self.ids(answer) == ["1"])
    #expect(answer.json["warnings"] == nil)
    let second = harness.simulator.calls().last { $0.endpoint == .accounts }
    #expect(second?.query["after"] == "x=")
    #expect(second?.tokenPlace == "header", "next itself is not followed")
    #expect(Self.ids(try Self.listed(.noCursors)) == Self.john)
  }

  @Test func `a list that breaks off says so`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.addFault(
      Fault(
        MarkingTests.raw(
          #"{"data":[{"id":"1","name":"One"}],"paging":{"next":"https://x.example/?offset=25"}}"#),
        match: .init(endpoint: .accounts)))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(Self.ids(answer) == ["1"])
    #expect(answer.json["warnings"]?[0]?["detail"]?.string?.contains("broke off") == true)
  }

  @Test func `where a permission is missing for the Instagram account alone, the Pages are listed without`()
    throws
  {
    for code in [10, 200] {
      let harness = try Harness()
      harness.addToken("maria")
      harness.simulator.addFault(Fault(.fieldRefused("instagram_business_account", code: code)))
      let answer = harness.send("GET", "/pages/")
      #expect(answer.status == 200)
      #expect(answer.json["pages"]?.array?.count == 4, "those of the portfolio too")
      #expect(answer.json["pages"]?[0]?["ig_account_id"] == .null)
      let warnings = answer.json["warnings"]?.array ?? []
      #expect(warnings.count == 1)
      #expect(warnings.first?["detail"]?.string?.contains("instagram_basic") == true)
      #expect(try harness.token(1)?.status == .active)
    }
  }

  @Test func `a list refused altogether is still a missing permission`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.addFault(Fault(.error(GraphError(code: 200)), match: .init(endpoint: .accounts)))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(answer.json["warnings"]?[0]?["detail"] == "Token lacks a required permission")
  }

  @Test func `counts that are texts of digits are counts`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(.numbersAsStrings))
    let grid = harness.send("GET", "/instagram/client_001/")
    #expect(grid.status == 200)
    #expect(grid.json["profile"]?["followers_count"] == 5432)
    let post = harness.send("GET", "/post/17999999999999999/")
    #expect(post.json["like_count"]?.int64 != nil)
  }

  @Test(arguments: [#""error":null"#, #""error":"""#, #""error":false"#, #""error":"partial""#])
  func `an error that is none does not hide what was asked for`(error: String) throws {
    let harness = try Harness()
    harness.addClient()
    let profile =
      #""username":"u","followers_count":1,"follows_count":2,"media_count":0,"media":{"data":null}"#
    harness.simulator.addFault(
      Fault(
        MarkingTests.raw(#"{"id":"17841405822348523",\#(profile),\#(error)}"#),
        match: .init(endpoint: .instagram)))
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 200)
    #expect(answer.json["media"] == [])
  }

  @Test(arguments: [
    #"{"error":{"message":"later","is_transient":true}}"#, #"{"error":"later","is_transient":true}"#,
    #"{"error":{"message":"later","is_transient":1}}"#,
  ])
  func `is_transient is retried wherever it stands, also without a code`(body: String) throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(MarkingTests.raw(body, status: 400), count: 2))
    let answer = harness.send(
      "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
    #expect(answer.status == 200)
    #expect(harness.simulator.calls().count == 3)
  }

  // MARK: - What Graph answers is checked like what a client sends

  @Test(arguments: [
    "   ", String(repeating: "x", count: 5000), "a\u{1}b", "caf\u{e9}", "\u{a0}",
  ])
  func `what is no token never takes the place of a good one`(token: String) throws {
    let harness = try Harness(settings: appSettings)
    harness.addClient()
    let mapping = try #require(try harness.mapping("client_001"))
    let body: JSONValue = ["id": "104567890123", "name": "x", "access_token": .string(token)]
    harness.simulator.addFault(
      Fault(MarkingTests.raw(body.serializedText()), match: .init(endpoint: .page)))
    #expect(harness.sync("client_001").status == 400)
    harness.send("POST", "/tokens/1/check/")
    #expect(try harness.mapping("client_001")?.sealedPageToken == mapping.sealedPageToken)
    // The exchange likewise: the token that was given is kept.
    let exchanged: JSONValue = ["access_token": .string(token), "token_type": "bearer"]
    harness.simulator.addFault(
      Fault(MarkingTests.raw(exchanged.serializedText()), match: .init(endpoint: .oauth)))
    harness.addToken("short")
    #expect(try harness.plainToken(1) == harness.simulator.token("short"))
  }

  @Test func `names and pictures that a client could not send are not stored`() throws {
    let harness = try Harness()
    let me: JSONValue = [
      "id": "123456789",
      "name": .string("John\u{0}\u{1b}[31m\u{9b} Doe" + String(repeating: "!", count: 300)),
      "picture": ["data": ["url": "javascript:alert(1)"]],
    ]
    harness.simulator.addFault(Fault(MarkingTests.raw(me.serializedText()), match: .init(endpoint: .me)))
    harness.addToken("john")
    let row = try #require(try harness.token(1))
    #expect(row.userName?.hasPrefix("John[31m Doe!") == true)
    #expect(row.userName?.unicodeScalars.count == 255)
    #expect(row.profilePicture == nil)
  }
}
