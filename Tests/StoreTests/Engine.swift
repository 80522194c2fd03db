import SQL
import TestSupport
import Testing

@testable import Store

/// What keeps the rows in a test.
enum Engine: CaseIterable {
  case sqlite, postgres

  /// Of the test at hand.
  @TaskLocal static var current = Engine.sqlite
}

/// Runs each test once on SQLite and once on PostgreSQL: the same statements must mean the same.
struct OnEachEngine: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for engine in Engine.allCases {
      do {
        try await Engine.$current.withValue(engine) { try await function() }
      } catch {
        Issue.record(error, "on \(engine)")
      }
    }
  }
}

extension Trait where Self == OnEachEngine {
  static var onEachEngine: Self { OnEachEngine() }
}

@Suite struct `PostgreSQL for the tests` {
  @Test func `is installed`() {
    #expect(PostgresServer.shared != nil, "apt-get install postgresql; Tests/run does")
  }
}
