internal import CSQLite
internal import SQL
internal import System
package import Text

extension Store {
  /// Puts the backup at `backup` in the place of the database in `folder`, and checks it before. Processes
  /// that are running go on with what was restored. A database that cannot be opened any more is not
  /// overwritten but renamed (`meta.sqlite3.unusable-…`), and the backup becomes a new one; then the
  /// processes should be restarted.
  ///
  /// The key ring is not part of a backup: the one of its time is needed to open what it holds. Who may call is as it
  /// is in the backup; `takeRights` comes before.
  package static func restore(
    _ backup: String, into folder: String, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> BackupReport {
    let source: SQLiteConnection
    let report: BackupReport
    let version: Int
    do throws(SQLError) {
      source = try SQLiteConnection(opening: backup, isReadOnly: true, patience: patience)
      // An empty file is ours to fill, but no backup.
      guard try Schema.isOurs(source) else { throw SQLError(code: SQLITE_NOTADB) }
      guard try source.integrityProblems().isEmpty else { throw .damagedRow }
      report = try BackupReport(of: source)
      version = try Schema.version(of: source)
    } catch {
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
      case .damaged, .notOurs, .newer, .lost:
        let file = DatabaseFile(folder: folder)
        let lock = try WriteLock(path: file.lockPath)
        try lock.acquire(until: Deadline.after(milliseconds: patience))
        try file.setAside()
      default: throw error
      }
    }
    return try Store(folder: folder, making: .anew)
  }

  /// Makes a copy of a backup fit to take the place of the database of which `present` is a copy, too: what was taken
  /// from somebody since must not come back with it. All sessions end. Keys and password of the present database stay
  /// as they are; keys that only the backup knows join them. Ids that were given once are given to nobody else.
  ///
  /// - Parameter present: `nil`: there is none, or none that can be read.
  package func takeRights(from present: String?) throws(StoreError) {
    try readFile { (connection) throws(SQLError) in
      guard let present else { return try connection.script("DELETE FROM session") }
      let name = String(
        decoding: present.utf8.flatMap { $0 == UInt8(ascii: "'") ? [$0, $0] : [$0] }, as: UTF8.self)
      try connection.script("ATTACH '\(name)' AS present")
      defer { try? connection.script("DETACH present") }
      try connection.transaction("BEGIN IMMEDIATE") { (connection) throws(SQLError) in
        try connection.script(
          """
          DELETE FROM session;

          CREATE TEMP TABLE known_only_here AS
            SELECT * FROM api_key WHERE hash NOT IN (SELECT hash FROM present.api_key);
          DELETE FROM api_key;
          INSERT INTO api_key SELECT * FROM present.api_key;
          UPDATE known_only_here SET id = id + (SELECT max(id) FROM (
              SELECT max(id) AS id FROM api_key UNION SELECT max(id) FROM known_only_here))
            WHERE id IN (SELECT id FROM api_key);
          INSERT INTO api_key SELECT * FROM known_only_here;
          DROP TABLE known_only_here;

          DELETE FROM admin_password WHERE EXISTS (SELECT 1 FROM present.admin_password);
          INSERT INTO admin_password SELECT * FROM present.admin_password;
          DELETE FROM sign_in_failure;
          INSERT INTO sign_in_failure SELECT * FROM present.sign_in_failure;
          INSERT OR REPLACE INTO setting SELECT * FROM present.setting
            WHERE name NOT IN ('\(Self.fingerprintSetting)', '\(Self.acceptedSetting)');

          UPDATE sqlite_sequence SET seq = max(seq, coalesce(
            (SELECT seq FROM present.sqlite_sequence AS there WHERE there.name = sqlite_sequence.name), 0));
          INSERT INTO sqlite_sequence SELECT name, seq FROM present.sqlite_sequence
            WHERE name NOT IN (SELECT name FROM sqlite_sequence);
          """)
      }
    }
  }

  /// Replaces the whole content by that of `source`, in one transaction, for all who have the database open.
  func overwrite(from source: SQLiteConnection) throws(StoreError) {
    let deadline = Deadline.after(milliseconds: patience)
    let connection = try opened()
    try acquireLock(until: deadline)
    defer { releaseLock() }
    try translating { () throws(SQLError) in
      try connection.copyAll(from: source)
      ownWrites &+= 1
      try Schema.migrate(connection)
    }
    emptyLargeWAL(of: connection)
  }
}
