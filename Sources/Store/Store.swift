package import SQL
package import System
internal import Text

/// The database: tokens, mappings, media, throttles, settings, and who may call.
///
/// Every worker thread has a `Store` of its own, with one connection that is opened at once and kept. A
/// `Store` is not shared between threads; all threads and processes share the file. A request that is
/// answered from the cache calls `changeCounter()` (some nanoseconds) or `latestMappingWithInstagram` (5 µs); everything
/// else happens a few times a minute. Thousands of rows are normal, a million must not hurt.
///
/// It offers whole operations only, each one a transaction of its own, so that no transaction can be open
/// while somebody waits for the network. A write that returned survives `kill -9` and power loss.
///
/// With a `Server` in the file's place, that is known here, in the schema and in maintenance, and nowhere else.
///
/// It stores sealed text and knows nothing of keys. Text is compared byte by byte, here as in SQLite.
package final class Store {
  /// How long an operation waits for locks that others hold, in milliseconds: less than a client waits for
  /// us.
  package static let patience: Int32 = 5000
  /// The same for what is only nice to have and is written when nobody waits for it any more.
  package static let shortPatience: Int32 = 50
  /// Beyond this size a writer empties the WAL. Small, for a process that starts alone (CGI) reads all of it
  /// first.
  static let largeWAL: Int64 = 1 << 18
  /// Beyond this size it even waits a moment for readers that stand in the way.
  static let hugeWAL: Int64 = 6 << 20

  /// What opening may make.
  package enum Making: Sendable {
    /// Folder and database where they are missing, but not one that was there before.
    case whatIsMissing
    /// Nothing: for what only looks.
    case nothing
    /// Also in the place of one that is gone: for a restore.
    case anew
  }

  package let file: DatabaseFile
  /// `nil`: the database is the file.
  let server: Server?
  package let patience: Int32
  package let making: Making
  /// For a process that answers one request: all that it reads after opening the database is read in one transaction,
  /// with one lock, until it writes or `endFirstRead` is called.
  var readsAtOneMoment: Bool
  var isInFirstRead = false
  /// Asked before an operation waits for a lock, which may be for seconds; if not, it fails as if it had waited.
  package var mayWait: () -> Bool = { true }
  /// How long an operation on a server may stand in line, in milliseconds.
  package var patienceLeft: () -> Int32 = { Store.patience }
  var connection: SQLiteConnection? {
    didSet {
      guard connection == nil else { return }
      era = nil
      isInFirstRead = false
    }
  }
  var identity: FileIdentity?
  var lock: WriteLock?
  var ownWrites: UInt64 = 0
  var hasWritten = false
  var era: OpenDatabase?
  var watched: WatchedFiles?
  var loss: StoreError?
  /// Where the database of an earlier version was kept when opening brought it up to date.
  package internal(set) var keptCopy: String?
  var lastLook: Int64 = 0

  /// Opens the database in `folder`; makes the folder (0700) and the database (0600) where they are missing,
  /// and brings an older schema up to date.
  ///
  /// Any number of processes may do so at once. Throws what `StoreError` lists; a database that is newer or
  /// somebody else's is left untouched.
  package convenience init(
    folder: String, making: Making = .whatIsMissing, readsAtOneMoment: Bool = false
  ) throws(StoreError) {
    try self.init(file: DatabaseFile(folder: folder), making: making, readsAtOneMoment: readsAtOneMoment)
  }

  /// For tests, which cannot mount a network file system nor wait for five seconds.
  package init(
    file: DatabaseFile, patience: Int32 = Store.patience, making: Making = .whatIsMissing,
    readsAtOneMoment: Bool = false
  ) throws(StoreError) {
    self.file = file
    server = nil
    self.patience = patience
    self.making = making
    self.readsAtOneMoment = readsAtOneMoment
    _ = try opened(forReading: true)
  }

  /// Rows that many machines share. What else is in `folder` stays each machine's own.
  package init(
    on server: Server, folder: String, making: Making = .whatIsMissing
  ) throws(StoreError) {
    file = DatabaseFile(folder: folder)
    self.server = server
    patience = Server.patience
    self.making = making
    readsAtOneMoment = false
    try server.prepare(making)
  }

  deinit { if hasWritten { settle() } }

  // MARK: - What the operations are made of

  func first<Answer: Readable>(_ query: Query<Answer>) throws(StoreError) -> Answer? {
    try read { (connection) throws(SQLError) in try connection.first(query) }
  }

  func all<Answer: Readable>(_ query: Query<Answer>) throws(StoreError) -> [Answer] {
    try read { (connection) throws(SQLError) in try connection.all(query) }
  }

  /// The answers for each of several clients, which a statement cannot be given at once.
  func all<Answer: Readable>(
    of clients: [String], _ query: (String) -> Query<Answer>
  ) throws(StoreError) -> [Answer] {
    var rows: [Answer] = []
    for client in clients { rows += try all(query(client)) }
    return rows
  }

  /// A statement that is a whole operation. Returns how many rows it changed.
  @discardableResult
  func run(
    _ query: Query<Never>, waitingAtMost limit: Int32? = nil, takingAway: Bool = false
  ) throws(StoreError) -> Int {
    try write(waitingAtMost: limit) { (connection) throws(SQLError) in
      let count = try connection.run(query)
      if takingAway, count > 0 { connection.invalidate() }
      return count
    }
  }

  /// The same, with an event where it changed something. Returns whether it did.
  ///
  /// - Parameter takingAway: it takes something away that others remember (`ReadCache`), or puts another thing in its
  ///   place: it returns when that is true on every machine.
  func change(
    _ query: Query<Never>, _ event: Event?, _ subject: String, _ result: String, _ now: Timestamp,
    takingAway: Bool = false
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      guard try connection.run(query) > 0 else { return false }
      if takingAway { connection.invalidate() }
      try connection.append(event, subject: subject, result: result, now: now)
      return true
    }
  }

  /// The same for a statement that returns the row that it changed.
  func changed<Answer: Readable>(
    by query: Query<Answer>, _ event: Event?, _ subject: String, client: String? = nil, _ result: String,
    _ now: Timestamp, takingAway: Bool = false
  ) throws(StoreError) -> Answer? {
    try write { (connection) throws(SQLError) in
      guard let row = try connection.first(query) else { return nil }
      if takingAway { connection.invalidate() }
      try connection.append(event, subject: subject, client: client, result: result, now: now)
      return row
    }
  }

  /// Runs `body` on the connection. One statement is one snapshot; for more, use `snapshot`.
  package func read<Result>(
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    if let server {
      guard mayWait() else { throw .busy }
      return try server.transaction(.read, queueing: patienceLeft(), body)
    }
    return try readFile(body)
  }

  /// The same of the file, for what only SQLite is asked.
  func readFile<Result>(
    _ body: (SQLiteConnection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    let connection = try opened(forReading: true)
    return try translating { () throws(SQLError) in
      let result = try body(connection)
      try refuseCutIndex()
      return result
    }
  }

  /// Runs `body` so that all its statements see the same moment.
  func snapshot<Result>(
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    guard server == nil else { return try read(body) }
    return try readFile { (connection) throws(SQLError) in
      if isInFirstRead { return try body(connection) }
      return try connection.transaction("BEGIN", body)
    }
  }

  /// Says what fails in the store's words.
  func translating<Result>(_ body: () throws(SQLError) -> Result) throws(StoreError) -> Result {
    do throws(SQLError) { return try body() } catch { throw translated(error) }
  }

  /// Runs `body` in a transaction, and runs it again where another's lock spoiled it. `body` must therefore
  /// have no effect but on the database.
  /// - Parameter limit: how long to wait for others' locks, in milliseconds, if not as long as usual. With zero it is
  ///   tried once: right for what is only nice to have.
  package func write<Result>(
    waitingAtMost limit: Int32? = nil, _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    if let server { return try write(to: server, waitingAtMost: limit, body) }
    let deadline = Deadline.after(milliseconds: min(limit ?? patience, patience))
    var attempts = 0
    var waits = false
    while true {
      let connection = try opened()
      if file.needsWriteLock { try acquireLock(until: deadline) }
      defer { if file.needsWriteLock { releaseLock() } }
      try checkFiles()
      let written: Result
      do throws(SQLError) {
        connection.waitForLocks(upTo: waits ? deadline.remainingMilliseconds : 0)
        defer { connection.waitForLocks(upTo: patience) }
        written = try connection.transaction("BEGIN IMMEDIATE") { (connection) throws(SQLError) in
          let result = try body(connection)
          try refuseCutIndex()
          return result
        }
        ownWrites &+= 1
        hasWritten = true
        emptyLargeWAL(of: connection)
      } catch {
        let failure = translated(error)
        if error.isBusy, !waits, !deadline.isPast {
          guard mayWait() else { throw failure }
          waits = true
          continue
        }
        attempts += 1
        guard error.isBusy, attempts < 3, !deadline.isPast else { throw failure }
        continue
      }
      // What went into a file that is gone by now must not be acknowledged.
      try checkFiles()
      return written
    }
  }

  private func write<Result>(
    to server: Server, waitingAtMost limit: Int32?, _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    guard mayWait() else { throw .busy }
    var takesAway = false
    // There is no asking without a wait; what is only nice to have waits for as little as makes sense.
    let result = try server.transaction(
      .write, within: max(300, limit ?? patience), queueing: limit ?? patienceLeft()
    ) { (connection) throws(SQLError) in
      let result = try body(connection)
      takesAway = connection.isInvalidating
      return result
    }
    if takesAway { server.letEverybodyRead() }
    return result
  }

  /// The same failure in the store's words. A connection that can no longer be trusted is closed; the next
  /// operation opens a new one.
  func translated(_ failure: SQLError) -> StoreError {
    let isOfNoUse = failure.spoilsConnection || connection?.isInTransaction == true
    // Looked at as long as the WAL index is open: a new connection would make it anew, and miss nothing.
    let loss = isOfNoUse ? lossFound() : nil
    // A transaction that not even ROLLBACK ended ends with its connection.
    if isOfNoUse { connection = nil }
    return loss ?? StoreError(failure, path: file.path)
  }

  /// Moves everything into the database file, as the last one to go: a copy of that file alone is then a whole one.
  /// Done in a moment or not at all.
  package func settle() {
    guard server == nil else { return }
    endFirstRead()
    guard let connection, file.carriesWAL, file.sizeOfWAL > 0, lossFound() == nil else { return }
    if file.needsWriteLock, (try? acquireLock(until: Deadline.after(milliseconds: 100))) == nil { return }
    connection.waitForLocks(upTo: 100)
    connection.checkpoint()
    releaseLock()
  }

  func emptyLargeWAL(of connection: SQLiteConnection) {
    guard file.needsWriteLock else { return }
    let size = file.sizeOfWAL
    guard size > Self.largeWAL else { return }
    connection.waitForLocks(upTo: size > Self.hugeWAL ? 1000 : 0)
    connection.checkpoint()
  }

  func acquireLock(until deadline: Deadline) throws(StoreError) {
    if lock == nil { lock = try WriteLock(path: file.lockPath) }
    do { return try lock?.acquire(until: Deadline.after(milliseconds: 0)) ?? () } catch {
      guard error == .busy, !deadline.isPast, mayWait() else { throw error }
    }
    try lock?.acquire(until: deadline)
  }

  /// Closed too: each worker's own, kept open from its first write on, would be as many descriptors for nothing.
  func releaseLock() {
    lock?.release()
    lock = nil
  }

  // MARK: - Has anything changed?

  /// A value that differs from an earlier one if and only if something may have been written since, by
  /// whatever thread or process. As long as it stays equal, what was read before is still true.
  package func changeCounter() throws(StoreError) -> ChangeCounter {
    if let server { return ChangeCounter(era: 0, state: .stamp(try server.believedStamp())) }
    try checkFilesNowAndThen()
    let state = try readFile { (connection) throws(SQLError) -> ChangeCounter.State in
      if let header = try connection.walIndexHeader() { return .walIndex(header) }
      return .counted(others: try connection.dataVersion(), own: ownWrites)
    }
    return ChangeCounter(era: era?.era ?? 0, state: state)
  }

  /// The same where it can be told without waiting for anything: of a database that is open, of a server whose stamp need
  /// not be read.
  func changeCounterAtHand() -> ChangeCounter? {
    if let server { return server.stampAtHand.map { ChangeCounter(era: 0, state: .stamp($0)) } }
    return connection == nil ? nil : try? changeCounter()
  }

  /// Whether the counters of two stores on the same file can be compared.
  var sharesItsCounter: Bool { server != nil || file.carriesWAL }
}
