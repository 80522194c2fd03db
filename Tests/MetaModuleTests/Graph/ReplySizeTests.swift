import GraphSimulator
import Testing

@testable import MetaModule

/// What an answer of Graph's may hold: the length alone does not say what it costs to read it.
@Suite struct ReplySizeTests {
  private func verify(_ body: String) throws -> Answer {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.simulator.addFault(Fault(MarkingTests.raw(body)))
    return harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
  }

  @Test func `an answer with more values than any of Graph's has is nonsense`() throws {
    for element in ["0", "[]", "{}", #"{"a":0}"#, #""""#] {
      // given: half a million bytes, of which each two or three are a value.
      let many = Array(repeating: element, count: 200_000).joined(separator: ",")

      // when
      let answer = try verify(#"{"id":"1","name":"x","more":[\#(many)]}"#)

      // then
      #expect(answer.status == 502)
      #expect(answer.detail == "Meta Graph API error")
    }
  }

  @Test func `an answer as large as Graph's largest is read`() throws {
    let album =
      #"{"data":[\#(Array(repeating: #"{"id":"1","media_url":"u"}"#, count: 60).joined(separator: ","))]}"#
    let media = Array(repeating: #"{"id":"1","children":\#(album)}"#, count: 100).joined(separator: ",")
    let text = String(repeating: "x", count: 3 << 20)
    #expect(
      try verify(#"{"id":"1","name":"x","media":{"data":[\#(media)]},"text":"\#(text)"}"#).status == 200)
  }
}
