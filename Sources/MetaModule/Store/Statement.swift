internal import CSQLite
internal import Glibc

/// A prepared statement, used again and again by its connection.
///
/// A class because a dictionary cannot hold a `~Copyable` owner; `deinit` is its only release all the same.
final class Statement {
  private let handle: OpaquePointer

  /// Compiles `sql`, which must be one statement.
  init(_ sql: StaticString, on connection: OpaquePointer) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    let code = sql.withUTF8Buffer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        sqlite3_prepare_v3(
          connection, characters.baseAddress, Int32(characters.count), UInt32(SQLITE_PREPARE_PERSISTENT),
          &handle, nil)
      }
    }
    guard code == SQLITE_OK, let handle else { throw SQLiteFailure(of: connection) }
    self.handle = handle
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs the statement and hands every row to `body`, until it answers `false`.
  ///
  /// Whatever happens, the statement is reset: a statement left standing on a row would keep its read lock,
  /// and with it the WAL, for as long as the connection lives.
  func run(
    _ values: [SQLiteValue], on connection: OpaquePointer,
    _ body: (borrowing Row) throws(SQLiteFailure) -> Bool
  ) throws(SQLiteFailure) {
    defer {
      sqlite3_reset(handle)
      if !values.isEmpty { sqlite3_clear_bindings(handle) }
    }
    var index: Int32 = 0
    for value in values {
      index += 1
      guard bind(value, at: index) == SQLITE_OK else { throw SQLiteFailure(of: connection) }
    }
    errno = 0  // So that `SQLiteFailure` can tell a full disk or quota from a broken one.
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW:
        guard try body(Row(handle: handle)) else { return }
      case SQLITE_DONE:
        return
      default:
        throw SQLiteFailure(of: connection)
      }
    }
  }

  private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
    switch value {
    case .null:
      return sqlite3_bind_null(handle, index)
    case .integer(let number):
      return sqlite3_bind_int64(handle, index, number)
    case .text(var text):
      // An empty string has a base address too, so it is never taken for NULL.
      return text.withUTF8 { csqlite_bind_text(handle, index, $0.baseAddress, UInt64($0.count)) }
    case .blob(let bytes):
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
      return bytes.withUnsafeBytes { csqlite_bind_blob(handle, index, $0.baseAddress, UInt64($0.count)) }
    }
  }
}
