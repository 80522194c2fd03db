import Foundation
import SQL
import TestSupport
import Testing

@testable import Store
@testable import Text

/// More want a server than it has connections for: who must wait waits in line, and nobody is told that it is away.
@Suite struct `Store: a crowd before a server` {
  private let folder: TemporaryFolder

  init() throws {
    _ = try #require(PostgresServer.isInstalled ? true : nil, "PostgreSQL is not installed")
    folder = try TemporaryFolder()
  }

  private func store(_ address: String) throws -> Store {
    try Store(on: Server(PostgresAddress(address), settling: 0), folder: folder.path)
  }

  /// What went wrong in so many threads that do the same at the same moment.
  private func failures(of number: Int, _ work: @escaping () throws -> Void) -> [String] {
    let gate = Gate(expected: number)
    let threads = (0..<number).map { _ in
      Background {
        gate.pass()
        do {
          try work()
          return nil as String?
        } catch { return "\(error)" }
      }
    }
    return threads.compactMap { $0.result() ?? "no end" }
  }

  private static let slow: Statement<Int64> = "SELECT 1 FROM pg_sleep(0.35)"

  @Test func `who finds every connection taken stands in line as long as others are answered`() throws {
    let store = try store(try #require(PostgresServer.shared).makeDatabase())
    // Seven rounds of sixteen.
    #expect(failures(of: 110) { _ = try store.first(Self.slow()) } == [])
  }

  @Test func `a server that has no connection left is no server that is away`() throws {
    let server = try PostgresServer(settings: ["max_connections = 5", "superuser_reserved_connections = 0"])
    let address = try server.makeDatabase()
    let stores = try (0..<3).map { _ in try store(address) }
    let failed = failures(of: 60) {
      for store in stores { _ = try store.setting("a") }
      try stores[0].setSetting("a", to: "b")
    }
    #expect(failed == [])
  }

  @Test func `who comes when a server has none left gets the first one that it has`() throws {
    let server = try PostgresServer(settings: ["max_connections = 5", "superuser_reserved_connections = 0"])
    let address = try server.makeDatabase()
    var others: [PostgresConnection] = []
    #expect(
      Wait.until {
        if let other = try? PostgresServer.connect(address) { others.append(other) }
        return others.count == 5
      })
    let fresh = Background { [self] in (try? self.store(address).tokens(limit: 1)) != nil }
    let isRefused = Wait.until {
      let log = (try? String(contentsOfFile: server.path + "/log", encoding: .utf8)) ?? ""
      return log.contains("too many clients")
    }
    #expect(isRefused)
    others = []
    #expect(fresh.result() == true)
  }

  @Test func `writers who wait for their row take no connection from readers`() throws {
    // A server of its own: what other tests ask the shared one for, these writers would wait behind.
    let server = try PostgresServer()
    try withExtendedLifetime(server) {
      let address = try server.makeDatabase()
      let store = try store(address)
      try store.setSetting("a", to: "b")
      let holder = try PostgresServer.connect(address)
      try holder.begin("BEGIN; SELECT stamp FROM installation FOR UPDATE")
      let over = Counter()
      // Each gives up after a while, and comes again: however slow this machine is, some of them wait.
      let writers = (0..<40).map { number in
        Background { while over.value == 0 { try? store.setSetting("writer", to: "\(number)") } }
      }
      defer {
        over.add()
        holder.rollBack()
        for writer in writers { _ = writer.result() }
      }
      let waiting: Statement<Int64> = """
        SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
        """
      // On a connection of its own: a transaction keeps the list of connections that it saw first.
      let onlooker = try PostgresServer.connect(address)
      func areWaiting() -> Bool { Wait.until { ((try? onlooker.number(waiting())) ?? 0) >= 2 } }
      #expect(areWaiting())
      #expect(failures(of: 40) { _ = try store.setting("a") } == [])
      #expect(areWaiting())
      #expect(try onlooker.number(waiting()) <= 4, "writers hold the readers' connections")
    }
  }

  // MARK: - Leases

  private static let until: Statement<String> = "SELECT until::text FROM lease"

  @Test func `a lease lasts as long as its holder's process, and a few seconds more`() throws {
    let address = try #require(PostgresServer.shared).makeDatabase()
    let other = try store(address)
    var holder: Store? = try store(address)
    holder?.server?.watch()
    #expect(try holder?.takeLease("grid") != nil)
    var seen: Set<String> = []
    // It is renewed for longer than it would last otherwise.
    #expect(
      Wait.until {
        if let until = try? other.first(Self.until()) { seen.insert(until) }
        return seen.count > 10
      })
    #expect(try other.takeLease("grid") == nil)
    holder = nil
    let died = ContinuousClock.now
    #expect(Wait.until { (try? other.takeLease("grid")) != nil })
    #expect(ContinuousClock.now - died < .seconds(15))
  }
}
