import JSON
import GraphSimulator
import System
import Testing

@testable import MetaModule

/// What is read as a body, and what is refused, before any field is looked at.
@Suite struct BodyFieldsTests {
  /// The answer to fields that are all there: so far the body was read.
  private static let read = #"{"detail":"Token not found or inactive"}"#
  private static let fields = #"{"client_id":"c","fb_page_id":"1","token_id":1}"#

  // MARK: - Media types

  @Test(arguments: [
    "application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
    "application/json;charset=\"UTF-8\"",
    " application/json ;charset=utf8", "application/json; indent=4", "application/json;",
  ])
  func `JSON is read under every spelling of its type`(type: String) throws {
    #expect(try Harness().send("POST", "/sync/", body: Array(Self.fields.utf8), type: type).text == Self.read)
  }

  @Test(arguments: [
    "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
  ])
  func `a form is read under every spelling of its type`(type: String) throws {
    let form = Array("client_id=c&fb_page_id=1&token_id=1&ig_account_id=".utf8)
    #expect(try Harness().send("POST", "/sync/", body: form, type: type).text == Self.read)
  }

  @Test(arguments: [
    "text/plain", "", "text/json", "application/jsonp", "application/json5", "application/vnd.api+json",
    "json",
    "multipart/form-data; boundary=x", "application/xml", "*/*", "application/json, text/plain",
    "application / json",
  ])
  func `any other type is refused by its name`(type: String) throws {
    let answer = try Harness().send("POST", "/sync/", body: Array(Self.fields.utf8), type: type)
    #expect(answer.status == 415)
    #expect(answer.json == ["detail": .string("Unsupported media type \"\(type)\" in request.")])
  }

  @Test(arguments: ["latin-1", "ISO-8859-1", "utf-16", "us-ascii", "\"utf-16le\"", ""])
  func `another charset than UTF-8 is refused`(charset: String) throws {
    for type in ["application/json", "application/x-www-form-urlencoded"] {
      let answer = try Harness().send(
        "POST", "/sync/", body: Array(Self.fields.utf8), type: "\(type); charset=\(charset)")
      #expect(answer.status == 400)
      #expect(answer.text == #"{"detail":"JSON parse error - the body must be UTF-8, not another charset"}"#)
    }
  }

  @Test func `an empty body is one without fields, of whatever type`() throws {
    for type in ["application/json", "", "text/plain", "application/x-www-form-urlencoded"] {
      let answer = try Harness().send("POST", "/verify-user/", body: [], type: type)
      #expect(answer.status == 400)
      #expect(
        answer.text == #"{"detail":"access_token: This field is required.","reason":"invalid","#
          + #""access_token":["This field is required."]}"#)
    }
  }

  // MARK: - JSON

  /// A body, and the message of Python's parser.
  @Test(arguments: [
    (" ", "Expecting value: line 1 column 2 (char 1)"),
    ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("{\"a\"", "Expecting ':' delimiter: line 1 column 5 (char 4)"),
    ("{\"a\":", "Expecting value: line 1 column 6 (char 5)"),
    ("{\"a\":1", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
    ("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"),
    ("{\"a\":1}\n{}", "Extra data: line 2 column 1 (char 8)"),
    ("{\"a\":\"", "Unterminated string starting at: line 1 column 6 (char 5)"),
    ("{\"a\":\"\n\"}", "Invalid control character at: line 1 column 7 (char 6)"),
    ("{\"a\":\"\\x\"}", "Invalid \\escape: line 1 column 7 (char 6)"),
    ("{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("{\"a\":NaN}", "Expecting value: line 1 column 6 (char 5)"),
    ("{\"a\":-Infinity}", "Expecting value: line 1 column 6 (char 5)"),
    ("{\"a\":01}", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
    ("{\"a\":+1}", "Expecting value: line 1 column 6 (char 5)"),
    ("// x\n{}", "Expecting value: line 1 column 1 (char 0)"),
    ("client_id=c&token_id=1", "Expecting value: line 1 column 1 (char 0)"),
    ("{\"a\":1,\"a\":1}", "Duplicate key: line 1 column 8 (char 7)"),
    ("{\"a\":{\"b\":1,\"b\":2}}", "Duplicate key: line 1 column 13 (char 12)"),
    ("{\"a\":1,\"\\u0061\":1}", "Duplicate key: line 1 column 8 (char 7)"),
    ("\u{FEFF}{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"),
  ])
  func `malformed JSON is refused with what is wrong, and where`(body: String, message: String) throws {
    let harness = try Harness()
    let answer = harness.send("POST", "/sync/", body)
    #expect(answer.status == 400)
    #expect(answer.json == ["detail": .string("JSON parse error - \(message)")])
  }

  @Test(
    arguments: [
      [0x7B, 0xFF, 0x7D], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00],
    ] as [[UInt8]])
  func `a body that is not UTF-8 is refused`(body: [UInt8]) throws {
    let answer = try Harness().send("POST", "/sync/", body: body, type: "application/json")
    #expect(answer.status == 400)
    #expect(answer.detail?.hasPrefix("JSON parse error - 'utf-8' codec can't decode byte") == true)
  }

  @Test func `32 levels are read, and the 33rd is refused`() throws {
    let harness = try Harness()
    func body(_ depth: Int) -> String {
      let lists = depth - 1
      return "{\"client_id\":\"c\",\"fb_page_id\":\"1\",\"token_id\":1,\"x\":"
        + String(repeating: "[", count: lists)
        + String(repeating: "]", count: lists) + "}"
    }
    #expect(harness.send("POST", "/sync/", body(32)).text == Self.read)
    let deep = harness.send("POST", "/sync/", body(33))
    #expect(deep.status == 400)
    #expect(deep.detail?.hasPrefix("JSON parse error - Nesting deeper than 32 levels: ") == true)
    #expect(harness.send("POST", "/sync/", body(20_000)).status == 400)
  }

  @Test(arguments: [
    ("[]", "list"), ("[{}]", "list"), ("\"x\"", "str"), ("1", "int"), ("1.5", "float"), ("true", "bool"),
    ("false", "bool"), ("1.0", "float"), ("1e3", "float"), ("\"\\ud800\"", "str"),
    ("1000000000000000000000000000000", "int"),
  ])
  func `JSON that is no object is refused by its kind`(body: String, kind: String) throws {
    let answer = try Harness().send("POST", "/sync/", body)
    let sentence = "Invalid data. Expected a dictionary, but got \(kind)."
    #expect(answer.status == 400)
    #expect(
      answer.text == #"{"detail":"\#(sentence)","reason":"invalid","non_field_errors":["\#(sentence)"]}"#)
  }

  @Test func `a body that is null is no data`() throws {
    #expect(
      try Harness().send("POST", "/sync/", " null ").text
        == #"{"detail":"No data provided","reason":"invalid","non_field_errors":["No data provided"]}"#)
  }

  @Test func `half a surrogate pair in what nobody asked for is ignored`() throws {
    let harness = try Harness()
    let more = #","x":"\ud800","\ud800":1,"\ud801":{"\udc00":["\udfff"]},"\ufffd":2,"y":["\udbff"]}"#
    #expect(harness.send("POST", "/sync/", Self.fields.dropLast() + more).text == Self.read)
    // It is not taken for the character that stands for what cannot be shown.
    let other = #"{"client_id":"c","fb_page_id":"1","token\ud800_id":1,"token_id":"\ufffd"}"#
    #expect(harness.send("POST", "/sync/", other).json["token_id"] == ["A valid integer is required."])
  }

  @Test func `members that nobody asked for are ignored`() throws {
    let harness = try Harness()
    let body = Self.fields.dropLast() + #","status":"active","id":[[]],"":null,"__proto__":{}}"#
    #expect(harness.send("POST", "/sync/", String(body)).text == Self.read)
  }

  // MARK: - Forms

  @Test func `a form is decoded once, and its first value counts`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let form = "client_id=a+b%2Bc%26d%25e%C3%A9&client_id=z&fb_page_id=104567890123&token_id=%31&&x&=y"
    let answer = harness.send(
      "POST", "/sync/", body: Array(form.utf8), type: "application/x-www-form-urlencoded")
    #expect(answer.text == #"{"success":true,"created":true}"#)
    #expect(try harness.mapping("a b+c&d%eé") != nil)
  }

  @Test(arguments: ["%zz", "%", "%4", "%4g", "100%", "%%41", "%u0041"])
  func `what is no escape in a form or a query is text`(text: String) throws {
    let harness = try Harness()
    harness.addToken("john")
    let form = "client_id=\(text)&fb_page_id=104567890123&token_id=1"
    let answer = harness.send(
      "POST", "/sync/", body: Array(form.utf8), type: "application/x-www-form-urlencoded")
    #expect(answer.text == #"{"success":true,"created":true}"#)
    #expect(try harness.mapping(text == "%%41" ? "%A" : text) != nil)
    #expect(harness.send("GET", "/tokens/?limit=\(text)").json["limit"] == ["A valid integer is required."])
    // What was asked for beside it is not forgotten.
    #expect(harness.send("GET", "/tokens/?limit=0&x=\(text)").status == 400)
  }

  @Test func `a query that is not UTF-8 narrows to what is not there`() throws {
    let harness = try Harness()
    harness.addClient()
    #expect(harness.send("GET", "/instagram/client_001/?fb_page_id=%ff").status == 404)
    #expect(harness.send("GET", "/instagram/client_001/?fb_page_id=1&x=%ff").status == 404)
    #expect(harness.send("GET", "/instagram/client_001/?fb_page_id=104567890123&%c3=%ff").status == 200)
    #expect(harness.send("GET", "/tokens/?limit=%ff").status == 400)
  }

  @Test(arguments: ["client_id=%ff", "%c3=1", "client_id=%ed%a0%80"])
  func `a form that is not UTF-8 is refused`(form: String) throws {
    let answer = try Harness().send(
      "POST", "/sync/", body: Array(form.utf8), type: "application/x-www-form-urlencoded")
    #expect(answer.status == 400)
    #expect(answer.detail?.hasPrefix("JSON parse error - ") == true)
  }

  // MARK: - Size and completeness

  @Test func `64 KiB are read`() throws {
    let harness = try Harness()
    let padding = String(repeating: " ", count: Request.bodyLimit - Self.fields.utf8.count)
    #expect(harness.send("POST", "/sync/", Self.fields + padding).text == Self.read)
  }

  @Test func `a body that is too large is refused on every path, and nothing is done`() throws {
    let harness = try Harness()
    for (method, target) in [
      ("POST", "/sync/"), ("POST", "/verify-user"), ("GET", "/pages/"), ("DELETE", "/tokens/1/"),
    ] {
      var request = Request(method, target)
      request.body = .tooLarge
      let answer = harness.send(request)
      #expect(answer.status == 413)
      #expect(answer.text == #"{"detail":"Request body too large."}"#)
    }
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `nothing is done with a part of a body`() throws {
    let harness = try Harness()
    let id = harness.addClient()
    for (method, target) in [
      ("POST", "/sync/"), ("POST", "/verify-user/"), ("DELETE", "/mappings/1/"),
      ("DELETE", "/tokens/\(id)/?force=1"),
      ("PATCH", "/tokens/\(id)/"), ("POST", "/tokens/"), ("GET", "/pages/"),
    ] {
      var request = Request(method, target)
      request.contentType = "application/json"
      request.body = .incomplete
      let answer = harness.send(request)
      #expect(answer.status == 400)
      #expect(answer.text == #"{"detail":"The request body did not arrive completely."}"#)
    }
    #expect(harness.simulator.calls().isEmpty)
    #expect(try harness.token(id) != nil)
    #expect(try harness.mapping("client_001") != nil)
  }
}
