internal import CSQLite

/// One open database connection and its prepared statements. Belongs to one `Store`, and with it to one
/// thread.
///
/// Why not GRDB: measured with GRDB 7.10 (two cores, SQLite 3.40.1, -O), the mapping lookup of a warm
/// request took 9.5 µs there and 4.7 µs here, the start of a process with an open database 4.5 ms and 2.5
/// ms, and a stripped program weighed 61 MB and 7 MB, since GRDB needs Foundation. What we need of SQLite
/// fits into this file, `Statement` and `Row`.
final class Connection {
  private let handle: OpaquePointer
  /// By the address of the literal: comparing the text would cost more than many of the statements do.
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]

  /// Opens the file at `path`, which must exist.
  ///
  /// The busy timeout comes before anything else: even looking at the schema meets other processes' locks.
  init(opening path: String, flags: Int32 = SQLITE_OPEN_READWRITE, patience: Int32) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    // Extended result codes from the start; no mutex, for one thread uses the connection.
    let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nil)
    guard let handle else { throw SQLiteFailure(code: SQLITE_NOMEM) }
    guard code == SQLITE_OK else {
      let failure = SQLiteFailure(code: code, systemError: sqlite3_system_errno(handle))
      sqlite3_close_v2(handle)
      throw failure
    }
    self.handle = handle
    waitForLocks(upTo: patience)
    csqlite_defensive(handle)
    csqlite_distrust_schema(handle)
    csqlite_enforce_foreign_keys(handle)
  }

  deinit {
    // Statements first: a connection that still has some would live on as a zombie, and hold its locks.
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// How long SQLite waits for others' locks, in milliseconds.
  func waitForLocks(upTo milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

  /// Leaves every checkpoint to the holder of the write lock.
  func leaveCheckpointsToTheWriteLock() {
    sqlite3_wal_autocheckpoint(handle, 0)
    csqlite_no_checkpoint_on_close(handle)
  }

  /// Whether a transaction is open. SQLite ends some by itself (full disk, I/O error): never guess.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Whether the file could only be opened for reading.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

  /// The id of the row this connection inserted last.
  var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle) }

  /// The statement, compiled on first use.
  private func statement(_ sql: StaticString) throws(SQLiteFailure) -> Statement {
    if let statement = statements[sql.utf8Start] { return statement }
    let statement = try Statement(sql, on: handle)
    statements[sql.utf8Start] = statement
    return statement
  }

  /// Runs a statement and returns how many rows it inserted, updated or deleted.
  @discardableResult
  func run(_ sql: StaticString, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int {
    let before = sqlite3_total_changes(handle)
    try statement(sql).run(values, on: handle) { _ in true }
    // sqlite3_changes() keeps the count of the last statement that changed something; the difference does
    // not.
    return sqlite3_total_changes(handle) == before ? 0 : Int(sqlite3_changes(handle))
  }

  /// The first row, if there is one.
  func first<Result>(
    _ sql: StaticString, _ values: [SQLiteValue] = [],
    _ read: (borrowing Row) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> Result? {
    var result: Result?
    try statement(sql).run(values, on: handle) { (row) throws(SQLiteFailure) in
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
    try statement(sql).run(values, on: handle) { (row) throws(SQLiteFailure) in
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
    try statement(sql).run(values, on: handle) { (row) throws(SQLiteFailure) in
      isComplete = try body(row)
      return isComplete
    }
    return isComplete
  }

  /// The number in the first column of the first row; 0 without one.
  func number(_ sql: StaticString, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int64 {
    try first(sql, values) { (row) throws(SQLiteFailure) in try row.integer(0) } ?? 0
  }

  /// Runs statements that are needed once, one after the other.
  func script(_ sql: String) throws(SQLiteFailure) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw SQLiteFailure(of: handle) }
  }

  /// Runs `body` between `begin` and COMMIT.
  func transaction<Result>(
    _ begin: StaticString, _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> Result {
    try run(begin)
    do throws(SQLiteFailure) {
      let result = try body(self)
      try run("COMMIT")
      return result
    } catch {
      // A full disk or an I/O error has rolled back already.
      if isInTransaction { _ = try? run("ROLLBACK") }
      throw error
    }
  }

  /// Copies the whole database of `source` into this one, in one transaction, while others use either.
  func copyAll(from source: Connection) throws(SQLiteFailure) {
    guard let backup = sqlite3_backup_init(handle, "main", source.handle, "main") else {
      throw SQLiteFailure(of: handle)
    }
    let step = sqlite3_backup_step(backup, -1)
    let finish = sqlite3_backup_finish(backup)
    guard step == SQLITE_DONE, finish == SQLITE_OK else {
      let code = step == SQLITE_DONE || step == SQLITE_OK ? finish : step
      throw SQLiteFailure(code: code, systemError: sqlite3_system_errno(handle))
    }
  }

  /// Tries to move the whole WAL into the database and to empty it; others' reads may leave a rest.
  func checkpoint() {
    // No failure is one of the caller's transaction: it is committed, and the next one tries again.
    sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
  }
}
