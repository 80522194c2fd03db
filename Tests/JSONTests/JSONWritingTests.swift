import JSON
import TestSupport
import Testing

@Suite struct JSONWritingTests {
  @Test func `a text is compact and keeps its order`() {
    let value: JSONValue = ["z": [1, nil, true, false], "a": ["b": "c", "d": []], "e": [:]]
    #expect(value.serializedText() == #"{"z":[1,null,true,false],"a":{"b":"c","d":[]},"e":{}}"#)
    #expect(Array(value.serializedText().utf8) == value.serialized())
  }

  @Test(arguments: [
    ("a/b", #""a/b""#, #""a\/b""#),
    ("\"\\", #""\"\\""#, #""\"\\""#),
    ("\u{08}\u{0C}\n\r\t", #""\b\f\n\r\t""#, #""\b\f\n\r\t""#),
    ("\0\u{01}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\"", "\"\\u0000\\u0001\\u001f\u{7F}\""),
    ("\r\n", #""\r\n""#, #""\r\n""#),
    ("é€", #""é€""#, #""\u00e9\u20ac""#),
    ("😀\u{10FFFF}", "\"😀\u{10FFFF}\"", #""\ud83d\ude00\udbff\udfff""#),
    ("e\u{301}\u{2028}\u{FEFF}", "\"e\u{301}\u{2028}\u{FEFF}\"", #""e\u0301\u2028\ufeff""#),
    ("<b>&'</b>", #""<b>&'</b>""#, #""<b>&'<\/b>""#),
  ])
  func `strings are escaped as little or as much as asked`(text: String, standard: String, ascii: String) {
    for value: JSONValue in [.string(text), [.string(text)], .object([text: .string(text)])] {
      let quoted = { (form: String) in
        switch value {
        case .array: "[\(form)]"
        case .object: "{\(form):\(form)}"
        default: form
        }
      }
      #expect(value.serialized() == Array(quoted(standard).utf8))
      #expect(value.serialized(escaping: .ascii) == Array(quoted(ascii).utf8))
    }
  }

  @Test func `what a terminal would obey or hide is spelled, and nothing else`() {
    let obeyed =
      "\u{0}\u{1B}\u{7F}\u{85}\u{9B}\u{AD}\u{61C}\u{200B}\u{200F}\u{2028}\u{2029}\u{202E}\u{2066}\u{FEFF}\u{E0041}"
    for scalar in obeyed.unicodeScalars { #expect(scalar.isUnseen, "\(scalar.value)") }
    let plain = "a é ß 東京 한국 שלום بيت नमस्ते 👩‍👩‍👧 ☕️ 🇯🇵 e\u{301} \u{A0} ‰"
    #expect(plain.visible == plain)
    #expect("a\n\u{9B}\u{E0041}\"b\\".visible == #"a\n\u009b\udb40\udc41"b\"#)
    #expect(
      (["\u{9B}": "\u{202E}x"] as JSONValue).serializedText(escaping: .unseen) == #"{"\u009b":"\u202ex"}"#)
  }

  @Test func `numbers are written as they were read`() throws {
    let text = "[1.0,1e5,1E+05,-0,0.10,123456789012345678901234567890,17841400000000001]"
    #expect(try JSONValue(parsing: text).serializedText() == text)
  }

  @Test(arguments: UInt64(0)..<200)
  func `what is written is read again, in both forms`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let value = RandomJSON.value(depth: 5, using: &random)
    #expect(try JSONValue(parsing: value.serialized()) == value)
    let ascii = value.serialized(escaping: .ascii)
    #expect(ascii.allSatisfy { $0 < 0x80 })
    #expect(try JSONValue(parsing: ascii) == value)
    let unseen = value.serializedText(escaping: .unseen)
    #expect(unseen.unicodeScalars.filter(\.isUnseen).isEmpty)
    #expect(try JSONValue(parsing: unseen) == value)
    #expect(unseen.visible == unseen)
  }
}
