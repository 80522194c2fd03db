package import SQL
package import Text

// How the store writes what SQL has no type for.

extension SQLValue {
  /// `2025-12-18T10:00:00Z`, which sorts as text the way it sorts in time; NULL for nothing.
  package static func moment(_ moment: Timestamp?) -> SQLValue {
    moment.map { .text($0.description) } ?? .null
  }

  /// Words separated by spaces; NULL for nothing.
  package static func words(_ words: [String]?) -> SQLValue {
    words.map { .text($0.joined(separator: " ")) } ?? .null
  }
}

extension Row {
  func optionalMoment(_ column: Int32) throws(SQLError) -> Timestamp? {
    guard let text = try optionalText(column) else { return nil }
    guard let moment = Timestamp(text) else { throw .damagedRow }
    return moment
  }

  package func moment(_ column: Int32) throws(SQLError) -> Timestamp {
    guard let moment = try optionalMoment(column) else { throw .damagedRow }
    return moment
  }

  /// Words separated by spaces.
  func optionalWords(_ column: Int32) throws(SQLError) -> [String]? {
    try optionalText(column).map { $0.split(separator: " ").map(String.init) }
  }
}
