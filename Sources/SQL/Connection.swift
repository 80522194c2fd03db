/// One open database, of whichever engine. Belongs to one thread at a time.
///
/// Everything that fails throws an `SQLError`, which carries a code and never a value.
package protocol Connection: AnyObject {
  /// Hands every row of a statement to `body` until it answers `false`.
  /// - Returns: whether there was no `false`.
  @discardableResult
  func forEach<Answer>(
    _ query: Query<Answer>, _ body: (borrowing Row) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool

  /// Runs a statement and returns how many rows it inserted, updated or deleted.
  @discardableResult
  func run(_ query: Query<Never>) throws(SQLError) -> Int

  /// Runs statements that are needed once, one after the other.
  func script(_ sql: String) throws(SQLError)

  /// The transaction at hand takes something away, or puts something else in its place, that others may remember. Those
  /// who ask SQLite whether anything was written need no telling.
  func invalidate()
  /// Whether it has said so.
  var isInvalidating: Bool { get }
}

extension Connection {
  /// The first row, if there is one.
  package func first<Answer: Readable>(_ query: Query<Answer>) throws(SQLError) -> Answer? {
    var result: Answer?
    try forEach(query) { (row) throws(SQLError) in
      result = try Answer(reading: row)
      return false
    }
    return result
  }

  /// Every row, in the statement's order.
  package func all<Answer: Readable>(_ query: Query<Answer>) throws(SQLError) -> [Answer] {
    var results: [Answer] = []
    try forEach(query) { (row) throws(SQLError) in
      results.append(try Answer(reading: row))
      return true
    }
    return results
  }

  /// The number in the first column of the first row; 0 without one.
  package func number(_ query: Query<Int64>) throws(SQLError) -> Int64 { try first(query) ?? 0 }
}
