internal import CSQLite

/// The row a statement stands on; lent to the closure that reads it.
///
/// A file can be damaged without SQLite noticing. What does not fit the schema is therefore an error of its
/// own (`SQLiteFailure.damagedRow`), never a trap and never a repaired string.
struct Row: ~Copyable {
  private let handle: OpaquePointer

  init(handle: OpaquePointer) { self.handle = handle }

  func optionalText(_ column: Int32) throws(SQLiteFailure) -> String? {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: return nil
    case SQLITE_TEXT: break
    default: throw .damagedRow
    }
    // In this order: sqlite3_column_bytes() counts what sqlite3_column_text() made.
    guard let start = sqlite3_column_text(handle, column) else {
      throw SQLiteFailure(code: SQLITE_NOMEM)
    }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .damagedRow }
    return text
  }

  func text(_ column: Int32) throws(SQLiteFailure) -> String {
    guard let text = try optionalText(column) else { throw .damagedRow }
    return text
  }

  func optionalInteger(_ column: Int32) throws(SQLiteFailure) -> Int64? {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: return nil
    case SQLITE_INTEGER: return sqlite3_column_int64(handle, column)
    default: throw .damagedRow
    }
  }

  func integer(_ column: Int32) throws(SQLiteFailure) -> Int64 {
    guard let number = try optionalInteger(column) else { throw .damagedRow }
    return number
  }

  /// A count; SQLite's are never negative.
  func count(_ column: Int32) throws(SQLiteFailure) -> Int { Int(clamping: try integer(column)) }

  func bytes(_ column: Int32) throws(SQLiteFailure) -> [UInt8] {
    guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { throw .damagedRow }
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
  }

  func optionalMoment(_ column: Int32) throws(SQLiteFailure) -> Timestamp? {
    guard let text = try optionalText(column) else { return nil }
    guard let moment = Timestamp(text) else { throw .damagedRow }
    return moment
  }

  func moment(_ column: Int32) throws(SQLiteFailure) -> Timestamp {
    guard let moment = try optionalMoment(column) else { throw .damagedRow }
    return moment
  }

  /// Words separated by spaces.
  func optionalWords(_ column: Int32) throws(SQLiteFailure) -> [String]? {
    try optionalText(column).map { $0.split(separator: " ").map(String.init) }
  }
}
