import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// The rules of every field, and Django REST framework's words for what breaks them.
@Suite struct FieldTests {
  static let required = "This field is required."
  static let null = "This field may not be null."
  static let blank = "This field may not be blank."
  static let string = "Not a valid string."
  static let integer = "A valid integer is required."
  static let pattern = "This value does not match the required pattern."
  static let nul = "Null characters are not allowed."
  static func surrogate(_ digits: String) -> String { "Surrogate characters are not allowed: U+\(digits)." }
  static func long(_ maximum: Int) -> String { "Ensure this field has no more than \(maximum) characters." }

  /// A field's value as JSON, and the complaint; `nil` when it is fine.
  struct Case: Sendable, CustomTestStringConvertible {
    let field: String
    let value: String?
    let complaint: String?

    init(_ field: String, _ value: String?, _ complaint: String?) {
      (self.field, self.value, self.complaint) = (field, value, complaint)
    }

    var testDescription: String { "\(field): \(value.map { String($0.prefix(40)) } ?? "(absent)")" }
  }

  // MARK: - POST /sync/

  static let sync = clientIDs + ids("fb_page_id") + ids("ig_account_id") + numbers

  static let clientIDs: [Case] = [
    Case("client_id", nil, required), Case("client_id", "null", null), Case("client_id", #""""#, blank),
    Case("client_id", #"" \t ""#, blank), Case("client_id", #""\u00a0\u2003""#, blank),
    Case("client_id", "true", string), Case("client_id", "false", string), Case("client_id", "[]", string),
    Case("client_id", #"["x"]"#, string), Case("client_id", "{}", string),
    Case("client_id", "5", nil), Case("client_id", "1.5", nil), Case("client_id", "-0", nil),
    Case("client_id", #""a b""#, nil), Case("client_id", #"" a ""#, nil),
    Case("client_id", #""é%?#&=+\\\"'<b>""#, nil),
    Case("client_id", "\"" + String(repeating: "x", count: 128) + "\"", nil),
    Case("client_id", "\"" + String(repeating: "x", count: 129) + "\"", long(128)),
    Case("client_id", "\" " + String(repeating: "x", count: 128) + " \"", nil),
    // Python counts code points, not what is seen as one character.
    Case("client_id", "\"" + String(repeating: "😀", count: 128) + "\"", nil),
    Case("client_id", "\"" + String(repeating: "e\u{301}", count: 65) + "\"", long(128)),
    Case("client_id", #""a/b""#, pattern), Case("client_id", #""/""#, pattern),
    Case("client_id", #"".""#, pattern),
    Case("client_id", #""..""#, pattern), Case("client_id", #""...""#, nil),
    Case("client_id", #"" .. ""#, pattern),
    Case("client_id", #""a\u0000b""#, nul), Case("client_id", #""a\nb""#, pattern),
    Case("client_id", #""a\r\nb""#, pattern), Case("client_id", #""a\u007fb""#, pattern),
    Case("client_id", #""a\u0085b""#, pattern), Case("client_id", #""a\u001bb""#, pattern),
    Case("client_id", #""x\n""#, nil),
    Case("client_id", #""\ud800""#, surrogate("D800")),
    Case("client_id", #""a\udfff\ud800b""#, surrogate("DFFF")),
    Case("client_id", #""\ud83d\ude00""#, nil),
    Case("client_id", #""\ud83d\ud83d\ude00""#, surrogate("D83D")),
    Case("client_id", #"" \udc00 ""#, surrogate("DC00")),
  ]

  static func ids(_ field: String) -> [Case] {
    let isOptional = field == "ig_account_id"
    return [
      Case(field, nil, isOptional ? nil : required), Case(field, "null", isOptional ? nil : null),
      Case(field, #""""#, blank), Case(field, "true", string), Case(field, "[1]", string),
      Case(field, "{}", string),
      Case(field, "104567890123", nil), Case(field, #""104567890123""#, nil), Case(field, #"" 1 ""#, nil),
      Case(field, "0", nil), Case(field, #""007""#, nil), Case(field, "9223372036854775808", nil),
      Case(field, "\"" + String(repeating: "9", count: 32) + "\"", nil),
      Case(field, String(repeating: "9", count: 32), nil),
      Case(field, "\"" + String(repeating: "9", count: 33) + "\"", long(32)),
      Case(field, "1.0", pattern), Case(field, "1e3", pattern), Case(field, "-1", pattern),
      Case(field, #""-1""#, pattern),
      Case(field, #""+1""#, pattern), Case(field, #""1 2""#, pattern), Case(field, #""1_2""#, pattern),
      Case(field, #""0x1f""#, pattern), Case(field, #""me""#, pattern),
      Case(field, #""1/accounts""#, pattern),
      Case(field, #""1/../../me""#, pattern), Case(field, #""1?access_token=x#""#, pattern),
      Case(field, #""1%2f2""#, pattern), Case(field, #""١٢٣""#, pattern), Case(field, #""１２３""#, pattern),
      Case(field, #""१२३""#, pattern), Case(field, #""²""#, pattern), Case(field, #""1\n2""#, pattern),
      Case(field, #""1\u00002""#, nul), Case(field, #""1\ud8002""#, surrogate("D800")),
    ]
  }

  static let numbers: [Case] = [
    Case("token_id", nil, required), Case("token_id", "null", null), Case("token_id", "1", nil),
    Case("token_id", #""1""#, nil), Case("token_id", #"" 1 ""#, nil), Case("token_id", "1.0", nil),
    Case("token_id", #""1.0""#, nil), Case("token_id", "1e2", nil), Case("token_id", "-1", nil),
    Case("token_id", #""-1""#, nil), Case("token_id", "0", nil),
    Case("token_id", "9223372036854775807", nil), Case("token_id", #""9223372036854775807""#, nil),
    // More digits than 64 bits have room for: a row that there is not.
    Case("token_id", "9223372036854775808", nil), Case("token_id", #""9223372036854775808""#, nil),
    Case("token_id", "1" + String(repeating: "0", count: 30), nil),
    Case("token_id", "\"1" + String(repeating: "0", count: 30) + "\"", nil),
    Case("token_id", "-" + String(repeating: "9", count: 30), nil),
    Case("token_id", "\"" + String(repeating: "9", count: 20_000) + ".00\"", nil),
    Case("token_id", "1e15", nil), Case("token_id", "1e30", integer),
    Case("token_id", "1e400", integer), Case("token_id", "1.5", integer),
    Case("token_id", #""1.5""#, integer),
    Case("token_id", #""""#, integer), Case("token_id", #"" ""#, integer), Case("token_id", #""x""#, integer),
    Case("token_id", #""+1""#, integer), Case("token_id", #""--1""#, integer),
    Case("token_id", #""1e2""#, integer),
    Case("token_id", #""0x1""#, integer), Case("token_id", #""1_000""#, integer),
    Case("token_id", #"".""#, integer),
    Case("token_id", #""١""#, integer), Case("token_id", #""１""#, integer),
    Case("token_id", #""1 2""#, integer),
    Case("token_id", #""1\u0000""#, integer), Case("token_id", "true", integer),
    Case("token_id", "false", integer),
    Case("token_id", "[1]", integer), Case("token_id", "{}", integer),
    Case("token_id", #""\ud800""#, integer),
  ]

  @Test func `each field of sync keeps its rules`() throws {
    let harness = try Harness()
    for item in Self.sync {
      var fields = [("client_id", "\"c\""), ("fb_page_id", "\"1\""), ("token_id", "1")]
      fields.removeAll { $0.0 == item.field }
      if let value = item.value { fields.append((item.field, value)) }
      expect(
        harness.send("POST", "/sync/", Self.object(fields)), item, otherwise: "Token not found or inactive")
    }
    #expect(harness.simulator.calls().isEmpty)
  }

  // MARK: - POST /verify-user/

  static let verify: [Case] = [
    Case("access_token", nil, required), Case("access_token", "null", null),
    Case("access_token", #""""#, blank),
    Case("access_token", #""  ""#, blank), Case("access_token", "true", string),
    Case("access_token", "[]", string),
    Case("access_token", "{}", string), Case("access_token", "12", nil),
    Case("access_token", #""a|b-c_d.e""#, nil),
    Case("access_token", #""a b""#, nil), Case("access_token", #""a~""#, nil),
    Case("access_token", "\"" + String(repeating: "x", count: 4096) + "\"", nil),
    Case("access_token", "\"" + String(repeating: "x", count: 4097) + "\"", long(4096)),
    Case("access_token", #""tokén""#, pattern), Case("access_token", #""a\nb""#, pattern),
    Case("access_token", #""a\r\nX-Evil: 1""#, pattern), Case("access_token", #""a\tb""#, pattern),
    Case("access_token", #""a\u007fb""#, pattern), Case("access_token", #""a\u0000b""#, nul),
    Case("access_token", #""😀""#, pattern), Case("access_token", #""\udbff""#, surrogate("DBFF")),
    Case("account_label", nil, nil), Case("account_label", "null", nil), Case("account_label", #""""#, blank),
    Case("account_label", #""My Facebook Account""#, nil), Case("account_label", "7", nil),
    Case("account_label", "true", string), Case("account_label", "[]", string),
    Case("account_label", "{}", string),
    Case("account_label", "\"" + String(repeating: "é", count: 255) + "\"", nil),
    Case("account_label", "\"" + String(repeating: "é", count: 256) + "\"", long(255)),
    Case("account_label", #""<script>alert('é')</script> / 😀""#, nil),
    Case("account_label", #""a\u0001b""#, pattern),
    Case("account_label", #""a\u0000b""#, nul),
  ]

  @Test func `each field of verify-user keeps its rules`() throws {
    let harness = try Harness()
    for item in Self.verify {
      var fields = [("access_token", "\"nobody's\"")]
      fields.removeAll { $0.0 == item.field }
      if let value = item.value { fields.append((item.field, value)) }
      expect(
        harness.send("POST", "/verify-user/", Self.object(fields)), item,
        otherwise: "Token expired or invalid")
    }
    let fine = Self.verify.filter { $0.complaint == nil }
    #expect(harness.simulator.calls().count == fine.count, "only what keeps the rules is sent to Graph")
  }

  @Test func `all complaints are told at once, in the order of the document`() throws {
    let harness = try Harness()
    #expect(
      harness.send("POST", "/sync/", "{}").text == #"{"detail":"client_id: This field is required. "#
        + #"fb_page_id: This field is required. token_id: This field is required.","reason":"invalid","#
        + #""client_id":["This field is required."],"fb_page_id":["This field is required."],"#
        + #""token_id":["This field is required."]}"#)
    #expect(
      harness.send(
        "POST", "/sync/", #"{"token_id":true,"ig_account_id":"x","fb_page_id":null,"client_id":""}"#
      ).text
        == #"{"detail":"client_id: This field may not be blank. fb_page_id: This field may not be null. "#
        + #"ig_account_id: This value does not match the required pattern. token_id: A valid integer is required.","#
        + #""reason":"invalid","client_id":["This field may not be blank."],"#
        + #""fb_page_id":["This field may not be null."],"#
        + #""ig_account_id":["This value does not match the required pattern."],"#
        + #""token_id":["A valid integer is required."]}"#)
  }

  @Test func `a text with several faults is told all of them`() throws {
    let nul = String(repeating: "x", count: 300) + #"\u0000"#
    let answer = try Harness().send(
      "POST", "/sync/", #"{"client_id":"\#(nul)\ud800","fb_page_id":"1","token_id":1}"#)
    #expect(
      answer.json["client_id"] == [
        .string(Self.long(128)), .string(Self.nul), .string(Self.surrogate("D800")),
      ])
  }

  @Test func `a password is a text like any other, but for the space around it`() throws {
    let harness = try Harness()
    for (value, complaint) in [
      (#""\u0000""#, Self.nul), (#""\ud800""#, Self.surrogate("D800")), ("true", Self.string),
      ("[]", Self.string),
      (#""""#, Self.blank), ("null", Self.null),
      ("\"" + String(repeating: "é", count: 257) + "\"", Self.long(256)),
    ] {
      let answer = harness.send("POST", "/session/", "{\"password\":\(value)}")
      #expect(answer.json["password"] == [.string(complaint)], "\(value.prefix(20))")
    }
    _ = try harness.application.setAdminPassword(Secret("1234567890123456"))
    #expect(harness.send("POST", "/session/", #"{"password":1234567890123456}"#).status == 200)
    #expect(harness.send("POST", "/session/", #"{"password":" 1234567890123456"}"#).status == 403)
  }

  @Test func `one complaint reads as in the document`() throws {
    let answer = try Harness().send("POST", "/sync/", #"{"client_id":"c","fb_page_id":"1","token_id":"x"}"#)
    #expect(
      answer.text == #"{"detail":"token_id: A valid integer is required.","reason":"invalid","#
        + #""token_id":["A valid integer is required."]}"#)
  }

  @Test func `a form has strings only, and an empty optional field means none`() throws {
    let harness = try Harness()
    for (form, detail) in [
      ("client_id=c&fb_page_id=1&token_id=1&ig_account_id=", "Token not found or inactive"),
      ("client_id=&fb_page_id=1&token_id=1", "client_id: This field may not be blank."),
      ("client_id=true&fb_page_id=1&token_id=1", "Token not found or inactive"),
      ("client_id=c&fb_page_id=1&token_id=true", "token_id: A valid integer is required."),
      (
        "client_id=c&fb_page_id=null&token_id=1",
        "fb_page_id: This value does not match the required pattern."
      ),
    ] {
      let answer = harness.send(
        "POST", "/sync/", body: Array(form.utf8), type: "application/x-www-form-urlencoded")
      #expect(answer.detail == detail)
    }
  }

  // MARK: - What is stored

  @Test func `a number is kept as its digits, and a text without the space around it`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let body =
      #"{"client_id":" 12 ","fb_page_id":104567890123,"ig_account_id":17841405822348523,"token_id":"1"}"#
    #expect(harness.send("POST", "/sync/", body).text == #"{"success":true,"created":true}"#)
    let again = #"{"client_id":12,"fb_page_id":"104567890123","token_id":1.0}"#
    #expect(harness.send("POST", "/sync/", again).text == #"{"success":true,"created":false}"#)
    let mapping = try #require(try harness.mapping("12"))
    #expect(mapping.pageID == "104567890123")
    #expect(mapping.instagramAccountID == "17841405822348523")
  }

  /// Pairs that look alike, or that Swift's `==` calls equal.
  @Test(arguments: [
    ("é", "e\u{301}"), ("K", "\u{212A}"), ("a", "а"), ("client", "Client"), ("1", "١"), ("Å", "\u{212B}"),
    ("ﬁ", "fi"), ("a b", "a\u{a0}b"), ("x", "x\u{200b}"),
  ])
  func `client ids that look alike are different clients`(one: String, other: String) throws {
    let harness = try Harness()
    harness.addClient(one)
    #expect(harness.send("GET", "/instagram/\(Self.escaped(one))/").status == 200)
    #expect(harness.send("GET", "/instagram/\(Self.escaped(other))/").status == 404)
    #expect(harness.sync(other).json["created"] == true)
    #expect(try harness.store().mappings(limit: 10).count == 2)
    #expect(harness.send("GET", "/instagram/\(Self.escaped(other))/").status == 200)
  }

  // MARK: - Help

  private func expect(
    _ answer: Answer, _ item: Case, otherwise detail: String, location: SourceLocation = #_sourceLocation
  ) {
    let comment = Comment(rawValue: item.testDescription)
    #expect(answer.status == 400, comment, sourceLocation: location)
    guard let complaint = item.complaint else {
      #expect(answer.detail == detail, comment, sourceLocation: location)
      return
    }
    let expected: JSONValue = [
      "detail": .string("\(item.field): \(complaint)"), "reason": "invalid", item.field: [.string(complaint)],
    ]
    #expect(answer.json == expected, comment, sourceLocation: location)
  }

  private static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  static func escaped(_ text: String) -> String {
    text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
