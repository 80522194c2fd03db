internal import Foundation
internal import GRDB

/// A value on its way into a statement.
enum SQLiteValue {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  /// NULL for nothing.
  static func text(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }

  /// NULL for nothing.
  static func integer(_ number: Int64?) -> SQLiteValue { number.map { .integer($0) } ?? .null }

  /// `2025-12-18T10:00:00Z`, which sorts as text the way it sorts in time; NULL for nothing.
  static func moment(_ moment: Timestamp?) -> SQLiteValue { moment.map { .text($0.description) } ?? .null }

  /// Words separated by spaces; NULL for nothing.
  static func words(_ words: [String]?) -> SQLiteValue {
    words.map { .text($0.joined(separator: " ")) } ?? .null
  }

  /// As GRDB binds it.
  var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let number): number.databaseValue
    case .text(let text): text.databaseValue
    case .blob(let bytes): Data(bytes).databaseValue
    }
  }
}
