import Cryptography
import Foundation
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

@Suite struct TokenRefreshTests {
  /// A token of an hour, stored as it is, since no app was configured when it came.
  private func withShortToken(_ label: String = "short") throws -> (
    harness: Harness, application: Application
  ) {
    let harness = try Harness()
    harness.addToken(label)
    return (harness, try harness.another(settings: appSettings))
  }

  @Test func `a token near its end is extended, after the new one has answered`() throws {
    let (harness, application) = try withShortToken()
    harness.simulator.clearCalls()
    let report = try application.refreshTokens()
    #expect(report.entries.map(\.outcome) == [.extended])
    #expect(try harness.plainToken(1) == harness.simulator.token("short-long"))
    let expiry = try #require(try harness.store().token(1)?.expiresAt)
    #expect(expiry.seconds > Timestamp.now.seconds + 50 * 86400)
    #expect(harness.simulator.calls().contains { $0.tokenLabel == "short-long" && $0.path == "/me" })
    #expect(try application.refreshTokens().entries.map(\.outcome) == [.current])
  }

  @Test func `page tokens are derived anew from the extended token`() throws {
    let (harness, application) = try withShortToken()
    harness.send("POST", "/sync/", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    let report = try application.refreshTokens()
    #expect(report.entries.first?.pageTokens == 1)
    let mapping = try #require(try harness.store().mappings(tokenID: 1).first)
    let token = String(decoding: try KeyRing(harness.keys()).open(mapping.sealedPageToken), as: UTF8.self)
    #expect(token == harness.simulator.pageToken("short-long", page: "104567890123"))
  }

  @Test(arguments: [
    Fault.Kind.error(GraphError(code: 2, status: 500)), .error(GraphError(code: 190, subcode: 460)),
    .html(status: 500),
    .empty(status: 502), .raw(status: 200, headers: [:], body: Array("{}".utf8)), .truncated(bytes: 10),
    .reset(afterBytes: nil), .notHTTP,
    .throttled(code: 4, minutes: 5), .tooManyRequests(retryAfter: 3600),
    .redirect(location: "http://192.0.2.1/"),
    .errorInSuccess(GraphError(code: 190)), .gzipBomb(bytes: 64 << 20), .hang,
  ])
  func `a new token that does not answer never takes the place of the old one`(kind: Fault.Kind) throws {
    let harness = try Harness()
    harness.addToken("short")
    let impatient = try harness.another(settings: appSettings.merging(["META_GRAPH_TIMEOUT": "1"]) { $1 })
    harness.simulator.addFault(Fault(kind, match: .init(token: "short-long")))
    let entry = try #require(try impatient.refreshTokens().entries.first)
    #expect(entry.outcome == .failed)
    #expect(entry.reason != nil && entry.detail != nil)
    #expect(try harness.plainToken(1) == harness.simulator.token("short"))
    #expect(try harness.store().token(1)?.status == .active)
    harness.simulator.clearFaults()
    let patient = try harness.another(settings: appSettings)
    #expect(try patient.refreshTokens().entries.map(\.outcome) == [.extended])
  }

  @Test func `a wrong app secret costs nobody their token`() throws {
    let harness = try Harness()
    harness.addToken("short")
    harness.addToken("maria")
    let application = try harness.another(
      settings: ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": "wrong"])
    let report = try application.refreshTokens()
    #expect(report.entries.map(\.outcome) == [.failed, .failed])
    #expect(try harness.store().tokens(limit: 9).map(\.status) == [.active, .active])
    // Not even when Graph calls the refused exchange a bad token.
    harness.simulator.addFault(
      Fault(.error(GraphError(code: 190)), match: .init(endpoint: .oauth)))
    let right = try harness.another(settings: appSettings)
    #expect(try right.refreshTokens().entries.first?.reason == "not_extended")
    #expect(try harness.store().token(1)?.status == .active)
  }

  @Test(arguments: [
    (TokenState.passwordChanged, "password_changed"), (.appRemoved, "app_removed"), (.revoked, "revoked"),
    (.loggedOut, "revoked"), (.malformed, "invalid"), (.expired, "expired"),
  ])
  func `a token that Graph refuses is marked with its reason`(state: TokenState, reason: String) throws {
    for settings in [[:], appSettings] {
      let harness = try Harness()
      harness.addToken("john")
      harness.simulator.setState(state, ofToken: "john")
      let entry = try #require(
        try harness.another(settings: settings).refreshTokens().entries.first)
      #expect(entry.outcome == .failed)
      #expect(entry.reason == reason)
      #expect(try harness.store().token(1)?.status == .invalid)
      #expect(try harness.application.refreshTokens().entries.map(\.outcome) == [.inactive])
    }
  }

  @Test(arguments: [TokenState.checkpoint, .unconfirmed, .blockedByCheckpoint])
  func `a token that waits for its owner stays active and comes back by itself`(state: TokenState) throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.setState(state, ofToken: "john")
    #expect(try harness.application.refreshTokens().entries.first?.reason == "login_required")
    #expect(try harness.store().token(1)?.status == .active)
    #expect(try harness.store().token(1)?.statusReason == "login_required")
    harness.simulator.setState(.active, ofToken: "john")
    #expect(try harness.application.refreshTokens().entries.map(\.outcome) == [.recovered])
    #expect(try harness.store().token(1)?.statusReason == nil)
  }

  @Test func `without an app tokens are checked, and not again within the day`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let report = try harness.application.refreshTokens()
    #expect(report.canExtend == false)
    #expect(report.entries.map(\.outcome) == [.checked])
    harness.simulator.clearCalls()
    #expect(try harness.application.refreshTokens().entries.map(\.outcome) == [.current])
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `one bad token stops none of the others`() throws {
    let harness = try Harness()
    for label in ["short", "maria", "yusuf"] { harness.addToken(label) }
    harness.simulator.addFault(Fault(.hang, match: .init(token: "yusuf")))
    harness.simulator.setState(.revoked, ofToken: "maria")
    let application = try harness.another(
      settings: appSettings.merging(["META_GRAPH_TIMEOUT": "5"]) { $1 })
    #expect(try application.refreshTokens().entries.map(\.outcome) == [.extended, .failed, .failed])
    #expect(try harness.store().token(3)?.status == .active)
  }

  @Test func `a token that was replaced while Graph was asked stays`() throws {
    let (harness, application) = try withShortToken()
    harness.simulator.addFault(Fault(.latency(milliseconds: 300), match: .init(token: "short-long")))
    let store = try harness.store()
    let sealed = try KeyRing(harness.keys()).seal(Array("from the admin page".utf8))
    let sealedToken = try #require(try store.token(1)).sealedToken
    // As between Graph's answer and the write.
    #expect(
      try store.renewToken(1, with: "other", facts: TokenFacts(), ifSealedIs: sealedToken + "x") == false)
    _ = try store.replaceSealedToken(1, with: sealed, facts: TokenFacts())
    #expect(try store.renewToken(1, with: "other", facts: TokenFacts(), ifSealedIs: sealedToken) == false)
    #expect(try harness.plainToken(1) == "from the admin page")
    _ = application
  }

  @Test func `a token of another key is left alone and told`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.addToken("maria")  // A ring that opens nothing at all is the wrong one.
    let foreign = try KeyRing([.generate()]).seal(Array("token".utf8))
    _ = try harness.store().replaceSealedToken(1, with: foreign, facts: TokenFacts())
    #expect(try harness.application.refreshTokens().entries.first?.reason == "key_missing")
    #expect(try harness.store().token(1)?.sealedToken == foreign)
    #expect(try harness.store().token(1)?.status == .active)
  }

  @Test func `no token, secret or key appears in a report`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.setState(.malformed, ofToken: "john")
    let report = try harness.another(settings: appSettings).refreshTokens()
    var text = ""
    dump(report, to: &text)
    #expect(!text.contains(harness.simulator.token("john").prefix(20)))
  }
}
