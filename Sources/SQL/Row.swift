internal import CSQLite

/// The row a statement stands on; lent to the closure that reads it.
///
/// A file can be damaged without SQLite noticing. What does not fit the schema is therefore an error of its
/// own (`SQLError.damagedRow`), never a trap and never a repaired string.
package struct Row: ~Copyable {
  private let pointer: OpaquePointer

  init(pointer: OpaquePointer) { self.pointer = pointer }

  package func optionalText(_ column: Int32) throws(SQLError) -> String? {
    switch sqlite3_column_type(pointer, column) {
    case SQLITE_NULL: return nil
    case SQLITE_TEXT: break
    default: throw .damagedRow
    }
    // In this order: sqlite3_column_bytes() counts what sqlite3_column_text() made.
    guard let start = sqlite3_column_text(pointer, column) else { throw SQLError(code: SQLITE_NOMEM) }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column)))
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .damagedRow }
    return text
  }

  package func text(_ column: Int32) throws(SQLError) -> String {
    guard let text = try optionalText(column) else { throw .damagedRow }
    return text
  }

  package func optionalInteger(_ column: Int32) throws(SQLError) -> Int64? {
    switch sqlite3_column_type(pointer, column) {
    case SQLITE_NULL: return nil
    case SQLITE_INTEGER: return sqlite3_column_int64(pointer, column)
    default: throw .damagedRow
    }
  }

  package func integer(_ column: Int32) throws(SQLError) -> Int64 {
    guard let number = try optionalInteger(column) else { throw .damagedRow }
    return number
  }
}
