import Cryptography
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// `POST /sync/`: a client, a Page, and the Page's own token.
@Suite struct SyncClientTests {
  private static let page = "104567890123"
  private static let account = "17841405822348523"

  @Test func `a sync costs one call and stores the page token, sealed`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.clearCalls()
    #expect(harness.sync("client_001", token: token).text == #"{"success":true,"created":true}"#)
    #expect(harness.simulator.calls().map(\.endpoint) == [.page])
    let mapping = try #require(try harness.mapping("client_001"))
    #expect(mapping.tokenID == token)
    #expect(mapping.pageName == "My Business Page")
    #expect(mapping.instagramAccountID == Self.account)
    let opened = try harness.application.keyRing().open(mapping.sealedPageToken)
    #expect(String(decoding: opened, as: UTF8.self) == harness.simulator.pageToken("john", page: Self.page))
  }

  @Test func `the same again updates the one row there is`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.sync("client_001", token: token)
    let first = try #require(try harness.mapping("client_001"))
    for _ in 0..<3 {
      #expect(harness.sync("client_001", token: token).text == #"{"success":true,"created":false}"#)
    }
    let rows = try harness.store().mappings(limit: 10)
    #expect(rows.map(\.id) == [first.id])
    #expect(rows[0].createdAt == first.createdAt)
  }

  @Test func `another page, or another client, is another row`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    #expect(harness.sync("a", token: token).json["created"] == true)
    #expect(harness.sync("a", page: "987654321098", token: token).json["created"] == true)
    #expect(harness.sync("b", token: token).json["created"] == true)
    #expect(try harness.store().mappings(limit: 10).count == 3)
  }

  // MARK: - Tokens

  @Test(arguments: ["0", "-1", "2", "9223372036854775807"]) func `there is no such token`(id: String) throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    let answer = harness.send("POST", "/sync/", #"{"client_id":"c","fb_page_id":"1","token_id":\#(id)}"#)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token not found or inactive"}"#)
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `a token that is not active is not used`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.send("PATCH", "/tokens/\(token)/", #"{"status":"invalid"}"#)
    let past = Timestamp(seconds: Timestamp.now.seconds - 10)
    let old = try harness.plant(harness.simulator.token("maria"), expiresAt: past)
    harness.simulator.clearCalls()
    for id in [token, old] {
      let answer = harness.sync("c", token: id)
      #expect(answer.status == 400)
      #expect(answer.text == #"{"detail":"Token not found or inactive"}"#)
    }
    #expect(harness.simulator.calls().isEmpty)
    #expect(try harness.token(old)?.status == .expired)
  }

  @Test func `a token that no key opens is told as that`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let foreign = try harness.store().saveToken(NewToken(accountLabel: "f", sealedToken: "gAAAAABx")).token.id
    let answer = harness.sync("c", token: foreign)
    #expect(answer.status == 503)
    #expect(answer.header("Retry-After") != nil)
    #expect(answer.detail?.contains("Fernet key") == true)
    #expect(try harness.token(foreign)?.status == .active)
  }

  // MARK: - Pages

  @Test(arguments: ["1", "112233445566778", "123456789", "17841405822348523", "17999999999999999"])
  func `a page that the token does not reach is not mapped`(page: String) throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    let answer = harness.sync("c", page: page, token: token)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Page not found or not accessible with this token"}"#)
    #expect(try harness.store().mappings(limit: 10).isEmpty)
    #expect(try harness.token(token)?.status == .active)
  }

  @Test func `nor is one whose token the user's role does not give`() throws {
    let harness = try Harness()
    let yusuf = harness.addToken("yusuf")
    #expect(
      harness.sync("c", page: "113344556677891", token: yusuf).detail
        == "Page not found or not accessible with this token")
    for trouble in PageTrouble.allCases {
      harness.simulator.setTrouble(trouble, page: "113344556677889", ofToken: "yusuf")
      let answer = harness.sync("c", page: "113344556677889", token: yusuf)
      #expect(answer.detail == "Page not found or not accessible with this token", "\(trouble)")
    }
    #expect(try harness.store().mappings(limit: 10).isEmpty)
    #expect(try harness.token(yusuf)?.status == .active)
  }

  @Test func `a stored page token is never replaced by nothing`() throws {
    let harness = try Harness()
    let token = harness.addClient()
    let before = try #require(try harness.mapping("client_001"))
    let faults: [Fault.Kind] = [
      MarkingTests.raw(#"{"id":"104567890123","name":"x"}"#),
      MarkingTests.raw(#"{"id":"104567890123","access_token":""}"#),
      MarkingTests.raw(#"{"id":"104567890123","access_token":null}"#),
      .error(GraphError(code: 10)), .error(GraphError(code: 100, subcode: 33)), .html(status: 500),
    ]
    for fault in faults {
      let number = harness.simulator.addFault(Fault(fault))
      #expect(harness.sync("client_001", token: token).status >= 400)
      harness.simulator.removeFault(number)
    }
    #expect(try harness.mapping("client_001") == before)
  }

  // MARK: - Instagram

  @Test func `an account that the page does not have is refused, whatever was stored`() throws {
    let harness = try Harness()
    let token = harness.addClient()
    let before = try harness.mapping("client_001")
    let answer = harness.sync("client_001", account: "17841400000000000", token: token)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Instagram account is not linked to this page"}"#)
    #expect(try harness.mapping("client_001") == before)
    #expect(harness.sync("new", account: "1", token: token).status == 400)
    #expect(try harness.mapping("new") == nil)
  }

  @Test func `the account that the page has may be given`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    #expect(harness.sync("c", account: Self.account, token: token).status == 200)
    #expect(try harness.mapping("c")?.instagramAccountID == Self.account)
  }

  @Test func `where the page reports none, the given one is stored`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    #expect(harness.sync("c", page: "987654321098", account: "17841400000000001", token: token).status == 200)
    #expect(try harness.mapping("c")?.instagramAccountID == "17841400000000001")
  }

  @Test func `where the page reports none and none is given, there is none`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    for body in [
      #"{"client_id":"a","fb_page_id":"987654321098","token_id":\#(token)}"#,
      #"{"client_id":"b","fb_page_id":"987654321098","ig_account_id":null,"token_id":\#(token)}"#,
    ] {
      #expect(harness.send("POST", "/sync/", body).status == 200)
    }
    #expect(try harness.mapping("a")?.instagramAccountID == nil)
    #expect(try harness.mapping("b")?.instagramAccountID == nil)
  }

  @Test func `an account that was linked since is found by the next sync, and one that left is gone`() throws
  {
    let harness = try Harness()
    let token = harness.addToken("john")
    let body =
      #"{"id":"987654321098","name":"x","access_token":"EAAP","instagram_business_account":{"id":"178"}}"#
    harness.sync("c", page: "987654321098", token: token)
    harness.simulator.addFault(Fault(MarkingTests.raw(body), count: 1))
    harness.sync("c", page: "987654321098", token: token)
    #expect(try harness.mapping("c")?.instagramAccountID == "178")
    harness.sync("c", page: "987654321098", token: token)
    #expect(try harness.mapping("c")?.instagramAccountID == nil)
  }

  // MARK: - At once

  @Test func `of equal requests at once exactly one creates the row`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    let gate = Gate(expected: 12)
    let threads = try (0..<12).map { _ in
      let application = try harness.another()
      let body = #"{"client_id":"c","fb_page_id":"104567890123","token_id":\#(token)}"#
      return Background {
        gate.pass()
        return Answer(application.respond(to: Request("POST", "/sync/", json: body))).text
      }
    }
    let answers = threads.compactMap { $0.result() }
    #expect(answers.count { $0 == #"{"success":true,"created":true}"# } == 1)
    #expect(answers.count { $0 == #"{"success":true,"created":false}"# } == 11)
    #expect(try harness.store().mappings(limit: 100).count == 1)
  }

  @Test func `a token that is removed while Graph is asked gives no mapping`() throws {
    let harness = try Harness()
    let token = harness.addToken("john")
    harness.simulator.addFault(Fault(.latency(milliseconds: 700), match: .init(endpoint: .page)))
    let other = try harness.another()
    let simulator = harness.simulator
    let background = Background {
      while simulator.calls().allSatisfy({ $0.endpoint != .page }) { PlainThread.pause(milliseconds: 5) }
      return Answer(other.respond(to: Request("DELETE", "/tokens/\(token)/?force=1"))).status
    }
    #expect(harness.sync("c", token: token).detail == "Token not found or inactive")
    #expect(background.result() == 204)
    #expect(try harness.store().mappings(limit: 10).isEmpty)
  }

  @Test func `a sync is an event`() throws {
    let harness = try Harness()
    harness.addClient()
    let event = try #require(try harness.store().events(limit: 1).first)
    #expect(event.action == "mapping.sync")
    #expect(event.subject == "mapping 1")
    #expect(event.result == "created")
    #expect(event.actor == "this machine")
  }
}
