import SQL
import TestSupport
import Testing

@testable import Store
@testable import Text

/// A server, a database or a role that is set up for other programs than this one.
@Suite struct `Store: a server with settings of its own` {
  private let folder: TemporaryFolder
  private let address: String

  init() throws {
    folder = try TemporaryFolder()
    address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
  }

  private func set(_ settings: String...) throws {
    let name = try #require(address.split(separator: "?").first?.split(separator: "/").last)
    let administration = try PostgresServer.connect(address)
    for setting in settings { try administration.script("ALTER DATABASE \(name) SET \(setting)") }
  }

  private func store() throws -> Store {
    try Store(on: Server(PostgresAddress(address), settling: 0), folder: folder.path)
  }

  private static let slow: Statement<Int64> = "SELECT 1 FROM pg_sleep(0.3)"
  private static let lockTimeout: Statement<String> = "SELECT current_setting('lock_timeout')"

  @Test(arguments: [
    "statement_timeout = '100ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'",
    "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
    "bytea_output = 'escape'", "standard_conforming_strings = off", "DateStyle = 'SQL, DMY'",
    "TimeZone = 'Asia/Kathmandu'", "IntervalStyle = 'iso_8601'", "client_min_messages = 'error'",
    "client_min_messages = 'debug5'", "row_security = off", "client_encoding = 'LATIN1'",
    "idle_session_timeout = '1ms'", "quote_all_identifiers = on", "transform_null_equals = on",
  ])
  func `makes no difference`(_ setting: String) throws {
    try set(setting)
    let store = try store()
    let event = Event(actor: "admin", action: "é", address: "::1")
    let token = try store.saveToken(
      NewToken(accountLabel: "😀\\'", sealedToken: "sealed"), event: event
    ).token.id
    _ = try store.saveMapping(
      NewMapping(
        clientID: "c", pageID: "1", instagramAccountID: "9", sealedPageToken: "page", tokenID: token),
      event: event)
    let hash = [UInt8](repeating: 200, count: 32)
    let key = try store.insertKey(label: "Site", scope: .read, prefix: "mm_a", hash: hash)
    #expect(try store.first(Self.slow()) == 1)
    #expect(try store.keys(limit: 10).map(\.id) == [key.id])
    #expect(try store.tokens(limit: 10).map(\.accountLabel) == ["😀\\'"])
    let lease = try #require(try store.takeLease("grid"))
    #expect(try store.renew(lease))
    #expect(try store.revokeKey(key.id))
    // Who must wait for a row waits.
    #expect(try store.first(Self.lockTimeout()) == "0")
  }

  @Test func `a commit that was cancelled while it waited for the standby is heard of without warnings`()
    throws
  {
    let server = try PostgresServer()
    try withExtendedLifetime(server) {
      let known = try PostgresAddress(server.makeDatabase())
      func store() throws(StoreError) -> Store {
        try Store(on: Server(known, settling: 0), folder: folder.path)
      }
      _ = try store()
      let administration = try server.administration()
      try administration.script("ALTER ROLE meta SET client_min_messages = 'error'")
      try administration.script("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
      try administration.script("SELECT pg_reload_conf()")
      let over = Counter()
      let canceller = Background {
        while over.value == 0 {
          try? administration.script(
            """
            SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'
            """)
        }
      }
      // The settings reach each process of the server in its own time.
      let isUnknown = Wait.until {
        do throws(StoreError) {
          try store().setSetting("a", to: "b")
        } catch { return error == .unknown }
        return false
      }
      over.add()
      _ = canceller.result()
      #expect(isUnknown)
      try administration.script("ALTER SYSTEM RESET synchronous_standby_names")
      try administration.script("SELECT pg_reload_conf()")
    }
  }

  @Test func `a standby that takes no writes yet is a server that is away`() throws {
    let server = try PostgresServer()
    try withExtendedLifetime(server) {
      let address = try server.makeDatabase() + "&target_session_attrs=any"
      let store = try Store(on: Server(PostgresAddress(address), settling: 0), folder: folder.path)
      try store.setSetting("a", to: "b")
      server.stop()
      try server.restart(asStandby: true)
      var error: StoreError?
      let isReadable = Wait.until {
        error = #expect(throws: StoreError.self) { try store.setSetting("a", to: "c") }
        return (try? store.setting("a")) == "b"
      }
      #expect(isReadable)
      guard case .unreachable = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try PostgresServer.connect(address).number("SELECT pg_promote()::int") == 1)
      #expect(Wait.until { (try? store.setSetting("a", to: "c")) != nil })
    }
  }

  @Test func `search_path without a schema is told in a sentence`() throws {
    try set("search_path = 'nowhere'")
    let error = #expect(throws: StoreError.self) { try store() }
    #expect(error?.sentence.contains("search_path") == true)
  }

  @Test func `a role that may make nothing is told in a sentence`() throws {
    let administration = try PostgresServer.connect(address)
    try administration.script("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try administration.script("CREATE ROLE guest_\(UInt32.random(in: 0 ... .max)) LOGIN")
    let role: String = try #require(
      try administration.first(
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'guest%' ORDER BY oid DESC"))
    let guest = "postgresql://\(role)@" + address.split(separator: "@", maxSplits: 1)[1]
    let error = #expect(throws: StoreError.self) {
      try Store(on: Server(PostgresAddress(guest)), folder: folder.path)
    }
    #expect(error?.sentence.contains("ALTER DATABASE") == true)
  }

  @Test func `a server that takes no writes is told in a sentence`() throws {
    try set("default_transaction_read_only = on")
    let error = #expect(throws: StoreError.self) { try store() }
    #expect(error?.sentence.contains("read-only") == true)
  }
}
