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
  }
}
