package import SQL
internal import Text

/// The schema this program works with, and how a database comes to have it.
package enum Schema {
  /// Tells our files from any other SQLite database ("Meta").
  package static let applicationID: Int64 = 0x4D65_7461

  /// The version this program reads and writes: the number of the last migration.
  package static var newest: Int { Migration.all.count }

  /// Whether the database is ours and has every migration.
  static func isUpToDate(_ connection: Connection) throws(SQLError) -> Bool {
    guard try isOurs(connection) else { return false }
    return try version(of: connection) == newest
  }

  /// Whether the file says that it is ours.
  package static func isOurs(_ connection: Connection) throws(SQLError) -> Bool {
    try connection.number("PRAGMA application_id") == applicationID
  }

  /// The number of the last migration the database has.
  package static func version(of connection: Connection) throws(SQLError) -> Int {
    Int(clamping: try connection.number("PRAGMA user_version"))
  }

  /// Why this database must not be touched, if it must not. An empty file is ours to fill.
  package static func refusal(of connection: Connection, at path: String) throws(SQLError) -> StoreError? {
    // One moment of it: another process may be making it what it is to be.
    try connection.transaction("BEGIN") { (connection) throws(SQLError) in
      let version = try version(of: connection)
      guard try isOurs(connection) else {
        let tables = try connection.number("SELECT count(*) FROM sqlite_schema")
        return tables == 0 && version == 0 ? nil : .notOurs(path: path)
      }
      return version > newest ? .newer(path: path, version: version, known: newest) : nil
    }
  }

  /// Runs the migrations that the database lacks, all in one transaction.
  static func migrate(_ connection: Connection, to version: Int = newest) throws(SQLError) {
    try connection.transaction("BEGIN IMMEDIATE") { (connection) throws(SQLError) in
      // Looked at again: while we waited for the lock, another process may have done it.
      let present = max(0, try Schema.version(of: connection))
      guard present < version else { return }
      for migration in Migration.all[present..<version] { try connection.script(migration.sql) }
      try connection.script("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }
  }
}
