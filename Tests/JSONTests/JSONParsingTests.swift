import JSON
import Testing

@Suite struct JSONParsingTests {
  @Test func `every kind of value is read`() throws {
    let value = try JSONValue(parsing: #" {"a":[1,-2.5e3,true,false,null,"x"],"b":{}} "#)
    let number = try #require(JSONNumber("-2.5e3"))
    #expect(value == ["a": [1, .number(number), true, false, nil, "x"], "b": [:]])
  }

  @Test(arguments: ["null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " \t\r\n1\n", "[ ]", "{ }"])
  func `a value of any kind may stand alone`(text: String) throws {
    #expect(throws: Never.self) { try JSONValue(parsing: text) }
  }

  @Test func `white space is the four bytes of the standard and nothing else`() throws {
    let spaced = ["", "{", "\"a\"", ":", "[", "1", "]", "}", ""].joined(separator: " \n\r\t")
    #expect(try JSONValue(parsing: spaced) == ["a": [1]])
    for other in ["\u{0B}", "\u{0C}", "\u{A0}", "\u{2028}", "\u{FEFF}", "\0", "//c\n", "/**/"] {
      #expect(throws: JSONError.self, "\(other.unicodeScalars)") { try JSONValue(parsing: "[\(other)1]") }
    }
  }

  @Test func `members keep their order`() throws {
    let object = try #require(try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#).object)
    #expect(object.keys == ["z", "a", "m"])
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"),
    (#""\u0041\u00e9\u00E9\u20ac""#, "A\u{E9}\u{E9}\u{20AC}"),
    (#""\ud83d\ude00""#, "\u{1F600}"),
    (#""\uD800\uDC00 \uDBFF\uDFFF""#, "\u{10000} \u{10FFFF}"),
    (#""a\u0000b""#, "a\0b"),
    (#""é\u0301😀/""#, "é\u{301}😀/"),
    ("\"\u{7F}\u{2028}\u{FFFF}\"", "\u{7F}\u{2028}\u{FFFF}"),
  ])
  func `escapes are resolved`(text: String, expected: String) throws {
    let string = try #require(try JSONValue(parsing: text).string)
    #expect(Array(string.utf8) == Array(expected.utf8))
  }

  @Test(arguments: [
    #""\ud83d""#, #""\ude00""#, #""\ude00\ud83d""#, #""\ud83d\ud83d\ude00""#, #""\ud83dx""#, #""\ud83d\n""#,
    #""\ud83d\u0041""#,
  ])
  func `half a surrogate pair is refused`(text: String) throws {
    let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error.description.hasPrefix("Unpaired surrogate: line 1 column "))
  }

  @Test(arguments: [
    (#""\ud83d""#, "\u{FFFD}"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
    (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"), (#""a\ud83d\nb""#, "a\u{FFFD}\nb"),
    (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83dx""#, "\u{FFFD}x"),
  ])
  func `half a surrogate pair is replaced on request`(text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text, loneSurrogates: .replaced).string == expected)
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"[{"x":{"":1,"":2}}]"#, #"{"é":1,"\u00e9":2}"#,
  ])
  func `a key may occur once`(text: String) throws {
    let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error.description.hasPrefix("Duplicate key: line 1 column "))
  }

  @Test func `a duplicate is found among many keys`() throws {
    for count in [15, 16, 17, 18, 100] {
      let members = (0..<count).map { "\"k\($0)\":0" }
      for repeated in [0, count / 2, count - 1] {
        let text = "{" + (members + ["\"k\(repeated)\":1"]).joined(separator: ",") + "}"
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error.description.hasPrefix("Duplicate key"), "\(count) keys, \(repeated) repeated")
      }
    }
  }

  @Test func `keys that look alike are different keys`() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    let object = try #require(try JSONValue(parsing: "{\"\(composed)\":1,\"\(decomposed)\":2}").object)
    #expect(object[composed] == 1)
    #expect(object[decomposed] == 2)
    let many = (0..<30).map { "\"\($0)\":0" }.joined(separator: ",")
    #expect(throws: Never.self) {
      try JSONValue(parsing: "{\(many),\"\(composed)\":1,\"\(decomposed)\":2}")
    }
  }

  // Comparing every key with every other takes hours here.
  @Test(.timeLimit(.minutes(1))) func `an object of a hundred thousand keys is read in linear time`() throws {
    let text = "{" + (0..<100_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
    #expect(try JSONValue(parsing: text).object?.count == 100_000)
  }

  @Test func `lists and objects may be nested as deep as the limit and no deeper`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    func nestedObjects(_ depth: Int) -> String {
      String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
    }
    for (limit, text) in [(32, nested(32)), (32, nestedObjects(32)), (1, "[]"), (512, nested(512))] {
      #expect(throws: Never.self) { try JSONValue(parsing: text, maximumDepth: limit) }
    }
    for (limit, text) in [(32, nested(33)), (32, nestedObjects(33)), (0, "[]"), (Int.max, nested(513))] {
      let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text, maximumDepth: limit) }
      #expect(error.description.hasPrefix("Nesting deeper than \(min(limit, 512)) levels: line 1 column "))
    }
    #expect(throws: Never.self) { try JSONValue(parsing: "1", maximumDepth: 0) }
    #expect(throws: Never.self) {
      try JSONValue(parsing: "[\(nested(31)),\(nested(31)),\(nestedObjects(31))]")
    }
  }

  @Test func `elements and members are counted wherever they stand`() throws {
    for (text, count) in [
      ("1", 0), ("[]", 0), ("{}", 0), ("[1]", 1), (#"{"a":1}"#, 1), ("[[],[]]", 2),
      (#"{"a":[1,2],"b":{"c":[3]}}"#, 6),
      (#"[{"a":1},{"a":2}]"#, 4), (#"{"\ud800":[1]}"#, 2),
    ] {
      #expect(throws: Never.self) {
        try JSONValue(parsing: text, maximumValues: count, loneSurrogates: .told)
      }
      guard count > 0 else { continue }
      #expect(throws: JSONError.tooManyValues(limit: count - 1)) {
        try JSONValue(parsing: text, maximumValues: count - 1, loneSurrogates: .told)
      }
    }
    #expect(JSONError.tooManyValues(limit: 7).description == "More than 7 elements and members")
  }

  @Test func `nothing behind the last value that may be is looked at`() {
    let text = "[" + String(repeating: "0,", count: 1000) + "!"
    #expect(throws: JSONError.tooManyValues(limit: 1000)) {
      try JSONValue(parsing: text, maximumValues: 1000)
    }
  }

  @Test(
    arguments: [
      (#""\ud83d""#, "\u{FFFD}", 0xD83D), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}", 0xDE00),
      (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}", 0xD83D), (#""é\udbffx\n""#, "é\u{FFFD}x\n", 0xDBFF),
    ] as [(String, String, UInt16)])
  func `half a surrogate pair is told on request, and is no string`(text: String, rest: String, half: UInt16)
    throws
  {
    let value = try JSONValue(parsing: text, loneSurrogates: .told)
    #expect(value == .damaged(rest, surrogate: half))
    #expect(value.string == nil)
    #expect(value != .string(rest))
    // The string behind it is whole again.
    #expect(try JSONValue(parsing: "[\(text),\"x\"]", loneSurrogates: .told) == [value, "x"])
  }

  @Test func `a member with half a surrogate pair in its name is left out`() throws {
    let text = #"{"\ud800":1,"a":2,"\ud801":[3],"\ufffd":4}"#
    #expect(try JSONValue(parsing: text, loneSurrogates: .told) == ["a": 2, "\u{FFFD}": 4])
  }

  @Test func `a million brackets are an error and no crash`() throws {
    for bracket in ["[", "{\"a\":", "[{\"a\":"] {
      let text = String(repeating: bracket, count: 1_000_000)
      let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text, maximumDepth: .max) }
      #expect(error.description.hasPrefix("Nesting deeper than 512 levels"))
    }
  }

  @Test func `every text that is cut short is refused`() throws {
    let text = Array(#"{"a":[1,true,"é\n\ud83d\ude00"],"b":null}"#.utf8)
    #expect(throws: Never.self) { try JSONValue(parsing: text) }
    for length in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.prefix(length))) }
    }
  }
}
