internal import CSQLite

/// The database: tokens, mappings, media, throttles, settings, and who may call.
///
/// Every worker thread has a `Store` of its own, with one connection that is opened at once and kept. A
/// `Store` is not shared between threads; all threads and processes share the file. A request that is
/// answered from the cache calls `changeCounter()` (3 µs) or `latestMappingWithInstagram` (5 µs); everything
/// else happens a few times a minute. Thousands of rows are normal, a million must not hurt.
///
/// It offers whole operations only, each one a transaction of its own, so that no transaction can be open
/// while somebody waits for the network. A write that returned survives `kill -9` and power loss.
///
/// It stores sealed text and knows nothing of keys. Text is compared byte by byte, here as in SQLite.
public final class Store {
  /// How long an operation waits for locks that others hold, in milliseconds: less than a client waits for
  /// us.
  static let patience: Int32 = 5000
  /// Beyond this size a writer empties the WAL.
  static let largeWAL: Int64 = 1 << 20
  /// Beyond this size it even waits a moment for readers that stand in the way.
  static let hugeWAL: Int64 = 6 << 20

  let file: DatabaseFile
  private let patience: Int32
  private var connection: Connection?
  private var lock: WriteLock?
  private var ownWrites: UInt64 = 0
  private var generation: UInt64 = 0

  /// Opens the database in `folder`; makes the folder (0700) and the database (0600) where they are missing,
  /// and brings an older schema up to date.
  ///
  /// Any number of processes may do so at once. Throws what `StoreError` lists; a database that is newer or
  /// somebody else's is left untouched.
  public convenience init(folder: String) throws(StoreError) {
    try self.init(file: DatabaseFile(folder: folder))
  }

  /// For tests, which cannot mount a network file system nor wait for five seconds.
  init(file: DatabaseFile, patience: Int32 = Store.patience) throws(StoreError) {
    self.file = file
    self.patience = patience
    _ = try opened()
  }

  // MARK: - What the operations are made of

  /// Runs `body` on the connection. One statement is one snapshot; for more, use `snapshot`.
  func read<Result>(
    _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(StoreError) -> Result {
    let connection = try opened()
    do throws(SQLiteFailure) {
      return try body(connection)
    } catch {
      throw translated(error)
    }
  }

  /// Runs `body` so that all its statements see the same moment.
  func snapshot<Result>(
    _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(StoreError) -> Result {
    try read { (connection) throws(SQLiteFailure) in
      try transaction(on: connection, begin: "BEGIN", body)
    }
  }

  /// Runs `body` in a transaction, and runs it again where another's lock spoiled it. `body` must therefore
  /// have no effect but on the database.
  func write<Result>(
    _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(StoreError) -> Result {
    let deadline = Deadline(in: patience)
    var attempts = 0
    while true {
      let connection = try opened()
      if file.needsWriteLock { try acquireLock(until: deadline) }
      defer { if file.needsWriteLock { releaseLock() } }
      do throws(SQLiteFailure) {
        connection.waitForLocks(upTo: max(1, deadline.left))
        defer { connection.waitForLocks(upTo: patience) }
        let result = try transaction(on: connection, begin: "BEGIN IMMEDIATE", body)
        ownWrites &+= 1
        emptyLargeWAL(of: connection)
        return result
      } catch {
        let failure = translated(error)
        attempts += 1
        // A file exchanged under us is worth a second try as well: on the new file.
        let isWorthAnother = error.isBusy || error.code == csqlite_readonly_dbmoved
        guard isWorthAnother, attempts < 3, !deadline.isPast else { throw failure }
      }
    }
  }

  private func transaction<Result>(
    on connection: Connection, begin: StaticString,
    _ body: (Connection) throws(SQLiteFailure) -> Result
  ) throws(SQLiteFailure) -> Result {
    try connection.run(begin)
    do throws(SQLiteFailure) {
      let result = try body(connection)
      try connection.run("COMMIT")
      return result
    } catch {
      // A full disk or an I/O error has rolled back already.
      if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
      if connection.isInTransaction { self.connection = nil }
      throw error
    }
  }

  /// The same failure in the store's words. A connection that can no longer be trusted is closed; the next
  /// operation opens a new one.
  private func translated(_ failure: SQLiteFailure) -> StoreError {
    if failure.spoilsConnection { connection = nil }
    return StoreError(failure, path: file.path)
  }

  private func emptyLargeWAL(of connection: Connection) {
    guard file.needsWriteLock else { return }
    let size = file.sizeOfWAL
    guard size > Self.largeWAL else { return }
    connection.waitForLocks(upTo: size > Self.hugeWAL ? 1000 : 0)
    connection.checkpoint()
  }

  private func acquireLock(until deadline: Deadline) throws(StoreError) {
    if lock == nil { lock = try WriteLock(path: file.lockPath) }
    guard lock?.acquire(until: deadline) == true else { throw .busy }
  }

  private func releaseLock() { lock?.release() }

  // MARK: - Opening

  private func opened() throws(StoreError) -> Connection {
    if let connection { return connection }
    let connection: Connection
    do throws(SQLiteFailure) {
      connection = try Connection(opening: file.path, patience: patience)
    } catch {
      guard error.primaryCode == SQLITE_CANTOPEN else { throw translated(error) }
      connection = try createdAndOpened()
    }
    try prepare(connection)
    self.connection = connection
    generation &+= 1
    return connection
  }

  private func createdAndOpened() throws(StoreError) -> Connection {
    try file.create()
    do throws(SQLiteFailure) {
      return try Connection(opening: file.path, patience: patience)
    } catch {
      throw translated(error)
    }
  }

  private func prepare(_ connection: Connection) throws(StoreError) {
    let refusal: StoreError?
    do throws(SQLiteFailure) {
      if file.needsWriteLock { connection.leaveCheckpointsToTheWriteLock() }
      // EXTRA: with a rollback journal, the removal of the journal is the commit, and must reach the disk
      // too.
      try connection.script(
        """
        PRAGMA synchronous = \(file.carriesWAL ? "FULL" : "EXTRA");
        PRAGMA journal_size_limit = \(Self.largeWAL);
        PRAGMA cell_size_check = ON;
        PRAGMA cache_size = -1000
        """)
      if try isUpToDate(connection), try isInItsJournalMode(connection) { return }
      refusal = try self.refusal(of: connection)
    } catch {
      throw translated(error)
    }
    if let refusal { throw refusal }
    guard !connection.isReadOnly else { throw .readOnly(path: file.path) }
    try setUp(connection)
  }

  private func isUpToDate(_ connection: Connection) throws(SQLiteFailure) -> Bool {
    guard try connection.number("PRAGMA application_id") == Migration.applicationID else { return false }
    return try connection.number("PRAGMA user_version") == Int64(Migration.newest)
  }

  private func isInItsJournalMode(_ connection: Connection) throws(SQLiteFailure) -> Bool {
    try connection.first("PRAGMA journal_mode") { (row) throws(SQLiteFailure) in try row.text(0) }
      == file.journalMode
  }

  /// Why this file must not be touched, if it must not.
  private func refusal(of connection: Connection) throws(SQLiteFailure) -> StoreError? {
    let version = try connection.number("PRAGMA user_version")
    guard try connection.number("PRAGMA application_id") == Migration.applicationID else {
      let isEmpty = try connection.number("SELECT count(*) FROM sqlite_schema") == 0
      return isEmpty && version == 0 ? nil : .notOurs(path: file.path)
    }
    guard version <= Migration.newest else {
      return .newer(path: file.path, version: Int(version), known: Migration.newest)
    }
    return nil
  }

  /// Chooses the journal mode and runs the missing migrations, one process after the other.
  private func setUp(_ connection: Connection) throws(StoreError) {
    let deadline = Deadline(in: patience)
    // Network file systems may refuse locks; there, SQLite's own are all there is.
    do { try acquireLock(until: deadline) } catch { if file.carriesWAL || error == .busy { throw error } }
    defer { releaseLock() }
    while true {
      do throws(SQLiteFailure) {
        _ = try connection.first(
          file.carriesWAL ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE"
        ) { _ in }
        return try migrate(connection, to: Migration.newest)
      } catch {
        guard error.isBusy, !deadline.isPast else { throw translated(error) }
      }
    }
  }

  /// Runs the steps that the database lacks, all in one transaction.
  private func migrate(_ connection: Connection, to version: Int) throws(SQLiteFailure) {
    try transaction(on: connection, begin: "BEGIN IMMEDIATE") { (connection) throws(SQLiteFailure) in
      let present = try connection.number("PRAGMA user_version")
      guard present < version else { return }
      for migration in Migration.all[Int(present)..<version] { try connection.script(migration.sql) }
      try connection.script(
        "PRAGMA application_id = \(Migration.applicationID); PRAGMA user_version = \(version)")
    }
  }

  // MARK: - Has anything changed?

  /// A value that differs from an earlier one if and only if something may have been written since, by
  /// whatever thread or process. As long as it stays equal, what was read before is still true.
  public func changeCounter() throws(StoreError) -> ChangeCounter {
    let others = try read { (connection) throws(SQLiteFailure) in
      try connection.number("PRAGMA data_version")
    }
    return ChangeCounter(generation: generation, others: others, own: ownWrites)
  }
}

/// A moment in the life of the database, as one `Store` sees it.
public struct ChangeCounter: Sendable, Equatable {
  /// Which connection: another one counts anew.
  let generation: UInt64
  /// Counts others' transactions; a connection's own do not appear in it.
  let others: Int64
  let own: UInt64
}
