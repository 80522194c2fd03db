internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct BatchTests {
  private func batch(_ graph: Graph, _ operations: String, more: String = "") -> WireReply {
    graph.post("/v26.0/", form: "access_token=your_token_here&batch=\(Parameters.encode(operations))\(more)")
  }

  @Test func `several calls come back in their order, as the recording has it`() throws {
    let graph = try Graph()
    let reply = batch(
      graph,
      #"[{"method":"GET","relative_url":"me?fields=id"},{"method":"GET","relative_url":"v22.0/nonsense"}]"#)
    #expect(reply.status == 200)
    let recorded = try JSONValue(parsing: Recording.bytes("batch_two_ok.json"))[0]
    #expect(reply.json[0]?.object?.keys == recorded?.object?.keys)
    #expect(reply.json[0]?["code"] == 200)
    #expect(reply.json[0]?["body"] == #"{"id":"123456789"}"#)
    #expect(reply.json[0]?["headers"]?[0]?.object?.keys == ["name", "value"])
    #expect(reply.json[1]?["code"] == 400)
    #expect(reply.json[1]?["body"]?.string?.contains(#""code":2500"#) == true)
    // Each is a call of its own, and the batch is one more.
    #expect(graph.server.counts() == [.me: 1, .unknown: 1, .batch: 1])
  }

  @Test func `headers can be left out, and each call may bring its own token`() throws {
    let graph = try Graph()
    let token = graph.server.token("maria")
    let reply = batch(
      graph, #"[{"method":"GET","relative_url":"me?fields=name&access_token=\#(token)"}]"#,
      more: "&include_headers=false")
    #expect(reply.json[0]?.object?.keys == ["code", "body"])
    #expect(reply.json[0]?["body"]?.string?.contains("Maria") == true)
  }

  @Test func `a later call uses the answer of a named one`() throws {
    let graph = try Graph()
    let operations = """
      [{"method":"GET","name":"pages","relative_url":"me/accounts?fields=id"},
       {"method":"GET","relative_url":"{result=pages:$.data.0.id}?fields=name"},
       {"method":"GET","depends_on":"nothing","relative_url":"me"}]
      """
    let reply = batch(graph, operations)
    #expect(reply.json[0]?["code"] == 200)
    #expect(reply.json[1]?["body"] == #"{"name":"My Business Page","id":"104567890123"}"#)
    #expect(reply.json[2] == .null)
    let omitted = operations.replacing(
      #""name":"pages""#, with: #""name":"pages","omit_response_on_success":true"#)
    #expect(batch(graph, omitted).json[0] == .null)
  }

  @Test func `references join what they find`() throws {
    let answer = try JSONValue(parsing: Array(#"{"data":[{"id":"1"},{"id":"2"}],"x":{"y":3}}"#.utf8))
    let text = BatchReference.resolve(
      "?ids={result=a:$.data.*.id}&n={result=a:$.x.y}&{result=b:$.x}", ["a": answer])
    #expect(text == "?ids=1,2&n=3&")
  }

  @Test func `too many calls, none, or no token`() throws {
    let graph = try Graph()
    let one = #"{"method":"GET","relative_url":"me"}"#
    let many = "[" + Array(repeating: one, count: 51).joined(separator: ",") + "]"
    #expect(batch(graph, many).error?["message"]?.string?.hasPrefix("(#100) Too many") == true)
    #expect(batch(graph, "{}").error?["code"] == 100)
    #expect(graph.post("/v26.0/", form: "batch=[]").error?["code"] == 104)
    #expect(
      batch(graph, "[" + Array(repeating: one, count: 50).joined(separator: ",") + "]").json.array?.count
        == 50)
  }
}
