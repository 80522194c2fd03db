internal import CPostgres
internal import CSQLite

/// The row a statement stands on; lent to the closure that reads it.
///
/// A file can be damaged without SQLite noticing. What does not fit the schema is therefore an error of its
/// own (`SQLError.damagedRow`), never a trap and never a repaired string.
package struct Row: ~Copyable {
  /// SQLite's statement; or what PostgreSQL answered, of which this is one row.
  private let pointer: OpaquePointer
  private let postgres: (functions: UnsafePointer<cpostgres>, row: Int32)?

  init(pointer: OpaquePointer) { (self.pointer, postgres) = (pointer, nil) }

  init(_ result: OpaquePointer, _ row: Int32, _ functions: UnsafePointer<cpostgres>) {
    (pointer, postgres) = (result, (functions, row))
  }

  package func optionalText(_ column: Int32) throws(SQLError) -> String? {
    let bytes: UnsafeBufferPointer<UInt8>
    if postgres != nil {
      guard let value = try value(column, PostgresType.texts) else { return nil }
      bytes = value
    } else {
      switch sqlite3_column_type(pointer, column) {
      case SQLITE_NULL: return nil
      case SQLITE_TEXT: break
      default: throw .damagedRow
      }
      // In this order: sqlite3_column_bytes() counts what sqlite3_column_text() made.
      guard let start = sqlite3_column_text(pointer, column) else { throw SQLError(code: SQLITE_NOMEM) }
      bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column)))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .damagedRow }
    return text
  }

  package func text(_ column: Int32) throws(SQLError) -> String {
    guard let text = try optionalText(column) else { throw .damagedRow }
    return text
  }

  package func optionalInteger(_ column: Int32) throws(SQLError) -> Int64? {
    if postgres != nil {
      guard let bytes = try value(column, PostgresType.integers) else { return nil }
      guard let first = bytes.first, bytes.count <= 8 else { throw .damagedRow }
      // In network order, with its sign in the first byte.
      return bytes.reduce(first & 0x80 == 0 ? 0 : -1) { $0 << 8 | Int64($1) }
    }
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

  /// Whatever it is, to be put into a statement again.
  package func value(_ column: Int32) throws(SQLError) -> SQLValue {
    if let postgres {
      let type = postgres.functions.pointee.ftype(pointer, column)
      if PostgresType.integers.contains(type) { return try optionalInteger(column).bound }
      if PostgresType.texts.contains(type) { return try optionalText(column).bound }
      return try value(column, PostgresType.bytes).map { .blob(Array($0)) } ?? .null
    }
    switch sqlite3_column_type(pointer, column) {
    case SQLITE_NULL: return .null
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
    case SQLITE_TEXT: return .text(try text(column))
    case SQLITE_BLOB:
      let count = Int(sqlite3_column_bytes(pointer, column))
      return .blob(
        sqlite3_column_blob(pointer, column).map {
          Array(UnsafeRawBufferPointer(start: $0, count: count))
        } ?? [])
    default: throw .damagedRow
    }
  }

  package func bytes(_ column: Int32) throws(SQLError) -> [UInt8] {
    guard case .blob(let bytes) = try value(column) else { throw .damagedRow }
    return bytes
  }

  /// The bytes of a value that PostgreSQL has sent in binary form; `nil`: NULL.
  private func value(_ column: Int32, _ types: Set<UInt32>) throws(SQLError) -> UnsafeBufferPointer<UInt8>? {
    guard let (functions, row) = postgres else { throw .damagedRow }
    if functions.pointee.getisnull(pointer, row, column) != 0 { return nil }
    guard types.contains(functions.pointee.ftype(pointer, column)) else { throw .damagedRow }
    let count = Int(functions.pointee.getlength(pointer, row, column))
    let start = functions.pointee.getvalue(pointer, row, column)
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: max(0, count))
  }
}

/// PostgreSQL's numbers of the types that our schema has (pg_type.dat).
private enum PostgresType {
  /// int8, int2, int4.
  static let integers: Set<UInt32> = [20, 21, 23]
  /// text, varchar, name, and what has no type, as in `SELECT 'a'`.
  static let texts: Set<UInt32> = [25, 1043, 19, 705]
  /// bytea.
  static let bytes: Set<UInt32> = [17]
}
