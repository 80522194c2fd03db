internal import CSQLite

extension Store {
  /// Puts the backup at `backup` in the place of the database in `folder`, and checks it before. Processes
  /// that are running go on with what was restored. A database that cannot be opened any more is not
  /// overwritten but renamed (`meta.sqlite3.unusable-…`), and the backup becomes a new one; then the
  /// processes should be restarted.
  ///
  /// The key ring is not part of a backup: the one of its time is needed to open what it holds. API keys,
  /// sessions and the admin password are those of its time, too.
  public static func restore(
    _ backup: String, into folder: String, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> BackupReport {
    let source: Connection
    let report: BackupReport
    do throws(SQLiteFailure) {
      source = try Connection(opening: backup, isReadOnly: true, patience: patience)
      // An empty file is ours to fill, but no backup.
      guard try Schema.isOurs(source) else { throw SQLiteFailure(code: SQLITE_NOTADB) }
      guard try source.integrityProblems().isEmpty else { throw .damagedRow }
      report = try BackupReport(of: source)
    } catch {
      throw StoreError(error, path: backup)
    }
    let version: Int
    do throws(SQLiteFailure) { version = try Schema.version(of: source) } catch {
      throw StoreError(error, path: backup)
    }
    guard version <= Schema.newest else {
      throw .newer(path: backup, version: version, known: Schema.newest)
    }
    let store = try usable(in: folder)
    try store.overwrite(from: source)
    if let event { try store.record(event, now: now) }
    return report
  }

  /// The store in `folder`, a new one where the database there is beyond use.
  private static func usable(in folder: String) throws(StoreError) -> Store {
    do {
      return try Store(folder: folder)
    } catch {
      switch error {
      case .damaged, .notOurs, .newer:
        let file = DatabaseFile(folder: folder)
        let lock = try WriteLock(path: file.lockPath)
        try lock.acquire(until: Deadline(in: patience))
        try file.setAside()
      default: throw error
      }
    }
    return try Store(folder: folder)
  }

  /// Replaces the whole content by that of `source`, in one transaction, for all who have the database open.
  func overwrite(from source: Connection) throws(StoreError) {
    let deadline = Deadline(in: patience)
    let connection = try opened()
    try acquireLock(until: deadline)
    defer { releaseLock() }
    do throws(SQLiteFailure) {
      try connection.copyAll(from: source)
      ownWrites &+= 1
      try Schema.migrate(connection)
      emptyLargeWAL(of: connection)
    } catch {
      throw translated(error)
    }
  }
}
