import JSON
import Testing

/// The wording is Python's; `JSONAgainstPythonTests` asks Python itself.
@Suite struct JSONErrorTests {
  @Test(arguments: [
    ("", "Expecting value: line 1 column 1 (char 0)"),
    ("   ", "Expecting value: line 1 column 4 (char 3)"),
    ("nul", "Expecting value: line 1 column 1 (char 0)"),
    ("True", "Expecting value: line 1 column 1 (char 0)"),
    ("NaN", "Expecting value: line 1 column 1 (char 0)"),
    ("-Infinity", "Expecting value: line 1 column 1 (char 0)"),
    ("+1", "Expecting value: line 1 column 1 (char 0)"),
    (".5", "Expecting value: line 1 column 1 (char 0)"),
    ("-", "Expecting value: line 1 column 1 (char 0)"),
    ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
    ("[,1]", "Expecting value: line 1 column 2 (char 1)"),
    ("[", "Expecting value: line 1 column 2 (char 1)"),
    ("['a']", "Expecting value: line 1 column 2 (char 1)"),
    ("{\"a\":}", "Expecting value: line 1 column 6 (char 5)"),
    ("{\"a\"", "Expecting ':' delimiter: line 1 column 5 (char 4)"),
    ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
    ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
    ("[01]", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
    ("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
    ("{\"a\":1", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
    ("{\"a\":1]", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
    ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("{a:1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("{1:1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"),
    ("1 2", "Extra data: line 1 column 3 (char 2)"),
    ("01", "Extra data: line 1 column 2 (char 1)"),
    ("1.", "Extra data: line 1 column 2 (char 1)"),
    ("1e", "Extra data: line 1 column 2 (char 1)"),
    ("0x10", "Extra data: line 1 column 2 (char 1)"),
    ("{}\n\n}", "Extra data: line 3 column 1 (char 4)"),
    ("\"a", "Unterminated string starting at: line 1 column 1 (char 0)"),
    ("[\"é\", \"a\\", "Unterminated string starting at: line 1 column 7 (char 6)"),
    ("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"),
    ("\"\t\"", "Invalid control character at: line 1 column 2 (char 1)"),
    ("\"\0\"", "Invalid control character at: line 1 column 2 (char 1)"),
    ("\"\\x41\"", "Invalid \\escape: line 1 column 2 (char 1)"),
    ("\"\\'\"", "Invalid \\escape: line 1 column 2 (char 1)"),
    ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
    ("\"\\u 123\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
    ("\"\\u+123\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
    ("\"\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
    ("\"\\ud83d\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)"),
    // Characters are code points: neither bytes nor what the eye takes for one.
    ("[\"é👍🏽\", x]", "Expecting value: line 1 column 9 (char 8)"),
    // A carriage return does not begin a line.
    ("[\r\n1,\r\n x]", "Expecting value: line 3 column 2 (char 8)"),
    ("{\"a\":{\"b\":1,\n \"b\":2}}", "Duplicate key: line 2 column 2 (char 14)"),
    ("[\"\\ud800\"]", "Unpaired surrogate: line 1 column 4 (char 3)"),
    ("\u{FEFF}{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
  ])
  func `an error says what and where`(text: String, message: String) throws {
    let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error.description == message)
    #expect("\(error)" == message)
  }

  @Test(
    arguments: [
      ([0x22, 0xFF, 0x22], "byte 0xff in position 1: invalid start byte"),
      ([0x80], "byte 0x80 in position 0: invalid start byte"),
      ([0xC0, 0x80], "byte 0xc0 in position 0: invalid start byte"),
      ([0xC1, 0xBF], "byte 0xc1 in position 0: invalid start byte"),
      ([0xE0, 0x80, 0x80], "byte 0xe0 in position 0: invalid continuation byte"),
      ([0xED, 0xA0, 0x80], "byte 0xed in position 0: invalid continuation byte"),
      ([0xF0, 0x80, 0x80, 0x80], "byte 0xf0 in position 0: invalid continuation byte"),
      ([0xF4, 0x90, 0x80, 0x80], "byte 0xf4 in position 0: invalid continuation byte"),
      ([0xF5, 0x80, 0x80, 0x80], "byte 0xf5 in position 0: invalid start byte"),
      ([0x22, 0xE2, 0x82, 0x22], "bytes in position 1-2: invalid continuation byte"),
      ([0x22, 0xE2, 0x82], "bytes in position 1-2: unexpected end of data"),
      ([0x22, 0xC3], "byte 0xc3 in position 1: unexpected end of data"),
      ([0xFF, 0xFE, 0x31, 0x00], "byte 0xff in position 0: invalid start byte"),
    ] as [([UInt8], String)])
  func `what is not UTF-8 is refused before anything else`(bytes: [UInt8], problem: String) throws {
    let error = try #require(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    #expect(error.description == "'utf-8' codec can't decode \(problem)")
  }

  @Test func `UTF-16 is refused`() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x5B, 0, 0x31, 0, 0x5D, 0]) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0, 0x5B, 0, 0x31, 0, 0x5D]) }
  }

  @Test func `no message quotes the text`() throws {
    for text in ["\"SECRET", "{\"SECRET\":1,\"SECRET\":2}", "SECRET", "\"SECRET\" SECRET", "\"SECRET\\x\""] {
      let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
      #expect(!error.description.contains("SECRET"))
    }
  }
}
