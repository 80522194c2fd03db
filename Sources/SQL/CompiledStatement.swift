internal import CSQLite

/// A compiled statement, kept by its connection for as long as that is open.
///
/// SQLite takes `$1`, `$2` … for names and numbers them in the order of their first appearance, so which value belongs
/// where is looked up once.
final class CompiledStatement {
  private let pointer: OpaquePointer
  /// For each of SQLite's parameters the index of its value.
  private let order: [Int]

  /// Compiles the first statement of a text.
  init(_ sql: StaticString, on connection: OpaquePointer) throws(SQLError) {
    var compiled: OpaquePointer?
    let code = sql.utf8Start.withMemoryRebound(to: CChar.self, capacity: sql.utf8CodeUnitCount) {
      sqlite3_prepare_v3(
        connection, $0, Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
    }
    guard code == SQLITE_OK, let pointer = compiled else { throw SQLError(code: code) }
    self.pointer = pointer
    order = (0..<sqlite3_bind_parameter_count(pointer)).map { index in
      guard let name = sqlite3_bind_parameter_name(pointer, index + 1),
        name[0] == CChar(bitPattern: UInt8(ascii: "$")), let number = Int(String(cString: name + 1)),
        number > 0
      else { preconditionFailure("A statement's parameters are $1, $2 and so on.") }
      return number - 1
    }
  }

  deinit { sqlite3_finalize(pointer) }

  /// Runs the statement and hands each row to `body` until it answers `false`.
  /// - Returns: whether there was no `false`.
  func run(
    _ values: [any Bindable], _ body: (borrowing Row) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool {
    // A statement left standing on a row would keep its read lock, and with it the WAL, as long as we live.
    defer { sqlite3_reset(pointer) }
    for (position, index) in order.enumerated() {
      try values[index].bound.bind(to: pointer, at: Int32(position) + 1)
    }
    while true {
      let code = sqlite3_step(pointer)
      if code == SQLITE_DONE { return true }
      guard code == SQLITE_ROW else { throw SQLError(code: code) }
      guard try body(Row(pointer: pointer)) else { return false }
    }
  }
}
