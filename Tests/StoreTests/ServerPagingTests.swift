import SQL
import TestSupport
import Testing

@testable import Store

/// How much of a server's table is asked for at a time: libpq has a whole answer in memory before its first row is read.
@Suite struct `Store: a server's long tables` {
  private let folder: TemporaryFolder
  private let address: String
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    store = try Store(on: Server(PostgresAddress(address), settling: 0), folder: folder.path)
  }

  /// From now on a statement fails that reads more rows of a table than so many, by this column of them.
  private func limit(_ table: String, by column: String, _ columns: String, to rows: Int) throws {
    try PostgresServer.connect(address).script(
      """
      CREATE FUNCTION tripwire(value text) RETURNS text LANGUAGE plpgsql STABLE COST 10000 AS $$
        DECLARE seen bigint := 1;
        BEGIN
          IF current_setting('trip.statement', true) = statement_timestamp()::text THEN
            seen := current_setting('trip.seen')::bigint + 1;
          END IF;
          PERFORM set_config('trip.statement', statement_timestamp()::text, false);
          PERFORM set_config('trip.seen', seen::text, false);
          IF seen > \(rows) THEN RAISE EXCEPTION 'too many rows'; END IF;
          RETURN value;
        END $$;
      ALTER TABLE \(table) RENAME TO hidden;
      CREATE VIEW \(table) AS SELECT \(columns.replacing(column, with: "tripwire(\(column)) AS \(column)")) FROM hidden
      """)
  }

  @Test func `who looks for one sealed text that a key opens reads no further than to that`() throws {
    try PostgresServer.connect(address).script(
      """
      INSERT INTO meta_access_token (account_label, access_token, status, created_at, updated_at)
        SELECT 'l', 'sealed-' || n, 'active', '', '' FROM generate_series(1, 1000) n
      """)
    try limit("meta_access_token", by: "access_token", "id, access_token", to: 150)
    #expect(try store.hasSealed { $0 == "sealed-1" })
    var count = 0
    try store.forEachSealed { _ in count += 1 }
    #expect(count == 1000)
    #expect(try store.hasSealed { $0 == "sealed-1000" })
    #expect(try !store.hasSealed { $0 == "another" })
  }

  @Test func `a copy reads a long table piece by piece, and all of it`() throws {
    try PostgresServer.connect(address).script(
      """
      INSERT INTO event (at, actor, action, result) SELECT '2026-01-01T12:00:00Z', 'a' || n, 'b', 'c' FROM generate_series(1, 2345) n;
      INSERT INTO medium (id, ig_account_id, seen_at) SELECT n::text, '9', n FROM generate_series(0, 1999) n;
      INSERT INTO medium (id, ig_account_id, seen_at) VALUES ('', '9', 0);
      INSERT INTO session SELECT decode(lpad(to_hex(n), 64, '0'), 'hex'), '', '', '', '' FROM generate_series(1, 1001) n
      """)
    try limit(
      "event", by: "actor", "id, at, actor, action, subject, address, result, request_id, client_id", to: 1100
    )
    let file = try TemporaryFolder()
    let copy = try Store(folder: file.path)
    #expect(try copy.takeAllRows(from: store).rows == 2345 + 2001 + 1001)
    #expect(try copy.events(limit: 10_000).map(\.actor) == (1...2345).reversed().map { "a\($0)" })
    let second = try Store(
      on: Server(PostgresAddress(#require(PostgresServer.shared).makeDatabase()), settling: 0),
      folder: folder.path)
    #expect(try second.takeAllRows(from: copy).rows == 2345 + 2001 + 1001)
  }
}
