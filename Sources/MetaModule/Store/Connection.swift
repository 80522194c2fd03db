internal import CSQLite
internal import GRDB
internal import Glibc

/// One open database connection of GRDB's and its prepared statements. Belongs to one `Store`, and with it to one
/// thread.
///
/// GRDB opens, configures, compiles, steps and backs up; what it throws becomes a `SQLiteFailure` here, and nothing of
/// it leaves the store. A queue for one thread costs 2 µs a statement, which is why what a warm request needs is
/// remembered above (`Store.latestMappingWithInstagram`).
final class Connection {
  private let queue: DatabaseQueue
  /// By the address of the literal: comparing the text would cost more than many of the statements do.
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]
  /// Where SQLite has the WAL index in memory, as long as the connection is open.
  private var walIndex: UnsafeRawPointer?
  private var hasLookedForWALIndex = false

  /// Opens the file at `path`, which must exist.
  ///
  /// The busy timeout comes before anything else: even looking at the schema meets other processes' locks.
  init(opening path: String, isReadOnly: Bool = false, patience: Int32) throws(SQLiteFailure) {
    var configuration = GRDB.Configuration()
    configuration.readonly = isReadOnly
    configuration.busyMode = .timeout(Double(patience) / 1000)
    configuration.foreignKeysEnabled = true
    // `transaction` ends what it begins; GRDB need not trap on it.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      csqlite_defensive(database.sqliteConnection)
      csqlite_distrust_schema(database.sqliteConnection)
    }
    errno = 0
    do { queue = try DatabaseQueue(path: path, configuration: configuration) } catch {
      throw SQLiteFailure(error, systemError: errno)
    }
  }

  /// Letting go of a queue needs a thread of libdispatch's, which waits for ever where the account may have none: then
  /// the queue stays, and the database is closed all the same.
  deinit {
    guard ThreadSupply.isExhausted else { return }
    statements = [:]
    try? queue.close()
    _ = Unmanaged.passRetained(queue)
  }

  /// Lends GRDB's connection; nested calls run in the outermost one.
  private func withDatabase<Result>(
    _ body: (Database) throws -> Result
  ) throws(SQLiteFailure) -> Result {
    do {
      return try queue.unsafeReentrantWrite { database in
        errno = 0  // So that a full disk or quota can be told from a broken one.
        do { return try body(database) } catch let error as DatabaseError {
          // SQLite notes the errno of a statement that fails on its way, but not of a COMMIT that does; there the
          // thread's own is still the one of the failed call.
          let noted = sqlite3_system_errno(database.sqliteConnection)
          throw SQLiteFailure(error, systemError: noted == 0 ? errno : noted)
        }
      }
    } catch {
      throw SQLiteFailure(error, systemError: 0)
    }
  }

  /// Something that GRDB has no word for, asked of SQLite itself; nothing in it can fail.
  private func withHandle<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    queue.unsafeReentrantWrite { database in body(database.sqliteConnection) }
  }

  /// How long SQLite waits for others' locks, in milliseconds.
  func waitForLocks(upTo milliseconds: Int32) { _ = withHandle { sqlite3_busy_timeout($0, milliseconds) } }

  /// Leaves every checkpoint to the holder of the write lock.
  func leaveCheckpointsToTheWriteLock() {
    withHandle { handle in
      sqlite3_wal_autocheckpoint(handle, 0)
      csqlite_no_checkpoint_on_close(handle)
    }
  }

  /// Whether a transaction is open. SQLite ends some by itself (full disk, I/O error): never guess.
  var isInTransaction: Bool { withHandle { sqlite3_get_autocommit($0) == 0 } }

  /// Whether the file could only be opened for reading.
  var isReadOnly: Bool { withHandle { sqlite3_db_readonly($0, "main") == 1 } }

  /// The id of the row this connection inserted last.
  var lastInsertedID: Int64 { withHandle { sqlite3_last_insert_rowid($0) } }

  /// Hands every row of a statement to `body`, until it answers `false`. The statement is compiled on first use.
  private func rows(
    _ sql: StaticString, _ values: [SQLiteValue], _ body: (borrowing Row) throws(SQLiteFailure) -> Bool
  ) throws(SQLiteFailure) {
    try withDatabase { database in
      let statement: Statement
      if let compiled = statements[sql.utf8Start] {
        statement = compiled
      } else {
        statement = try database.makeStatement(sql: "\(sql)")
        statements[sql.utf8Start] = statement
      }
      let arguments = StatementArguments(values.map(\.databaseValue))
      // A statement left standing on a row would keep its read lock, and with it the WAL, as long as we live.
      defer { sqlite3_reset(statement.sqliteStatement) }
      guard statement.columnCount > 0 else { return try statement.execute(arguments: arguments) }
      let cursor = try GRDB.Row.fetchCursor(statement, arguments: arguments)
      while try cursor.next() != nil {
        guard try body(Row(handle: statement.sqliteStatement)) else { return }
      }
    }
  }

  /// Runs a statement and returns how many rows it inserted, updated or deleted.
  @discardableResult
  func run(_ sql: StaticString, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int {
    let before = withHandle { sqlite3_total_changes($0) }
    try rows(sql, values) { _ in true }
    // sqlite3_changes() keeps the count of the last statement that changed something; the difference does not.
    return withHandle { sqlite3_total_changes($0) == before ? 0 : Int(sqlite3_changes($0)) }
  }

  /// The first row, if there is one.
  func first<Result>(
    _ sql: StaticString, _ values: [SQLiteValue] = [],
    _ read: (borrowing Row) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> Result? {
    var result: Result?
    try rows(sql, values) { (row) throws(SQLiteFailure) in
      result = try read(row)
      return false
    }
    return result
  }

  /// Every row, in the statement's order.
  func all<Result>(
    _ sql: StaticString, _ values: [SQLiteValue] = [],
    _ read: (borrowing Row) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> [Result] {
    var results: [Result] = []
    try rows(sql, values) { (row) throws(SQLiteFailure) in
      results.append(try read(row))
      return true
    }
    return results
  }

  /// Hands every row to `body` until it answers `false`. Returns whether there was no `false`.
  @discardableResult
  func forEach(
    _ sql: StaticString, _ values: [SQLiteValue] = [], _ body: (borrowing Row) throws(SQLiteFailure) -> Bool
  ) throws(SQLiteFailure) -> Bool {
    var isComplete = true
    try rows(sql, values) { (row) throws(SQLiteFailure) in
      isComplete = try body(row)
      return isComplete
    }
    return isComplete
  }

  /// The number in the first column of the first row; 0 without one.
  func number(_ sql: StaticString, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int64 {
    try first(sql, values) { (row) throws(SQLiteFailure) in try row.integer(0) } ?? 0
  }

  /// The header of the WAL index as it is at this moment; `nil` without a WAL.
  ///
  /// Every commit, of whatever process, writes it before it returns, and SQLite itself holds its pages for current as
  /// long as these 48 bytes are unchanged. Reading them takes no lock, no system call and no statement.
  func walIndexHeader() throws(SQLiteFailure) -> WALIndexHeader? {
    if !hasLookedForWALIndex {
      let mode = try first("PRAGMA journal_mode") { (row) throws(SQLiteFailure) in try row.text(0) }
      if mode == "wal" {
        _ = try number("SELECT count(*) FROM sqlite_master")  // A first read maps it.
        walIndex = withHandle { csqlite_wal_index($0) }
      }
      hasLookedForWALIndex = true
    }
    guard let walIndex else { return nil }
    var header = csqlite_read_wal_index_header(walIndex)
    return csqlite_is_wal_index_in_use(&header) == 0 ? nil : WALIndexHeader(words: header.words)
  }

  /// SQLite's counter of what other connections have committed.
  func dataVersion() throws(SQLiteFailure) -> Int64 { try number("PRAGMA data_version") }

  /// Runs statements that are needed once, one after the other.
  func script(_ sql: String) throws(SQLiteFailure) {
    try withDatabase { try $0.execute(sql: sql) }
  }

  /// Runs `body` between `begin` and COMMIT.
  func transaction<Result>(
    _ begin: StaticString, _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> Result {
    // In one visit of the queue: GRDB insists that nobody leaves it with a transaction open.
    try withDatabase { _ in
      try run(begin)
      do {
        let result = try body(self)
        try run("COMMIT")
        return result
      } catch {
        // A full disk or an I/O error has rolled back already.
        if isInTransaction { _ = try? run("ROLLBACK") }
        throw error
      }
    }
  }

  /// Copies the whole database of `source` into this one, in one transaction, while others use either.
  func copyAll(from source: Connection) throws(SQLiteFailure) {
    try withDatabase { destination in
      try source.withDatabase { try $0.backup(to: destination) }
    }
  }

  /// Tries to move the whole WAL into the database and to empty it; others' reads may leave a rest.
  func checkpoint() {
    // No failure is one of the caller's transaction: it is committed, and the next one tries again.
    _ = try? withDatabase { try $0.checkpoint(.truncate) }
  }
}
