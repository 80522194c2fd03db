internal import CSQLite
internal import Glibc

/// What the database answered instead of "done".
///
/// Its message is left behind on purpose: the code says all that anybody acts on, and no value can ride along.
package struct SQLError: Error, Equatable {
  /// SQLite's extended result code; 0 where PostgreSQL answered.
  package let code: Int32
  /// The `errno` of the system call that failed underneath, 0 where there is none.
  package let systemError: Int32
  /// PostgreSQL's SQLSTATE, of five characters.
  package let state: String?
  /// What an operator may read of it, without a password in it: why no connection came about.
  package let reason: String?

  package init(code: Int32, systemError: Int32 = 0) {
    self.code = code
    self.systemError = systemError
    (state, reason) = (nil, nil)
  }

  package init(state: String, reason: String? = nil) {
    (code, systemError) = (0, 0)
    self.state = state
    self.reason = reason
  }

  /// A row that our own schema does not allow: NULL where text must be, bytes that are not UTF-8.
  package static let damagedRow = SQLError(code: SQLITE_CORRUPT)

  /// The class of the failure, without its finer distinctions.
  package var primaryCode: Int32 { code & 0xFF }

  /// Somebody else holds a lock: the same transaction may succeed in a moment.
  package var isBusy: Bool {
    primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED || primaryCode == SQLITE_PROTOCOL
  }

  /// The connection's idea of the file can no longer be trusted, or the file was exchanged under it.
  package var spoilsConnection: Bool {
    switch primaryCode {
    case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_READONLY,
      SQLITE_FULL, SQLITE_MISUSE, SQLITE_INTERNAL, SQLITE_PROTOCOL:
      true
    default: false
    }
  }

  // MARK: - PostgreSQL

  /// The connection was lost, or nothing came in time.
  static func lost(_ reason: String? = nil) -> SQLError { SQLError(state: "08006", reason: reason) }

  /// The server cannot be reached, is going down or coming up, has become a standby, or has no place.
  package var isOfConnection: Bool {
    guard let state else { return false }
    if isOfStandby || isOfCrowd { return true }
    return state.hasPrefix("08") || state.hasPrefix("57P0") || state == "25P03" || state == "25P04"
  }

  /// The server takes no writes: in a transaction that has begun, or when one is to begin.
  package var isOfStandby: Bool { state == "25006" || state == "0A000" }

  /// The server, or a pooler, is there and has no connection left.
  package var isOfCrowd: Bool { state == "53300" }

  /// Why no connection came about.
  /// - Parameter words: what libpq says at its most verbose. A server's own refusal has its state in it, as in
  ///   `FATAL:  53300: …`, which is there in every language.
  static func refused(_ words: [String], _ reason: String?) -> SQLError {
    // PgBouncer has one state for all that it refuses, and repeats a server's refusal under it; it speaks English alone.
    let poolersWords = [
      "no more connections allowed", "query_wait_timeout", "too many c", "connection slots are reserved",
    ]
    let isFull = words.contains { words in
      strstr(words, ":  53300: ") != nil
        || strstr(words, ":  08P01: ") != nil && poolersWords.contains { strstr(words, $0) != nil }
    }
    return isFull ? SQLError(state: "53300", reason: reason) : .lost(reason)
  }

  /// The same transaction, begun anew, may succeed.
  package var invitesRepetition: Bool { isOfConnection || state == "40001" || state == "40P01" }
}
