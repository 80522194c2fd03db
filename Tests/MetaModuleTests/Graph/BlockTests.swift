import Foundation
import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import Graph
@testable import MetaModule
@testable import Store
@testable import Text

/// "Blocked until": how long it may last, who sees it, and what lifts it (API.md, section 2, "Retries").
@Suite struct BlockTests {
  private static func later(_ seconds: Int64) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return format.string(from: Date(timeIntervalSinceNow: TimeInterval(seconds)))
  }

  private static func raw429(_ headers: [String: String]) -> Fault.Kind {
    .raw(status: 429, headers: headers, body: Array("{}".utf8))
  }

  @Test(arguments: ["86400", "3601", "99999999999999999999"])
  func `no block lasts longer than an hour, whatever is asked`(seconds: String) throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(Self.raw429(["Retry-After": seconds])))
    #expect(harness.send("GET", "/pages/").header("Retry-After") == "3600")
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    let until = try raw.connection.number("SELECT max(blocked_until) FROM throttle")
    #expect(until <= Timestamp.now.seconds + 3600)
  }

  @Test func `a block that was stored for a day is not believed`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 60), count: 2))
    harness.send("GET", "/pages/")
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.connection.run(
      Query("UPDATE throttle SET blocked_until = $1", Timestamp.now.seconds + 86400))
    #expect(harness.send("GET", "/pages/").status == 200)
  }

  @Test func `Retry-After may be a date, by the clock of whoever sent it`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    let date = Self.later(1800)
    harness.simulator.addFault(Fault(Self.raw429(["Retry-After": date])))
    let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    let seconds = try #require(answer.header("Retry-After").flatMap { Int($0) })
    #expect((1790...1800).contains(seconds))
  }

  @Test func `a check tries all the same, and lifts the block when Graph answers`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000), count: 2))
    #expect(harness.send("GET", "/pages/").status == 429)
    harness.simulator.clearFaults()
    #expect(harness.send("GET", "/pages/").status == 429, "remembered")
    #expect(harness.send("POST", "/tokens/1/check/").json["status_reason"] == .null)
    #expect(harness.send("GET", "/pages/").status == 200)
    // While Graph means it, the check says so.
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000)))
    #expect(harness.send("POST", "/tokens/1/check/").status == 429)
    #expect(harness.send("GET", "/pages/").status == 429)
  }

  @Test func `a block is seen on the row and in status, with its end`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000)))
    harness.send("GET", "/pages/")
    let row = harness.send("GET", "/tokens/").json["tokens"]?[0]
    #expect(row?["status"] == "active")
    #expect(row?["status_reason"] == "rate_limited")
    #expect(row?["warnings"]?[0]?.string?.contains("until 20") == true)
    let finding = harness.application.status().first { $0.detail.contains("throttled") }
    #expect(finding?.level == .warning)
    #expect(finding?.remedy?.contains("metactl token check 1") == true)
  }

  @Test func `what is past leaves the table with the next block`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    let store = try harness.store()
    let past = Timestamp(seconds: Timestamp.now.seconds - 1000)
    for number in 0..<50 {
      try store.block(
        "token \(number)", until: Timestamp(seconds: past.seconds + 60), reason: "throttled", now: past)
    }
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 60)))
    harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    #expect(try raw.connection.number("SELECT count(*) FROM throttle") == 1)
  }

  @Test func `a throttled app blocks no user's token`() throws {
    let harness = try Harness(settings: appSettings.merging(["META_RETRIES": "0"]) { $1 })
    harness.addToken("john")
    harness.simulator.addFault(
      Fault(.tooManyRequests(retryAfter: 3000), match: .init(endpoint: .debugToken)))
    #expect(harness.send("POST", "/tokens/1/check/").status == 429)
    #expect(harness.send("GET", "/pages/").status == 200)
  }

  @Test func `a block is an event, once, and repeated calls are counted`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "1"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(.throttled(code: 17, minutes: 0)))
    for _ in 0..<3 { harness.send("GET", "/pages/") }
    let events = try harness.store().events(limit: 9).filter { $0.action == "graph.throttled" }
    #expect(events.count == 1)
    #expect(events.first?.result.hasPrefix("blocked until 20") == true)
    harness.simulator.clearFaults()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2)), count: 1))
    harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(harness.application.rooms.graph.retryCount == 1)
  }

  // MARK: - Whoever meets it

  @Test func `a Page's token that is throttled is remembered`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addClient()
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000), match: .init(endpoint: .page)))
    #expect(harness.send("POST", "/tokens/1/check/").status == 200)
    #expect(harness.send("GET", "/pages/").status == 429)
  }

  @Test func `an exchange that is throttled is remembered for the app, and begun by no token after that`()
    throws
  {
    // Given more tokens that are due than are asked about at once.
    let harness = try Harness()
    let soon = Timestamp(seconds: Timestamp.now.seconds + 86400)
    for number in 0..<60 { try harness.plant("EAA\(number)", expiresAt: soon) }
    let application = try harness.another(settings: appSettings.merging(["META_RETRIES": "0"]) { $1 })
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000), match: .init(endpoint: .oauth)))

    let report = try application.refreshTokens()
    #expect(Set(report.entries.map(\.reason)) == ["rate_limited"])
    #expect(harness.simulator.counts()[.oauth] == 48)

    harness.simulator.clearCalls()
    #expect(try Set(application.refreshTokens().entries.map(\.reason)) == ["rate_limited"])
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `while the app is throttled a token that need not be extended is checked without it`() throws {
    let harness = try Harness()
    harness.addToken("john")
    let application = try harness.another(settings: appSettings.merging(["META_RETRIES": "0"]) { $1 })
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000), match: .init(endpoint: .debugToken)))
    #expect(Answer(application.respond(to: Request("POST", "/tokens/1/check/"))).status == 429)
    harness.simulator.clearCalls()
    #expect(try application.refreshTokens().entries.map(\.outcome) == [.checked])
    #expect(harness.simulator.counts() == [.me: 1])
  }
}
