internal import CSQLite
internal import Glibc
package import SQL
internal import System
internal import Text

/// What a backup holds.
package struct BackupReport: Sendable, Equatable {
  package let bytes: Int64
  package let tokens: Int
  package let mappings: Int
  /// The fingerprints of the Fernet keys that it needs.
  package let keys: [String]
}

extension Store {
  // MARK: - Health

  /// Touches the file and throws what is the matter with it. Takes microseconds, or so many milliseconds at most where
  /// somebody keeps all others out of it.
  package func checkHealth(waitingAtMost limit: Int32? = nil) throws(StoreError) {
    if let server {
      try server.prepare(making)
    } else {
      try checkFiles()
      try file.checkTrust()
      try opened().waitForLocks(upTo: limit ?? patience)
    }
    defer { connection?.waitForLocks(upTo: patience) }
    let version = try schemaVersion()
    if version > Schema.newest {
      // A newer program migrated it while this one was running.
      throw .newer(path: path, version: version, known: Schema.newest)
    }
    _ = try setting("health")
  }

  /// Writes, and takes it back before anybody sees it: what stands in the way of a write is thrown.
  package func rehearseWrite() throws(StoreError) {
    try write { (connection) throws(SQLError) in
      try connection.run("SAVEPOINT rehearsal")
      try connection.setSetting("rehearsal", to: "")
      try connection.run("ROLLBACK TO rehearsal")
      try connection.run("RELEASE rehearsal")
    }
  }

  /// Every inconsistency SQLite finds in the file, in its words, at most a hundred. Reads everything.
  package func integrityProblems() throws(StoreError) -> [String] {
    if server != nil { return [] }
    return try readFile { (connection) throws(SQLError) in try connection.integrityProblems() }
  }

  /// The last migration the database has.
  package func schemaVersion() throws(StoreError) -> Int {
    if server != nil { return Int(clamping: try first(PostgresSchema.version()) ?? 0) }
    return try readFile { (connection) throws(SQLError) in try Schema.version(of: connection) }
  }

  /// `wal`, or `delete` on a network file system.
  package func journalMode() throws(StoreError) -> String {
    try readFile { (connection) throws(SQLError) in try connection.journalMode() } ?? "unknown"
  }

  /// The version of the SQLite library this process runs with.
  package static var sqliteVersion: String { String(cString: sqlite3_libversion()) }

  /// Whether that version has the WAL-reset bug, so that all writes are made under one lock.
  package static var needsWriteLock: Bool { DatabaseFile.hasResetBug }

  /// Where the database is.
  package var path: String { server?.address.description ?? file.path }

  // MARK: - Backup

  /// Copies the database to a new file at `destination` (0600) while everybody goes on working, and checks
  /// the copy before it appears under that name. What is there already is not overwritten.
  ///
  /// The copy is one moment of the database and one file, without a WAL. Its tokens are sealed: it is worth
  /// nothing without the key ring, which is not part of it.
  package func backup(to destination: String) throws(StoreError) -> BackupReport {
    try backUp(opened(), to: destination)
  }

  func backUp(_ source: SQLiteConnection, to destination: String) throws(StoreError) -> BackupReport {
    let partial = destination + ".partial"
    func failed(_ reason: String) -> StoreError { .cannotBackUp(path: destination, reason: reason) }
    guard access(destination, F_OK) != 0 else { throw failed("there is a file of that name") }
    let claim: Descriptor?
    // Behind all data, where SQLite locks nothing: network file systems take a `flock` for one of every byte.
    do { claim = try Descriptor.claim(partial, byte: 1 << 62) } catch { throw failed(error.description) }
    guard let claim else { throw failed("another backup is being written there") }
    defer {
      for part in ["-journal", "-wal", "-shm", ""] { unlink(partial + part) }
      claim.unlockBytes()
    }
    // What a backup that was killed has left.
    truncate(partial, 0)
    for part in ["-journal", "-wal", "-shm"] { unlink(partial + part) }
    let report: BackupReport
    do { report = try copy(source, to: partial) } catch {
      switch error {
      case .full: throw failed("no space is left on that disk")
      case .inputOutput(partial, let code): throw failed(SystemError(code: code).description)
      case .readOnly(partial): throw failed("it is read-only")
      default: throw error
      }
    }
    // Not rename: of two backups to one name, the later one must not replace the earlier one.
    guard SmallFile.publish(partial, as: destination, lock: nil) else {
      throw failed(SystemError.last.description)
    }
    Folder.synchronize(holding: destination)
    return report
  }

  private func copy(_ source: SQLiteConnection, to path: String) throws(StoreError) -> BackupReport {
    let report: BackupReport
    let problems: [String]
    do throws(SQLError) {
      let copy = try SQLiteConnection(opening: path, patience: Self.patience)
      try copy.copyAll(from: source)
      // The copy says of itself that it has a WAL; as one file it must not.
      try copy.run("PRAGMA journal_mode = DELETE")
      problems = try copy.integrityProblems()
      report = try BackupReport(of: copy)
    } catch {
      throw StoreError(error, path: error.primaryCode == SQLITE_CORRUPT ? file.path : path)
    }
    guard problems.isEmpty else { throw .damaged(path: file.path) }
    return report
  }
}

extension BackupReport {
  init(of connection: SQLiteConnection) throws(SQLError) {
    bytes = try connection.number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    tokens = Int(clamping: try connection.number("SELECT count(*) FROM meta_access_token"))
    mappings = Int(clamping: try connection.number("SELECT count(*) FROM client_page_mapping"))
    keys = try connection.setting(Store.fingerprintSetting)?.split(separator: " ").map(String.init) ?? []
  }
}

extension SQLiteConnection {
  /// What SQLite finds wrong with the file, at most a hundred sentences.
  package func integrityProblems() throws(SQLError) -> [String] {
    let problems: [String] = try all("PRAGMA integrity_check(100)")
    let orphans: [String] = try all("PRAGMA foreign_key_check")
    return problems.filter { $0 != "ok" } + orphans.map { "a row of \($0) names a row that does not exist" }
  }
}

private enum Facts {
  static let version: Statement<String> = "SELECT current_setting('server_version')"
  static let standbys: Statement<String> = "SELECT current_setting('synchronous_standby_names')"
  static let commits: Statement<String> = "SELECT current_setting('synchronous_commit')"
}

extension Store {
  /// What an operator wants to know of the server: its version, and what a commit that it has acknowledged survives.
  /// `nil`: there is none.
  package func serverFacts() throws(StoreError) -> String? {
    guard server != nil else { return nil }
    return try read { (connection) throws(SQLError) in
      let version = try connection.first(Facts.version()) ?? "?"
      let commits = try connection.first(Facts.commits()) ?? "?"
      let hasStandby = try connection.first(Facts.standbys())?.isEmpty == false
      let safety =
        switch commits {
        case "off": "synchronous_commit is off: a crash loses what was acknowledged last"
        case "local": "synchronous_commit is local: a change is safe on this server alone"
        default:
          hasStandby
            ? "a change is acknowledged when a standby has it, too"
            : "no synchronous standby: a change is safe on this server alone"
        }
      return "PostgreSQL \(version), \(safety)"
    }
  }
}
