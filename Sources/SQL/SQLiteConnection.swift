internal import CSQLite
internal import Glibc

/// One open SQLite database and its compiled statements.
///
/// In life: opened once by each worker and kept; a cold CGI request opens one for a handful of statements.
package final class SQLiteConnection: Connection {
  /// What holds for SQLite as a whole, in this order: the second call initialises it.
  private static let isSetUp: Void = {
    _ = csqlite_count_no_memory()
    _ = csqlite_insist_on_unlocking()
  }()

  private let pointer: OpaquePointer
  /// By the address of the literal: comparing the text would cost more than many of the statements do.
  private var statements: [UnsafePointer<UInt8>: CompiledStatement] = [:]
  private var isWALIndexKnown = false
  private var foundWALIndex: WALIndex?

  /// Opens the file at `path`, which must exist.
  ///
  /// The busy timeout comes before anything else: even looking at the schema meets other processes' locks.
  /// - Parameter patience: how long to wait for others' locks, in milliseconds.
  package init(
    opening path: String, isReadOnly: Bool = false, patience: Int32
  ) throws(SQLError) {
    Self.isSetUp
    var opened: OpaquePointer?
    let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
    errno = 0
    let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    // SQLite hands out a connection that failed to open, to be asked why, and to be closed.
    guard let opened else { throw SQLError(code: SQLITE_NOMEM) }
    pointer = opened
    guard code == SQLITE_OK else { throw explained(SQLError(code: code)) }
    sqlite3_busy_timeout(pointer, patience)
    csqlite_defensive(pointer)
    csqlite_distrust_schema(pointer)
    try script("PRAGMA foreign_keys = ON")
  }

  // MARK: - Statements

  /// The statement is compiled on first use.
  @discardableResult
  package func forEach<Answer>(
    _ query: Query<Answer>, _ body: (borrowing Row) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool {
    errno = 0  // So that a full disk or quota can be told from a broken one.
    do throws(SQLError) {
      return try compiled(query.text).run(query.values, body)
    } catch {
      throw error.code == SQLError.damagedRow.code ? error : explained(error)
    }
  }

  /// To compile reads the schema, which opens the WAL: that may fail as any reading does.
  private func compiled(_ sql: StaticString) throws(SQLError) -> CompiledStatement {
    if let known = statements[sql.utf8Start] { return known }
    let statement = try CompiledStatement(sql, on: pointer)
    statements[sql.utf8Start] = statement
    return statement
  }

  @discardableResult
  package func run(_ query: Query<Never>) throws(SQLError) -> Int {
    let before = sqlite3_total_changes(pointer)
    try forEach(query) { _ in true }
    // sqlite3_changes() keeps the count of the last statement that changed something; the difference does not.
    return sqlite3_total_changes(pointer) == before ? 0 : Int(sqlite3_changes(pointer))
  }

  package func script(_ sql: String) throws(SQLError) {
    errno = 0
    let code = sqlite3_exec(pointer, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw explained(SQLError(code: code)) }
  }

  /// The same error with the `errno` of the system call that failed underneath.
  ///
  /// SQLite notes it for a statement that fails on its way, but not for a COMMIT that does; there the thread's own is
  /// still the one of the failed call.
  private func explained(_ error: SQLError) -> SQLError {
    let noted = sqlite3_system_errno(pointer)
    return SQLError(code: error.code, systemError: noted == 0 ? errno : noted)
  }

  // MARK: - Transactions

  /// Runs `body` between `begin` and COMMIT; whatever it throws rolls back.
  package func transaction<Result>(
    _ begin: Query<Never>, _ body: (SQLiteConnection) throws(SQLError) -> Result
  ) throws(SQLError) -> Result {
    try run(begin)
    do throws(SQLError) {
      let result = try body(self)
      try run("COMMIT")
      return result
    } catch {
      // A full disk or an I/O error has rolled back already.
      if isInTransaction { _ = try? run("ROLLBACK") }
      throw error
    }
  }

  /// Whether a transaction is open. SQLite ends some by itself (full disk, I/O error): never guess.
  package var isInTransaction: Bool { sqlite3_get_autocommit(pointer) == 0 }

  // MARK: - The file and its locks

  /// How long to wait for others' locks, in milliseconds.
  package func waitForLocks(upTo milliseconds: Int32) { sqlite3_busy_timeout(pointer, milliseconds) }

  /// Whether the file could only be opened for reading.
  package var isReadOnly: Bool { sqlite3_db_readonly(pointer, "main") == 1 }

  /// Leaves every checkpoint to the holder of the write lock: SQLite before 3.51.3 can corrupt a WAL that two
  /// connections checkpoint and write at the same moment.
  package func leaveCheckpointsToTheWriteLock() {
    sqlite3_wal_autocheckpoint(pointer, 0)
    csqlite_no_checkpoint_on_close(pointer)
  }

  /// Tries to move the whole WAL into the database and to empty it; others' reads may leave a rest.
  ///
  /// No failure is one of the caller's transaction: it is committed, and the next one tries again.
  package func checkpoint() {
    sqlite3_wal_checkpoint_v2(pointer, "main", SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
  }

  /// Copies the whole database of `source` into this one, in one transaction, while others use either.
  package func copyAll(from source: SQLiteConnection) throws(SQLError) {
    errno = 0
    guard let backup = sqlite3_backup_init(pointer, "main", source.pointer, "main") else {
      throw explained(SQLError(code: sqlite3_extended_errcode(pointer)))
    }
    let step = sqlite3_backup_step(backup, -1)
    let end = sqlite3_backup_finish(backup)
    guard step == SQLITE_DONE, end == SQLITE_OK else {
      throw explained(SQLError(code: step == SQLITE_DONE ? end : step))
    }
  }

  /// `wal`, or `delete` on a network file system.
  package func journalMode() throws(SQLError) -> String? { try first("PRAGMA journal_mode") }

  // MARK: - Changes

  package func invalidate() {}
  package var isInvalidating: Bool { false }

  /// SQLite's counter of what other connections have committed.
  package func dataVersion() throws(SQLError) -> Int64 { try number("PRAGMA data_version") }

  /// The header of the WAL index as it is at this moment; `nil` without a WAL.
  package func walIndexHeader() throws(SQLError) -> WALIndexHeader? {
    if !isWALIndexKnown {
      if try journalMode() == "wal" {
        // A first read maps it.
        if !isInTransaction { _ = try number("SELECT count(*) FROM sqlite_master") }
        foundWALIndex = WALIndex(of: pointer)
      }
      isWALIndexKnown = true
    }
    return foundWALIndex?.header
  }

  deinit {
    // Statements must be gone before the connection that compiled them.
    statements.removeAll()
    sqlite3_close_v2(pointer)
  }
}
