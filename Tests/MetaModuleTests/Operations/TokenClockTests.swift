import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// `expired` is a matter of the clock: nothing but Graph's word is for ever.
@Suite struct TokenClockTests {
  private static let year: Int64 = 365 * 86400

  @Test func `a clock that stood a year ahead leaves no token expired`() throws {
    // Given a token that a process with a wrong clock has set to expired.
    let harness = try Harness()
    let end = Timestamp(seconds: Timestamp.now.seconds + 50 * 86400)
    try harness.plant(harness.simulator.token("john"), label: "known", expiresAt: end)
    harness.addClient(label: "maria", page: "112233445566778")
    let ahead = Timestamp(seconds: Timestamp.now.seconds + Self.year)
    #expect(try harness.store().expireTokens(now: ahead) == [1])

    // When the clock is right again, then it is used as before, by whoever looks first.
    #expect(try harness.store().token(1)?.status == .active)
    #expect(try harness.store().token(1)?.statusReason == nil)
    #expect(harness.application.status().allSatisfy { !$0.detail.contains("has expired") })
    #expect(harness.send("GET", "/pages/").json["pages"]?.array?.contains { $0["token_id"] == 1 } == true)
    #expect(harness.send("GET", "/tokens/").json["tokens"]?[0]?["status"] == "active")
    #expect(harness.sync("x", token: 1).status == 200)
    #expect(try harness.application.refreshTokens().entries.first?.outcome == .checked)
  }

  @Test func `a page token is renewed with a token that a wrong clock once set to expired`() throws {
    let harness = try Harness()
    let end = Timestamp(seconds: Timestamp.now.seconds + 50 * 86400)
    try harness.plant(harness.simulator.token("john"), expiresAt: end)
    harness.sync("c", token: 1)
    let ahead = Timestamp(seconds: Timestamp.now.seconds + Self.year)
    _ = try harness.store().expireTokens(now: ahead)
    harness.simulator.addFault(
      Fault(.error(GraphError(code: 190)), match: .init(endpoint: .instagram), count: 1))
    #expect(harness.send("GET", "/instagram/c/").status == 200)
  }

  @Test func `Graph's word stays, whatever the clock says`() throws {
    let harness = try Harness()
    let end = Timestamp(seconds: Timestamp.now.seconds + 50 * 86400)
    let id = try harness.plant("EAAx", expiresAt: end)
    let sealed = try #require(try harness.token(id)).sealedToken
    _ = try harness.store().markToken(id, as: .invalid, reason: "expired", ifSealedIs: sealed)
    harness.send("GET", "/tokens/")
    #expect(try harness.token(id)?.status == .invalid)
    #expect(try harness.token(id)?.statusReason == "expired")
  }

  @Test func `that time ran out, and that it did not, are events`() throws {
    let harness = try Harness()
    let end = Timestamp(seconds: Timestamp.now.seconds + 50 * 86400)
    let id = try harness.plant(harness.simulator.token("john"), expiresAt: end)
    _ = try harness.store().expireTokens(now: Timestamp(seconds: Timestamp.now.seconds + Self.year))
    harness.send("GET", "/tokens/")
    let events = harness.send("GET", "/events/").json["events"]?.array?.filter {
      $0["action"] == "token.expire"
    }
    #expect(events?.map { $0["result"]?.string } == ["active", "expired"])
    for event in events ?? [] {
      #expect(event["subject"] == .string("token \(id)"))
      #expect(event["actor"] == "system")
    }
  }
}
