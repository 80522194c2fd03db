package import SQL
package import Text

/// `2025-12-18T10:00:00Z`, which sorts as text the way it sorts in time.
extension Timestamp: Bindable {
  package var bound: SQLValue { .text(description) }
}

extension Row {
  func optionalMoment(_ column: Int32) throws(SQLError) -> Timestamp? {
    guard let text = try optionalText(column) else { return nil }
    guard let moment = Timestamp(text) else { throw .damagedRow }
    return moment
  }

  func moment(_ column: Int32) throws(SQLError) -> Timestamp {
    guard let moment = try optionalMoment(column) else { throw .damagedRow }
    return moment
  }
}
