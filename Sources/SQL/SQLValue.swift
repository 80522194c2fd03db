internal import CSQLite

/// A value on its way into a statement.
package enum SQLValue: Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  /// SQLite copies the bytes: they are gone when this returns.
  func bind(to statement: OpaquePointer, at position: Int32) throws(SQLError) {
    let code =
      switch self {
      case .null: sqlite3_bind_null(statement, position)
      case .integer(let number): sqlite3_bind_int64(statement, position, number)
      case .text(var text):
        text.withUTF8 { bytes in
          // An empty text has no address, and NULL would be none.
          bytes.withMemoryRebound(to: CChar.self) {
            csqlite_bind_text(statement, position, $0.baseAddress, $0.count)
          }
        }
      case .blob(let bytes):
        bytes.withUnsafeBytes { csqlite_bind_blob(statement, position, $0.baseAddress, $0.count) }
      }
    guard code == SQLITE_OK else { throw SQLError(code: code) }
  }
}
