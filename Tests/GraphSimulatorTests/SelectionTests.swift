internal import Testing

@testable import GraphSimulator

@Suite struct SelectionTests {
  @Test func `fields nest, and modifiers chain`() throws {
    let selection = try SelectionParser.parse(
      "id,picture.width(200).height(100){url},media.limit(3).after(QVFIZD){id,children{id}}")
    #expect(selection.fields.map(\.name) == ["id", "picture", "media"])
    #expect(selection.fields[1].argument("width") == "200")
    #expect(selection.fields[1].argument("height") == "100")
    #expect(selection.fields[1].selection?.fields.map(\.name) == ["url"])
    #expect(selection.fields[2].argument("after") == "QVFIZD")
    #expect(selection.fields[2].selection?.fields[1].selection?.text == "id")
  }

  @Test(arguments: [
    "id", "id,name", "a{b{c{d}}}", "media.limit(2){id}", "a{b},c.limit(1).after(x)",
  ]) func `a selection can be written again`(text: String) throws {
    #expect(try SelectionParser.parse(text).text == text)
  }

  @Test(arguments: [
    ("a.fields(b,c)", "a{b,c}"), ("a{b}.limit(3)", "a.limit(3){b}"), (" id , name ", "id,name"), ("", ""),
    ("a{}", "a{}"),
  ]) func `other spellings mean the same`(text: String, meaning: String) throws {
    #expect(try SelectionParser.parse(text).text == meaning)
  }

  @Test(arguments: ["id,", ",", "a{b", "a}", "a.limit", "a.limit(3", "a{b}}", "é", "a..b(1)", "id name"])
  func `a syntax error is code 2500`(text: String) {
    #expect {
      try SelectionParser.parse(text)
    } throws: { error in
      let refusal = error as? Refusal
      return refusal?.code == 2500 && refusal?.message.hasPrefix("Syntax error \"") == true
    }
  }

  @Test func `depth has a limit`() {
    let deep = String(repeating: "a{", count: 40) + "b" + String(repeating: "}", count: 40)
    #expect(throws: Refusal.self) { try SelectionParser.parse(deep) }
  }
}
