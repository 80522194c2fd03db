internal import Glibc
package import SQL

/// A second connection of the same process that plays the administrator, the vandal, or another program.
package final class RawDatabase {
  package let connection: SQLiteConnection

  package init(_ path: String) throws { connection = try SQLiteConnection(opening: path, patience: 1000) }

  /// Makes the file first.
  package init(creating path: String) throws {
    guard mknod(path, S_IFREG | 0o600, 0) == 0 else { throw SQLError(code: errno) }
    connection = try SQLiteConnection(opening: path, patience: 1000)
  }

  package func execute(_ sql: String) throws { try connection.script(sql) }
}
