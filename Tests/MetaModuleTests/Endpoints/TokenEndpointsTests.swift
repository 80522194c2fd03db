import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// `/tokens/`: the connected accounts (API.md, section 3).
@Suite struct TokenEndpointsTests {
  private static let app = [
    "META_APP_ID": World.defaultAppID, "META_APP_SECRET": World.demo.appSecret,
  ]
  private static let documented = [
    "id", "account_label", "user_id", "user_name", "profile_picture", "kind", "status", "status_reason",
    "expires_at", "data_access_expires_at", "scopes", "missing_scopes", "last_checked_at", "created_at",
    "updated_at",
  ]

  private static func plain(_ harness: Harness, _ id: Int64) throws -> String {
    let sealed = try harness.token(id)?.sealedToken ?? ""
    return String(decoding: try harness.application.keyRing().open(sealed), as: UTF8.self)
  }

  private static func body(_ harness: Harness, _ label: String, _ more: String = "") -> String {
    #"{"access_token":"\#(harness.simulator.token(label))","account_label":"\#(label)"\#(more)}"#
  }

  // MARK: - POST

  @Test func `a token is verified, stored and answered with its row, without the token`() throws {
    let harness = try Harness()
    let answer = harness.send("POST", "/tokens/", Self.body(harness, "john"))
    #expect(answer.status == 201)
    #expect(answer.json.object?.keys == Self.documented)
    #expect(answer.json["id"] == 1)
    #expect(answer.json["account_label"] == "john")
    #expect(answer.json["user_id"] == "123456789")
    #expect(answer.json["status"] == "active")
    #expect(answer.json["status_reason"] == .null)
    #expect(answer.json["scopes"] == .null, "not known without an app")
    #expect(answer.json["created_at"]?.string.flatMap { Timestamp($0) } != nil)
    #expect(!answer.text.contains(harness.simulator.token("john")))
    #expect(harness.simulator.calls().map(\.endpoint) == [.me, .accounts])
    #expect(try Self.plain(harness, 1) == harness.simulator.token("john"))
  }

  @Test func `with an app its expiry and scopes are known`() throws {
    let harness = try Harness(settings: Self.app)
    let answer = harness.send("POST", "/tokens/", Self.body(harness, "john"))
    #expect(answer.status == 201)
    #expect(answer.json["expires_at"]?.string.flatMap { Timestamp($0) } != nil)
    #expect(answer.json["data_access_expires_at"]?.string != nil)
    #expect(answer.json["scopes"]?.array?.contains("pages_show_list") == true)
    #expect(harness.simulator.calls().map(\.endpoint) == [.me, .debugToken])
  }

  @Test func `a token that never ends has no expiry`() throws {
    let harness = try Harness(settings: Self.app)
    #expect(harness.send("POST", "/tokens/", Self.body(harness, "forever")).json["expires_at"] == .null)
    #expect(harness.simulator.counts()[.oauth] == nil)
  }

  @Test func `a short-lived one is exchanged for a long-lived one, which is stored`() throws {
    let harness = try Harness(settings: Self.app)
    let answer = harness.send("POST", "/tokens/", Self.body(harness, "short"))
    #expect(answer.status == 201)
    #expect(try Self.plain(harness, 1) == harness.simulator.token("short-long"))
    let expiry = try #require(answer.json["expires_at"]?.string.flatMap { Timestamp($0) })
    #expect(expiry.seconds - Timestamp.now.seconds > 50 * 86400)
    #expect(harness.simulator.calls().map(\.endpoint) == [.me, .debugToken, .oauth, .me, .debugToken])
  }

  @Test(arguments: TokenState.allCases.filter { $0 != .active }) func `a refused token is not stored`(
    state: TokenState
  ) throws {
    let harness = try Harness()
    harness.simulator.setState(state, ofToken: "john")
    let answer = harness.send("POST", "/tokens/", Self.body(harness, "john"))
    #expect(answer.status == 400)
    #expect(answer.detail == "Token expired or invalid")
    #expect(try harness.store().tokens(limit: 1).isEmpty)
  }

  @Test func `the expiry may be told, and must lie ahead`() throws {
    let harness = try Harness()
    let later = harness.send(
      "POST", "/tokens/", Self.body(harness, "john", #","expires_at":"2099-01-01T01:00:00+01:00""#))
    #expect(later.json["expires_at"] == "2099-01-01T00:00:00Z")
    for (value, complaint) in [
      (#""2001-01-01T00:00:00Z""#, "This moment is past."),
      (#""soon""#, "Datetime has wrong format. Use this format instead: YYYY-MM-DDThh:mm:ssZ."),
      (
        #""2099-02-30T00:00:00Z""#,
        "Datetime has wrong format. Use this format instead: YYYY-MM-DDThh:mm:ssZ."
      ),
      ("1", "Datetime has wrong format. Use this format instead: YYYY-MM-DDThh:mm:ssZ."),
      ("true", "Not a valid string."),
    ] {
      let answer = harness.send("POST", "/tokens/", Self.body(harness, "maria", ",\"expires_at\":\(value)"))
      #expect(answer.status == 400)
      #expect(answer.json["expires_at"] == [.string(complaint)])
    }
    #expect(
      harness.send("POST", "/tokens/", Self.body(harness, "maria", #","expires_at":null"#)).status == 201)
  }

  @Test func `the same Meta user again replaces the token, and its mappings get new page tokens`() throws {
    let harness = try Harness()
    harness.addClient()
    let before = try #require(try harness.mapping("client_001"))
    harness.simulator.setState(.expired, ofToken: "john")
    harness.send("GET", "/pages/")
    #expect(try harness.token(1)?.status == .invalid)

    let answer = harness.send("POST", "/tokens/", Self.body(harness, "forever"))
    #expect(answer.status == 200)
    #expect(answer.json["id"] == 1)
    #expect(answer.json["account_label"] == "forever")
    #expect(answer.json["status"] == "active")
    #expect(answer.json["status_reason"] == .null)
    let after = try #require(try harness.mapping("client_001"))
    #expect(after.id == before.id)
    let opened = try harness.application.keyRing().open(after.sealedPageToken)
    #expect(
      String(decoding: opened, as: UTF8.self) == harness.simulator.pageToken("forever", page: "104567890123"))
  }

  @Test func `a page token that Graph does not give anew stays`() throws {
    let harness = try Harness()
    harness.addClient()
    let before = try harness.mapping("client_001")
    harness.simulator.addFault(Fault(.error(GraphError(code: 10)), match: .init(endpoint: .page)))
    #expect(harness.send("POST", "/tokens/", Self.body(harness, "forever")).status == 200)
    #expect(try harness.mapping("client_001") == before)
  }

  // MARK: - GET

  @Test func `the list shows every row, and those past their time as expired`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let past = Timestamp(seconds: Timestamp.now.seconds - 1)
    try harness.plant("EAAold", label: "old", expiresAt: past)
    let rows = harness.send("GET", "/tokens/").json["tokens"]
    #expect(rows?.array?.map { $0["status"] } == ["active", "expired"])
    #expect(rows?[1]?["status_reason"] == "expired")
    #expect(rows?[1]?["user_id"] == .null)
  }

  // MARK: - PATCH

  @Test func `label and status can be changed, each on its own`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let renamed = harness.send("PATCH", "/tokens/1/", #"{"account_label":" New name "}"#)
    #expect(renamed.status == 200)
    #expect(renamed.json["account_label"] == "New name")
    #expect(renamed.json["status"] == "active")
    let off = harness.send("PATCH", "/tokens/1/", #"{"status":"invalid"}"#)
    #expect(off.json["status"] == "invalid")
    #expect(off.json["status_reason"] == "disabled")
    #expect(off.json["account_label"] == "New name")
    let on = harness.send("PATCH", "/tokens/1/", #"{"status":"active"}"#)
    #expect(on.json["status"] == "active")
    #expect(on.json["status_reason"] == .null)
    #expect(harness.send("PATCH", "/tokens/1/", "{}").json["account_label"] == "New name")
    #expect(harness.simulator.calls().count == 2, "Graph was asked for the token only")
  }

  @Test(arguments: [
    (#"{"status":"expired"}"#, "status", "\"expired\" is not a valid choice."),
    (#"{"status":"Active"}"#, "status", "\"Active\" is not a valid choice."),
    (#"{"status":""}"#, "status", "This field may not be blank."),
    (#"{"status":null}"#, "status", "This field may not be null."),
    (#"{"status":true}"#, "status", "Not a valid string."),
    (#"{"account_label":""}"#, "account_label", "This field may not be blank."),
    (#"{"access_token":null}"#, "access_token", "This field may not be null."),
  ])
  func `what cannot be set is refused, and nothing changes`(json: String, field: String, complaint: String)
    throws
  {
    let harness = try Harness()
    harness.addToken("john")
    let before = try harness.token(1)
    let answer = harness.send("PATCH", "/tokens/1/", json)
    #expect(answer.status == 400)
    #expect(answer.json[field] == [.string(complaint)])
    #expect(try harness.token(1) == before)
  }

  @Test func `a replacement must be the same Meta user's`() throws {
    let harness = try Harness()
    harness.addClient()
    let before = try harness.token(1)
    func replace(_ label: String) -> Answer {
      harness.send("PATCH", "/tokens/1/", #"{"access_token":"\#(harness.simulator.token(label))"}"#)
    }
    let other = replace("maria")
    #expect(other.status == 409)
    #expect(other.detail?.contains("another Meta user") == true)
    #expect(try harness.token(1) == before)
    harness.simulator.setState(.revoked, ofToken: "forever")
    #expect(replace("forever").reason == "revoked")
    #expect(try harness.token(1) == before, "the old token is not given up for one that does not work")
    harness.simulator.setState(.active, ofToken: "forever")
    #expect(replace("forever").status == 200)
    #expect(try Self.plain(harness, 1) == harness.simulator.token("forever"))
  }

  @Test func `a user who has another row already cannot have two`() throws {
    let harness = try Harness()
    harness.addToken("maria")
    let unknown = try harness.plant("EAAold")
    let json = #"{"access_token":"\#(harness.simulator.token("maria"))"}"#
    let answer = harness.send("PATCH", "/tokens/\(unknown)/", json)
    #expect(answer.status == 409)
    #expect(try Self.plain(harness, unknown) == "EAAold")
  }

  // MARK: - DELETE

  @Test func `a token that mappings use is removed only with force`() throws {
    let harness = try Harness()
    harness.addClient()
    let refused = harness.send("DELETE", "/tokens/1/")
    #expect(refused.status == 409)
    #expect(refused.detail == "1 mapping uses this token. Remove them first, or repeat with ?force=1.")
    for query in ["?force=0", "?force=", "?force=true", "?Force=1"] {
      #expect(harness.send("DELETE", "/tokens/1/\(query)").status == 409)
    }
    #expect(harness.send("DELETE", "/tokens/1/?force=1").status == 204)
    #expect(try harness.token(1) == nil)
    #expect(try harness.mapping("client_001")?.tokenID == nil, "the mapping lives on its page token")
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    #expect(harness.send("DELETE", "/tokens/1/").status == 404)
  }

  @Test(arguments: ["0", "2", "-1", "01", "+1", "1.0", "x", "9223372036854775808", "%31x", "١"])
  func `there is no such row`(id: String) throws {
    let harness = try Harness()
    harness.addToken("john")
    for (method, path) in [("PATCH", ""), ("DELETE", ""), ("POST", "check/")] {
      let answer = harness.send(method, "/tokens/\(id)/\(path)", "{}")
      #expect(answer.status == 404)
      #expect(answer.text == #"{"detail":"Not found."}"#)
    }
    #expect(try harness.token(1) != nil)
  }

  // MARK: - Check

  @Test func `a check asks Graph and writes down what it says`() throws {
    let harness = try Harness(settings: Self.app)
    harness.addToken("john")
    harness.simulator.setState(.passwordChanged, ofToken: "john")
    let refused = harness.send("POST", "/tokens/1/check/")
    #expect(refused.status == 200, "that Graph refuses it is what one wanted to know")
    #expect(refused.json["status"] == "invalid")
    #expect(refused.json["status_reason"] == "password_changed")
    harness.simulator.setState(.checkpoint, ofToken: "john")
    #expect(harness.send("POST", "/tokens/1/check/").json["status_reason"] == "login_required")
    harness.simulator.setState(.active, ofToken: "john")
    let well = harness.send("POST", "/tokens/1/check/")
    #expect(well.json["status"] == "active")
    #expect(well.json["status_reason"] == .null)
    #expect(well.json["expires_at"]?.string != nil)
  }

  @Test func `a check that Graph does not answer changes nothing`() throws {
    for (fault, status) in [
      (.error(GraphError(code: 2)), 502), (.throttled(code: 4, minutes: 0), 429), (.html(status: 200), 502),
      (.error(GraphError(code: 10)), 400),
    ] as [(Fault.Kind, Int)] {
      let harness = try Harness()
      harness.addToken("john")
      let before = try harness.token(1)
      harness.simulator.addFault(Fault(fault))
      #expect(harness.send("POST", "/tokens/1/check/").status == status)
      #expect(try harness.token(1) == before)
    }
  }

  @Test func `a token that no key opens is told as that, and not asked about`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let id = try harness.store().saveToken(NewToken(accountLabel: "f", sealedToken: "gAAAAABx")).token.id
    harness.simulator.clearCalls()
    let answer = harness.send("POST", "/tokens/\(id)/check/")
    #expect(answer.status == 200)
    #expect(answer.json["status_reason"] == "key_missing")
    #expect(answer.json["status"] == "active")
    #expect(harness.simulator.calls().isEmpty)
  }
}
