import Glibc
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import Graph
@testable import MetaModule
@testable import Store

/// What each of Graph's answers means for the client, for the token, and for the number of calls (API.md, section 2,
/// "Marking" and "Retries"; GRAPH.md, section 6).
@Suite struct MarkingTests {
  /// One kind of answer, and what follows from it.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let fault: Fault.Kind
    let status: Int
    let reason: String?
    var detail: String
    /// What the row says afterwards.
    var stored = TokenStatus.active
    var storedReason: String?
    /// With three repetitions allowed: 1 or 4.
    var calls = 1

    var testDescription: String { name }

    static func error(
      _ code: Int, _ subcode: Int? = nil, message: String? = nil, transient: Bool? = nil, http: Int? = nil
    )
      -> Fault.Kind
    {
      .error(GraphError(code: code, subcode: subcode, status: http, message: message, isTransient: transient))
    }

    static func refused(_ name: String, _ fault: Fault.Kind, _ reason: String) -> Case {
      Case(
        name: name, fault: fault, status: 400, reason: reason, detail: "Token expired or invalid",
        stored: .invalid,
        storedReason: reason)
    }

    /// The same token works again after its owner has logged in.
    static func loginRequired(_ name: String, _ fault: Fault.Kind) -> Case {
      Case(
        name: name, fault: fault, status: 400, reason: "login_required", detail: "Token expired or invalid",
        storedReason: "login_required")
    }

    static func permission(_ name: String, _ fault: Fault.Kind) -> Case {
      Case(
        name: name, fault: fault, status: 400, reason: "permission_missing",
        detail: "Token lacks a required permission")
    }

    static func throttled(_ name: String, _ fault: Fault.Kind, seconds: Int = 60, calls: Int = 4) -> Case {
      Case(
        name: name, fault: fault, status: 429, reason: "rate_limited",
        detail: "Rate limit reached, try again in \(seconds) seconds", calls: calls)
    }

    static func failed(_ name: String, _ fault: Fault.Kind, calls: Int) -> Case {
      Case(
        name: name, fault: fault, status: 502, reason: "upstream_error", detail: "Meta Graph API error",
        calls: calls)
    }

    static func unreachablePage(_ name: String, _ fault: Fault.Kind) -> Case {
      Case(
        name: name, fault: fault, status: 400, reason: nil,
        detail: "Page not found or not accessible with this token")
    }
  }

  static let refusals: [Case] = [
    .refused("190 without subcode", Case.error(190), "invalid"),
    .refused(
      "190 that repeats the token", Case.error(190, message: "Malformed access token EAABsecret"), "invalid"),
    .refused("190/458", Case.error(190, 458), "app_removed"),
    .refused("190/460", Case.error(190, 460), "password_changed"),
    .refused("190/463", Case.error(190, 463), "expired"),
    .refused("190/466", Case.error(190, 466), "revoked"),
    .refused("190/467", Case.error(190, 467), "revoked"),
    .refused("190/461, which nobody knows", Case.error(190, 461), "invalid"),
    .refused("190 as 401", Case.error(190, 463, http: 401), "expired"),
    .refused("190 as 500", Case.error(190, 463, http: 500), "expired"),
    .refused("190 as 200", .errorInSuccess(GraphError(code: 190, subcode: 463)), "expired"),
    .refused("102", Case.error(102), "invalid"),
    .refused("102/463", Case.error(102, 463), "expired"),
    .loginRequired("190/459", Case.error(190, 459)),
    .loginRequired("190/464", Case.error(190, 464)),
    .loginRequired("190/490", Case.error(190, 490)),
    .loginRequired("102/459", Case.error(102, 459)),
    .unreachablePage("190/492", Case.error(190, 492)),
    .unreachablePage("190/2069032", Case.error(190, 2_069_032)),
    .unreachablePage(
      "190, must be an administrator",
      Case.error(190, message: "The user must be an administrator of the page in order to impersonate it.")),
    .unreachablePage(
      "190, Page deleted",
      Case.error(
        190, message: "The access token belongs to a Page that has been deleted. Please use another.")),
  ]

  static let permissions: [Case] = [
    .permission("3", Case.error(3)), .permission("10", Case.error(10)),
    .permission("10 as 403", Case.error(10, http: 403)),
    .permission("10 as 500", Case.error(10, http: 500)), .permission("200", Case.error(200)),
    .permission("283", Case.error(283)), .permission("299", Case.error(299)),
    .permission(
      "100, permission", Case.error(100, message: "(#100) Object requires the 'x' permission to be read.")),
    .permission(
      "100, Page Public Content Access",
      Case.error(100, message: "(#100) requires the 'Page Public Content Access' feature")),
  ]

  static let limits: [Case] = [
    .throttled("4 as 403", .throttled(code: 4, minutes: 0)),
    .throttled("17", .throttled(code: 17, minutes: 0)),
    .throttled("32", .throttled(code: 32, minutes: 0)), .throttled("341", .throttled(code: 341, minutes: 0)),
    .throttled("613", .throttled(code: 613, minutes: 0)),
    .throttled("80001", .throttled(code: 80001, minutes: 0)),
    .throttled("80002", .throttled(code: 80002, minutes: 0)), .throttled("80000", Case.error(80000)),
    .throttled("80014", Case.error(80014)), .throttled("4/1504022", Case.error(4, 1_504_022)),
    .throttled("4 as 400", Case.error(4, http: 400)), .throttled("429", .tooManyRequests(retryAfter: nil)),
    .throttled("429 with a body of nobody's", .html(status: 429)),
    .throttled("429 without a body", .empty(status: 429)),
    // Waits that do not fit the budget are not begun.
    .throttled(
      "80002 for 5 minutes",
      raw(
        #"{"error":{"message":"(#80002) x","type":"OAuthException","code":80002}}"#, status: 400,
        usage:
          #"{"1":[{"type":"pages","estimated_time_to_regain_access":2}],"2":[{"estimated_time_to_regain_access":5}]}"#
      ),
      seconds: 300, calls: 1),
    .throttled(
      "80001 with a header that makes no sense",
      raw(#"{"error":{"code":80001}}"#, status: 400, usage: "{'1' : [")),
    .throttled(
      "80001 with numbers that make no sense",
      raw(
        #"{"error":{"code":80001}}"#, status: 400,
        usage:
          #"{"1":[{"estimated_time_to_regain_access":-5},{"estimated_time_to_regain_access":"x"},7],"2":null}"#
      )),
    .throttled("429 for 30 seconds", .tooManyRequests(retryAfter: 30), seconds: 30, calls: 1),
    .throttled("429 for ever", .tooManyRequests(retryAfter: 1_000_000), seconds: 3600, calls: 1),
  ]

  static let failures: [Case] = [
    .failed("1", Case.error(1), calls: 4), .failed("1 as 400", Case.error(1, http: 400), calls: 4),
    .failed("1/99", Case.error(1, 99), calls: 4), .failed("2", Case.error(2), calls: 4),
    .failed("2 as 400", Case.error(2, http: 400), calls: 4), .failed("-1", Case.error(-1), calls: 4),
    .failed("-2", Case.error(-2, 2_207_003), calls: 4),
    .failed("is_transient", Case.error(368, transient: true), calls: 4),
    .failed("is_transient that sounds like a refused token", Case.error(190, 463, transient: true), calls: 4),
    .failed("an unknown code as 503", Case.error(1_609_005, http: 503), calls: 4),
    .failed("HTML 500", .html(status: 500), calls: 4), .failed("empty 502", .empty(status: 502), calls: 4),
    .failed("reset", .reset(afterBytes: nil), calls: 4),
    .failed("reset half-way", .reset(afterBytes: 10), calls: 4),
    .failed("truncated", .truncated(bytes: 10), calls: 4), .failed("not HTTP", .notHTTP, calls: 4),
    .failed("4/2207051, a spam block", Case.error(4, 2_207_051, http: 400), calls: 1),
    .failed("368", Case.error(368), calls: 1), .failed("2500", Case.error(2500), calls: 1),
    .failed("an unknown code", Case.error(1_609_005), calls: 1),
    .failed("HTML 200", .html(status: 200), calls: 1), .failed("HTML 404", .html(status: 404), calls: 1),
    .failed("empty 200", .empty(status: 200), calls: 1), .failed("empty 404", .empty(status: 404), calls: 1),
    .failed("wrong types", .wrongTypes, calls: 1),
    .failed("a redirect", .redirect(location: "http://127.0.0.1:9/"), calls: 1),
    .failed("a redirect home", .redirect(location: "/v26.0/me"), calls: 1),
    .failed("a huge body", .endless(bytes: 8 << 20), calls: 1),
    .failed("a gzip bomb", .gzipBomb(bytes: 8 << 20), calls: 1),
    .failed("a list", raw("[]"), calls: 1), .failed("a number", raw("1"), calls: 1),
    .failed("null", raw("null"), calls: 1),
    .failed("an empty object", raw("{}"), calls: 1),
    .failed("half of an object", raw(#"{"id":"1045678"#), calls: 1),
    .failed("an error that is a text", raw(#"{"error":"no"}"#), calls: 1),
    .failed("an error without a code", raw(#"{"error":{"message":"no"}}"#, status: 400), calls: 1),
    .failed(
      "a code that is a text", raw(#"{"error":{"code":"190","error_subcode":463}}"#, status: 400), calls: 1),
    .failed("deep nesting", raw(String(repeating: "[", count: 100_000)), calls: 1),
    .failed("another Page's id", raw(#"{"id":true,"access_token":"x"}"#), calls: 1),
    .failed(
      "Instagram's flat error", raw(#"{"error_type":"OAuthException","code":400}"#, status: 400), calls: 1),
  ]

  static let unknown: [Case] = [
    .unreachablePage("100/33", Case.error(100, 33)),
    .unreachablePage(
      "100 without a subcode",
      Case.error(
        100,
        message:
          "Unsupported get request. Object with ID '1' does not exist, cannot be loaded due to missing "
          + "permissions, or does not support this operation.")),
    .unreachablePage("803", Case.error(803)), .unreachablePage("24", Case.error(24, 2_207_006)),
    .unreachablePage(
      "100, nonexisting field",
      Case.error(100, message: "(#100) Tried accessing nonexisting field (access_token) on node type (User)")),
    .unreachablePage("somebody else's id", raw(#"{"id":"2","access_token":"x"}"#)),
    .unreachablePage("no token for the Page", raw(#"{"id":"104567890123","name":"x"}"#)),
    .unreachablePage("an empty token", raw(#"{"id":"104567890123","access_token":""}"#)),
    .unreachablePage("a token with a line break", raw(#"{"id":"104567890123","access_token":"a\r\nb"}"#)),
  ]

  static func raw(_ body: String, status: Int = 200, usage: String? = nil) -> Fault.Kind {
    var headers = ["Content-Type": "application/json"]
    headers["X-Business-Use-Case-Usage"] = usage
    return .raw(status: status, headers: headers, body: Array(body.utf8))
  }

  @Test(arguments: refusals + permissions + limits + failures + unknown)
  func `an answer of Graph's to sync means this and nothing else`(item: Case) throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(item.fault, match: .init(endpoint: .page)))

    // Without a connection that is kept from before: libcurl itself asks once more where one of those is reset.
    let answer = Answer(try harness.another().respond(to: Self.sync(token)))
    #expect(answer.status == item.status)
    #expect(answer.detail == item.detail)
    #expect(answer.reason == item.reason)
    #expect(answer.json.object?.keys == (item.reason == nil ? ["detail"] : ["detail", "reason"]))
    #expect((answer.header("Retry-After") != nil) == (item.status == 429))
    #expect(harness.simulator.calls().count == item.calls)
    let row = try #require(try harness.token(token))
    #expect(row.status == item.stored)
    #expect(row.statusReason == item.storedReason)
    #expect(try harness.mapping("client_001") == nil, "no mapping is stored without a page token")
  }

  private static func sync(_ token: Int64) -> Request {
    Request(
      "POST", "/sync/", json: #"{"client_id":"client_001","fb_page_id":"104567890123","token_id":\#(token)}"#)
  }

  @Test func `a Graph that hangs is a timeout, once, and marks nothing`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.hang))
    let answer = Answer(try harness.impatient().respond(to: Self.sync(token)))
    #expect(answer.status == 504)
    #expect(answer.reason == "upstream_timeout")
    #expect(harness.simulator.calls().count == 1)
    #expect(try harness.token(token)?.status == .active)
  }

  @Test func `one byte a second is a timeout too`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.addFault(Fault(.drip(milliseconds: 300)))
    #expect(try harness.impatient().respond(to: Self.sync(token)).status == 504)
    #expect(try harness.token(token)?.status == .active)
  }

  @Test(arguments: TokenState.allCases) func `a token in this state is verified, or refused with its reason`(
    state: TokenState
  ) throws {
    let harness = try Harness()
    harness.simulator.setState(state, ofToken: "john")
    let answer = harness.send(
      "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
    let reasons: [TokenState: String] = [
      .expired: "expired", .passwordChanged: "password_changed", .appRemoved: "app_removed",
      .revoked: "revoked",
      .loggedOut: "revoked", .checkpoint: "login_required", .unconfirmed: "login_required",
      .blockedByCheckpoint: "login_required", .malformed: "invalid",
    ]
    #expect(answer.status == (state == .active ? 200 : 400))
    #expect(answer.reason == reasons[state])
    #expect(!answer.text.contains(harness.simulator.token("john")))
  }

  // MARK: - What becomes of the row

  @Test func `a token that needs a log-in recovers by being used`() throws {
    for path in ["/pages/", "sync", "/post/17888888888888888/"] {
      let harness = try Harness()
      let token = harness.addClient()
      harness.simulator.setState(.checkpoint, ofToken: "john")
      harness.send("GET", "/pages/")
      #expect(try harness.token(token)?.statusReason == "login_required")
      #expect(try harness.token(token)?.status == .active)
      harness.simulator.setState(.active, ofToken: "john")
      if path == "sync" { harness.sync("client_001", token: token) } else { harness.send("GET", path) }
      #expect(try harness.token(token)?.statusReason == nil, "\(path)")
      #expect(try harness.token(token)?.status == .active)
    }
  }

  @Test func `a token that was replaced while the old one was being refused stays active`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    let row = try #require(try harness.token(token))
    let refused = try harness.another()
    let services = refused.services
    // Meanwhile the operator stores another token of the same user.
    let body: JSONValue = [
      "access_token": .string(harness.simulator.token("forever")), "account_label": "new",
    ]
    #expect(harness.send("POST", "/tokens/", body.serializedText()).status == 200)
    services.mark(row, after: GraphFailure(.refused(.expired)))
    services.mark(row, after: GraphFailure(.refused(.loginRequired)))
    let now = try #require(try harness.token(token))
    #expect(now.status == .active)
    #expect(now.statusReason == nil)
    services.mark(now, after: GraphFailure(.refused(.expired)))
    #expect(try harness.token(token)?.status == .invalid, "the token that was refused itself is marked")
  }

  @Test func `the replacement made during the refused call itself stays active`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.setState(.revoked, ofToken: "john")
    harness.simulator.addFault(
      Fault(.latency(milliseconds: 700), match: .init(token: "john", endpoint: .page)))
    let other = try harness.another()
    let replacement = harness.simulator.token("forever")
    let simulator = harness.simulator
    let background = Background {
      while simulator.calls().allSatisfy({ $0.endpoint != .page }) { PlainThread.pause(milliseconds: 5) }
      let body: JSONValue = ["access_token": .string(replacement), "account_label": "new"]
      return Answer(other.respond(to: Request("POST", "/tokens/", json: body.serializedText()))).status
    }
    #expect(harness.sync("client_001", token: token).reason == "revoked")
    #expect(background.result() == 200)
    #expect(try harness.token(token)?.status == .active)
    #expect(try harness.token(token)?.statusReason == nil)
  }

  @Test func `a marked token is not asked again, and storing it anew makes it active`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.setState(.expired, ofToken: "john")
    #expect(harness.sync("c", token: token).reason == "expired")
    harness.simulator.clearCalls()
    #expect(harness.sync("c", token: token).detail == "Token not found or inactive")
    #expect(harness.send("GET", "/pages/").text == #"{"pages":[]}"#)
    #expect(harness.simulator.calls().isEmpty)
    harness.simulator.setState(.active, ofToken: "john")
    #expect(harness.addToken("john") == token)
    #expect(try harness.token(token)?.status == .active)
    #expect(try harness.token(token)?.statusReason == nil)
  }

  @Test func `each mark is an event that names its cause`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.setState(.passwordChanged, ofToken: "john")
    harness.sync("c", token: token)
    let event = try #require(try harness.store().events(limit: 1).first)
    #expect(event.action == "token.refused")
    #expect(event.subject == "token \(token)")
    #expect(event.result == "invalid")
  }
}
