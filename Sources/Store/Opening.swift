internal import Glibc
internal import SQL
internal import System
internal import Text

extension Store {
  /// The connection; a new one after a failure that spoiled the last.
  func opened(forReading: Bool = false) throws(StoreError) -> SQLiteConnection {
    if !forReading { endFirstRead() }
    if let connection { return connection }
    // Not one that took the place of what was open here before.
    try checkFiles()
    identity = file.identity
    // What this process has open already was looked at then.
    if identity.flatMap(OpenDatabase.files) == nil { try file.checkTrust() }
    try makeIfMissing()
    try refuseIfTakenAway()
    // A command that only looks leaves nothing behind where nothing was: SQLite removes its files as it closes.
    let mayTidyUp = making == .nothing && DatabaseFile.identity(of: file.path + "-wal") == nil
    if file.carriesWAL { WALIndex.surviveCuts() }
    let connection = try translating { () throws(SQLError) in
      try SQLiteConnection(opening: file.path, patience: patience)
    }
    identity = file.identity
    try prepare(connection, mayTidyUp: mayTidyUp)
    file.noteThatItWasMade()
    self.connection = connection
    watchFiles()
    era = watched.map { OpenDatabase($0) }
    ownWrites &+= 1  // A new connection counts others' transactions from the beginning.
    return forReading ? connection : try opened()
  }

  /// Lets go of the moment in which everything was read since the database was opened: before anything is waited for.
  package func endFirstRead() {
    guard server == nil else { return }
    readsAtOneMoment = false
    guard isInFirstRead else { return }
    isInFirstRead = false
    do throws(SQLError) {
      try connection?.run("COMMIT")
      try connection?.script(settings)
    } catch { connection = nil }
  }

  /// EXTRA: with a rollback journal, the removal of the journal is the commit, and must reach the disk too.
  private var settings: String {
    "PRAGMA synchronous = \(file.carriesWAL ? "FULL" : "EXTRA"); PRAGMA cache_size = -128"
  }

  private func makeIfMissing() throws(StoreError) {
    if making != .anew {
      // This connection is a new one; others of the process saw the file go.
      if identity == nil, OpenDatabase.isOpen(at: file.path) { throw .lost(path: file.path, .removed) }
      try file.refuseIfLost()
    }
    guard identity == nil else { return }
    guard making != .nothing else { throw .missing(path: file.path) }
    // SQLite would make the file, readable for everybody as far as the umask permits.
    try file.create()
  }

  private func prepare(_ connection: SQLiteConnection, mayTidyUp: Bool) throws(StoreError) {
    var isReady = false
    let refusal = try translating { () throws(SQLError) -> StoreError? in
      if file.needsWriteLock, !mayTidyUp { connection.leaveCheckpointsToTheWriteLock() }
      try connection.script("PRAGMA journal_size_limit = \(Self.largeWAL); PRAGMA cell_size_check = ON")
      // The settings read the schema, which is a transaction of its own.
      if readsAtOneMoment { try connection.run("BEGIN") } else { try connection.script(settings) }
      if try Schema.isUpToDate(connection) { isReady = try connection.journalMode() == file.journalMode }
      if readsAtOneMoment, !isReady {
        try connection.run("COMMIT")
        try connection.script(settings)
      }
      return isReady ? nil : try Schema.refusal(of: connection, at: file.path)
    }
    if let refusal { throw refusal }
    if isReady {
      isInFirstRead = readsAtOneMoment
      return
    }
    guard !connection.isReadOnly else { throw .readOnly(path: file.path) }
    try setUp(connection)
  }

  /// A database of an earlier version is kept beside the one that is made of it: the program that wrote it can go on with
  /// it. A migration that fails is tried again and again: what was kept before it and is the same needs no second copy.
  private func keepCopy(of connection: SQLiteConnection) throws(StoreError) {
    let version = try translating { () throws(SQLError) in try Schema.version(of: connection) }
    guard version > 0, version < Schema.newest else { return }
    let kept = "\(file.path).version-\(version)."
    let new = kept + "new"
    unlink(new)
    _ = try backUp(connection, to: new)
    if let same = file.files(named: kept).first(where: { $0 != new && DatabaseFile.areSame($0, new) }) {
      unlink(new)
      keptCopy = same
      return
    }
    let destination = "\(kept)\(Timestamp.now.seconds)"
    guard SmallFile.publish(new, as: destination, lock: nil) else {
      let code = errno
      unlink(new)
      throw .cannotBackUp(path: destination, reason: SystemError(code: code).description)
    }
    Folder.synchronize(holding: destination)
    keptCopy = destination
  }

  /// Chooses the journal mode and runs the missing migrations, one process after the other.
  private func setUp(_ connection: SQLiteConnection) throws(StoreError) {
    let deadline = Deadline.after(milliseconds: patience)
    // Network file systems may refuse locks; there, SQLite's own are all there is.
    do { try acquireLock(until: deadline) } catch { if file.carriesWAL || error == .busy { throw error } }
    defer { releaseLock() }
    try keepCopy(of: connection)
    while true {
      do throws(SQLError) {
        try connection.run(file.carriesWAL ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE")
        try Schema.migrate(connection)
        hasWritten = true
        return
      } catch {
        guard error.isBusy, !deadline.isPast else { throw translated(error) }
      }
    }
  }
}
