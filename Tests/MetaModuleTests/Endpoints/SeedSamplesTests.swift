import Foundation
import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store

/// Every JSON sample of the customer's document, asked for as the document says. Graph answers here with what the
/// samples show, in its own wire form.
@Suite struct SeedSamplesTests {
  /// The samples in the order of the document: requests, answers, errors.
  static let samples = [
    "verify-user request", "verify-user", "verify-user refused", "pages", "sync request", "sync",
    "sync refused",
    "instagram", "instagram without mapping", "instagram without account", "post", "post not mapped",
    "post refused",
  ]

  @Test func `the document has these samples`() throws {
    #expect(try Self.document().count == Self.samples.count)
  }

  @Test func `verify-user`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(Self.me, match: .init(endpoint: .me)))
    let answer = harness.send("POST", "/verify-user/", try Self.text("verify-user request"))
    #expect(answer.status == 200)
    try expect(answer, is: "verify-user")
    #expect(try harness.store().tokens(limit: 10).isEmpty, "nothing is stored")
  }

  @Test func `verify-user refused`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 190, subcode: 463))))
    let answer = harness.send("POST", "/verify-user/", try Self.text("verify-user request"))
    #expect(answer.status == 400)
    try expect(answer, is: "verify-user refused")
  }

  @Test func `pages`() throws {
    let harness = try Harness()
    Self.addToken(harness)
    harness.simulator.addFault(Fault(Self.accounts, match: .init(endpoint: .accounts)))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    try expect(answer, is: "pages")
  }

  @Test func `sync`() throws {
    let harness = try Harness()
    Self.addToken(harness)
    let answer = harness.send("POST", "/sync/", try Self.text("sync request"))
    #expect(answer.status == 200)
    try expect(answer, is: "sync")
    let mapping = try #require(try harness.mapping("client_123"))
    #expect(mapping.instagramAccountID == "17841405822348523", "the Instagram account is detected")
    #expect(
      harness.send("POST", "/sync/", try Self.text("sync request")).text
        == #"{"success":true,"created":false}"#)
  }

  @Test func `sync refused`() throws {
    let answer = try Harness().send("POST", "/sync/", try Self.text("sync request"))
    #expect(answer.status == 400)
    try expect(answer, is: "sync refused")
  }

  @Test func `instagram`() throws {
    let harness = try Harness()
    harness.addClient("client_123")
    harness.simulator.addFault(Fault(Self.grid, match: .init(endpoint: .instagram)))
    let answer = harness.send("GET", "/instagram/client_123/")
    #expect(answer.status == 200)
    try expect(answer, is: "instagram")
    try expect(harness.send("GET", "/instagram/client_123/"), is: "instagram")
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `instagram without mapping`() throws {
    let answer = try Harness().send("GET", "/instagram/client_123/")
    #expect(answer.status == 404)
    try expect(answer, is: "instagram without mapping")
  }

  @Test func `instagram without account`() throws {
    let harness = try Harness()
    harness.addClient("client_123", page: "987654321098")
    let answer = harness.send("GET", "/instagram/client_123/")
    #expect(answer.status == 200)
    try expect(answer, is: "instagram without account")
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `post`() throws {
    let harness = try Harness()
    harness.addClient("client_123")
    harness.send("GET", "/instagram/client_123/")
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(Self.post, match: .init(endpoint: .post)))
    let answer = harness.send("GET", "/post/17999999999999999/")
    #expect(answer.status == 200)
    try expect(answer, is: "post")
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `post not mapped`() throws {
    let harness = try Harness()
    harness.addClient("client_123")
    let answer = harness.send("GET", "/post/17000000000000000/")
    #expect(answer.status == 404)
    try expect(answer, is: "post not mapped")
  }

  @Test func `post refused`() throws {
    let harness = try Harness()
    harness.addClient("client_123")
    harness.send("GET", "/instagram/client_123/")
    harness.simulator.setState(.expired, ofToken: "john")
    harness.simulator.addFault(
      Fault(.error(GraphError(code: 190, subcode: 463)), match: .init(endpoint: .post)))
    let answer = harness.send("GET", "/post/17999999999999999/")
    #expect(answer.status == 400)
    try expect(answer, is: "post refused")
  }

  /// The rows that the document shows of its database, by the names of their columns.
  @Test func `the tables have the columns of the document`() throws {
    let harness = try Harness()
    harness.addClient()
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    for (table, columns) in [
      ("meta_access_token", "id, account_label, access_token, expires_at, status, created_at, updated_at"),
      (
        "client_page_mapping",
        "id, client_id, fb_page_id, ig_account_id, page_access_token, created_at, updated_at"
      ),
    ] {
      try raw.execute("SELECT \(columns) FROM \(table)")
    }
  }

  // MARK: - What Graph answers

  private static let lookaside = #"https:\/\/platform-lookaside.fbsbx.com\/platform\/profilepic\/..."#
  private static let picture =
    #""picture":{"data":{"height":50,"is_silhouette":false,"url":"\#(lookaside)","width":50}}"#

  static let me = MarkingTests.raw(#"{"id":"123456789","name":"John Doe",\#(picture)}"#)

  static let accounts = MarkingTests.raw(
    #"{"data":[{"id":"104567890123","name":"My Business Page",\#(picture),"#
      + #""instagram_business_account":{"id":"17841405822348523"}},"#
      + #"{"id":"987654321098","name":"Another Page",\#(picture)}],"#
      + #""paging":{"cursors":{"before":"QVFI","after":"QVFJ"}}}"#)

  private static let firstMedium =
    #""media_url":"https:\/\/instagram.com\/...","media_type":"IMAGE","timestamp":"2025-12-18T10:30:00+0000","#
    + #""permalink":"https:\/\/instagram.com\/p\/ABC123\/","id":"17999999999999999""#

  static let grid = MarkingTests.raw(
    #"{"followers_count":5432,"follows_count":234,"media_count":87,"username":"mybusinessaccount","#
      + #""profile_picture_url":"https:\/\/instagram.com\/...","media":{"data":["#
      + #"{"caption":"Check out our new product!",\#(firstMedium)},"#
      + #"{"caption":"Behind the scenes video","media_url":"https:\/\/instagram.com\/...","media_type":"VIDEO","#
      + #""thumbnail_url":"https:\/\/instagram.com\/...","timestamp":"2025-12-17T15:45:00+0000","#
      + #""permalink":"https:\/\/instagram.com\/p\/XYZ789\/","id":"17888888888888888"}],"#
      + #""paging":{"cursors":{"before":"QVFI","after":"QVFJ"}}},"id":"17841405822348523"}"#)

  static let post = MarkingTests.raw(
    #"{"caption":"Check out our new product! Amazing features included.",\#(firstMedium),"#
      + #""like_count":234,"comments_count":45}"#)

  private static func addToken(_ harness: Harness) {
    let body = #"{"access_token":"your_token_here","account_label":"My Facebook Account"}"#
    #expect(harness.send("POST", "/tokens/", body).json["id"] == 1)
    harness.simulator.clearCalls()
  }

  // MARK: - The document

  /// The answer is the one that is kept, and that one is the document's; an error may say more than the document.
  private func expect(_ answer: Answer, is name: String) throws {
    try Golden.expect(answer, is: name.split(separator: " ").joined(separator: "-"))
    let sample = try #require(try Self.sample(name).object)
    let members = try #require(answer.json.object).members.prefix(sample.count)
    #expect(JSONValue.object(sample) == .object(JSONObject(members)))
    if answer.status < 400 { #expect(answer.json.object?.count == sample.count) }
  }

  private static func text(_ name: String) throws -> String {
    let index = try #require(samples.firstIndex(of: name))
    return try document()[index]
  }

  private static func sample(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text(name).utf8))
  }

  /// The blocks marked as JSON, as they are printed.
  private static func document() throws -> [String] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/SEED.txt")
    return try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```json\n").dropFirst()
      .compactMap { $0.components(separatedBy: "\n```").first }
  }
}

extension JSONObject {
  fileprivate init(_ members: some Sequence<(key: String, value: JSONValue)>) {
    self.init()
    for (key, value) in members { self[key] = value }
  }
}
