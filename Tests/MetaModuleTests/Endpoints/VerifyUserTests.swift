import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// `POST /verify-user/`: who a token belongs to.
@Suite struct VerifyUserTests {
  private func verify(_ harness: Harness, _ label: String) -> Answer {
    harness.send("POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token(label))"}"#)
  }

  @Test func `a good token tells its user, with one call, and stores nothing`() throws {
    let harness = try Harness()
    let answer = verify(harness, "john")
    #expect(answer.status == 200)
    #expect(answer.json.object?.keys == ["user_id", "user_name", "profile_picture"])
    #expect(answer.json["user_id"] == "123456789")
    #expect(answer.json["user_name"] == "John Doe")
    #expect(answer.json["profile_picture"]?.string?.hasPrefix("http") == true)
    #expect(harness.simulator.calls().map(\.endpoint) == [.me])
    #expect(try harness.store().tokens(limit: 10).isEmpty)
    #expect(try harness.store().events(limit: 10).isEmpty)
  }

  @Test func `a user without a picture has null`() throws {
    let harness = try Harness()
    #expect(
      verify(harness, "yusuf").text
        == #"{"user_id":"122104958672130495","user_name":"Yusuf Haddad","profile_picture":null}"#)
  }

  @Test func `an outline is a picture, too`() throws {
    let harness = try Harness(
      world: .generated(seed: 1, tokens: 9, pagesPerToken: 0, mediaPerAccount: 0))
    #expect(verify(harness, "t8").json["profile_picture"]?.string != nil)
  }

  @Test func `a name that Graph leaves out is null`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(MarkingTests.raw(#"{"id":"1"}"#)))
    #expect(verify(harness, "john").text == #"{"user_id":"1","user_name":null,"profile_picture":null}"#)
  }

  @Test func `an id that came as a number is a string`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(MarkingTests.raw(#"{"id":12345678901234567890,"name":"x"}"#)))
    #expect(verify(harness, "john").json["user_id"] == "12345678901234567890")
  }

  @Test(arguments: [
    #"{"name":"x"}"#, #"{"id":"","name":"x"}"#, #"{"id":"me"}"#, #"{"id":"-1"}"#, #"{"id":1.5}"#,
    #"{"id":null}"#,
    #"{"id":["1"]}"#, #"{"id":"١"}"#, #"{"id":"1","name":5}"#, #"{"id":"1","id":"2"}"#,
  ])
  func `an answer without a user is nonsense`(body: String) throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(MarkingTests.raw(body)))
    let answer = verify(harness, "john")
    #expect(answer.status == 502)
    #expect(answer.reason == "upstream_error")
  }

  @Test func `names of every script pass through, and slashes stay as they are`() throws {
    let harness = try Harness()
    let body = #"{"id":"1","name":"\u0628\u064a\u062a \ud83e\uded2 \/ <b>\"x\"<\/b> \\ \ud800"}"#
    harness.simulator.addFault(Fault(MarkingTests.raw(body)))
    #expect(
      verify(harness, "john").text
        == #"{"user_id":"1","user_name":"بيت 🫒 / <b>\"x\"</b> \\ �","profile_picture":null}"#)
  }

  @Test func `a token already stored is verified like any other, and its row does not change`() throws {
    let harness = try Harness()
    let id = harness.addToken("john")
    let before = try harness.token(id)
    harness.simulator.setState(.expired, ofToken: "john")
    #expect(verify(harness, "john").reason == "expired")
    #expect(try harness.token(id) == before)
  }
}
