import Foundation
import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// What operators are told by `refresh` and `status`, and how often.
@Suite struct NewsTests {
  private static func news(_ application: Application) throws -> [String] {
    try application.refreshTokens().troubled(newsOnly: true).compactMap(\.trouble)
  }

  /// As if what was told had been told yesterday.
  private static func aDayLater(_ harness: Harness) throws {
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.connection.run("UPDATE notice SET told_at = told_at - 86400")
    try raw.connection.run(
      Query(
        "UPDATE meta_access_token SET last_checked_at = $1",
        Timestamp(seconds: Timestamp.now.seconds - 86400).description))
  }

  @Test func `a refused token is told again every day, not once and not every hour`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.setState(.revoked, ofToken: "john")
    #expect(try Self.news(harness.application) == ["revoked"])
    for _ in 0..<3 { #expect(try Self.news(harness.application) == []) }
    try Self.aDayLater(harness)
    #expect(try Self.news(harness.application) == ["revoked"])
    #expect(try Self.news(harness.application) == [])
    // Who looks is told at any time; one that was switched off here is nobody's trouble.
    #expect(harness.application.status().worst == .trouble)
    #expect(try harness.application.refreshTokens().troubled(newsOnly: false).count == 1)
    _ = try harness.store().updateToken(1, status: .invalid, reason: "disabled")
    try Self.aDayLater(harness)
    #expect(try Self.news(harness.application) == [])
  }

  @Test func `a token that waits for its owner is tried with every run, and told once a day`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.setState(.checkpoint, ofToken: "john")
    #expect(try Self.news(harness.application) == ["login_required"])
    let events = try harness.store().events(limit: 50).count
    for _ in 0..<3 { #expect(try Self.news(harness.application) == []) }
    #expect(try harness.store().events(limit: 50).count == events, "nothing has happened")
    // Another trouble is news at once, and so is the same one after it was mended.
    harness.simulator.setState(.active, ofToken: "john")
    #expect(try harness.application.refreshTokens().entries.map(\.outcome) == [.recovered])
    harness.simulator.setState(.checkpoint, ofToken: "john")
    try Self.aDayLater(harness)
    #expect(try Self.news(harness.application) == ["login_required"])
    harness.simulator.setState(.revoked, ofToken: "john")
    #expect(try Self.news(harness.application) == ["revoked"])
  }

  @Test func `a token that Graph hands back is asked for once a day, and told once a day`() throws {
    let harness = try Harness(settings: appSettings)
    harness.addToken("maria")
    harness.simulator.clearCalls()
    let other = try harness.another(settings: appSettings)
    try Self.aDayLater(harness)
    #expect(try Self.news(other) == ["not_extended"])
    #expect(try harness.token(1)?.status == .active)
    #expect(try harness.token(1)?.statusReason == "not_extended")
    let asked = harness.simulator.calls().count
    for _ in 0..<3 {
      #expect(try Self.news(other) == [])
      #expect(try other.refreshTokens().entries.map(\.reason) == ["not_extended"], "it is still so")
    }
    #expect(harness.simulator.calls().count == asked)
    #expect(other.status().contains { $0.level == .warning && $0.detail.contains("cannot be extended") })
    try Self.aDayLater(harness)
    #expect(try Self.news(other) == ["not_extended"])
  }

  @Test func `data access that has ended is not announced as coming`() throws {
    let harness = try Harness()
    harness.addToken("john")
    func finding(_ days: Int64) throws -> Finding? {
      let raw = try RawDatabase(harness.application.configuration.databasePath)
      try raw.connection.run(
        Query(
          "UPDATE meta_access_token SET data_access_expires_at = $1",
          Timestamp(seconds: Timestamp.now.seconds + days * 86400 + 3600).description))
      return harness.application.status().first { $0.detail.contains("data any more") }
    }
    let coming = try finding(3)
    #expect(coming?.level == .warning)
    #expect(coming?.detail.contains("in 3 days") == true)
    let ended = try finding(-3)
    #expect(ended?.level == .trouble)
    #expect(ended?.detail.contains("since") == true)
    #expect(ended?.detail.contains("less than a day") == false)
    #expect(try finding(30) == nil)
  }

  @Test func `an end that nobody knows is unknown, and never only where Graph says so`() throws {
    let harness = try Harness()
    harness.addToken("john")
    #expect(harness.application.status().contains { $0.detail.contains("When 1 of them ends is not known") })
    let told = try harness.another(settings: appSettings)
    harness.simulator.setExpiry(0, ofToken: "john")
    #expect(Answer(told.respond(to: Request("POST", "/tokens/1/check/"))).json["expires_at"] == .null)
    #expect(harness.application.status().allSatisfy { !$0.detail.contains("not known") })
    // And what was told to us before gives way to that.
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.connection.run(Query("UPDATE meta_access_token SET expires_at = $1", "2020-01-01T00:00:00Z"))
    #expect(Answer(told.respond(to: Request("POST", "/tokens/1/check/"))).json["status"] == "active")
    #expect(try harness.token(1)?.expiresAt == nil)
  }

  @Test func `a refresh that has not run for days is told`() throws {
    let harness = try Harness()
    harness.addToken("john")
    _ = try harness.application.refreshTokens()
    #expect(harness.application.status().worst == .ok)
    let days = Timestamp(seconds: Timestamp.now.seconds - 4 * 86400)
    try harness.store().setSetting("last_refresh_at", to: days.description)
    let overdue = harness.application.status().first { $0.check == "refresh" }
    #expect(overdue?.level == .warning)
    #expect(overdue?.detail.contains("4 days ago") == true)
    try harness.store().setSetting("last_refresh_at", to: nil)
    #expect(harness.application.status().worst == .ok, "the account is new")
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    try raw.connection.run(Query("UPDATE meta_access_token SET created_at = $1", days.description))
    #expect(harness.application.status().contains { $0.detail.contains("never ran") })
  }
}
