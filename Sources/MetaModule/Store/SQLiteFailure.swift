internal import CSQLite
internal import GRDB

/// What SQLite answered instead of `SQLITE_OK`. Stays inside the store, which translates it to `StoreError`.
///
/// SQLite's message is left behind on purpose: the code says all that we act on, and no value can ride along.
struct SQLiteFailure: Error, Equatable {
  /// The extended result code.
  let code: Int32
  /// The `errno` of the system call that failed underneath, 0 where there is none.
  let systemError: Int32

  init(code: Int32, systemError: Int32 = 0) {
    self.code = code
    self.systemError = systemError
  }

  /// What GRDB threw; a failure of ours passes as it is.
  init(_ error: any Error, systemError: Int32) {
    switch error {
    case let failure as SQLiteFailure: self = failure
    case let error as DatabaseError:
      self.init(code: error.extendedResultCode.rawValue, systemError: systemError)
    default: self.init(code: SQLITE_INTERNAL)
    }
  }

  /// A row that our own schema does not allow: NULL where text must be, bytes that are not UTF-8.
  static let damagedRow = SQLiteFailure(code: SQLITE_CORRUPT)

  /// The class of the failure, without its finer distinctions.
  var primaryCode: Int32 { code & 0xFF }

  /// Somebody else holds a lock: the same transaction may succeed in a moment.
  var isBusy: Bool {
    primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED || primaryCode == SQLITE_PROTOCOL
  }

  /// The connection's idea of the file can no longer be trusted, or the file was exchanged under it.
  var spoilsConnection: Bool {
    switch primaryCode {
    case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_READONLY,
      SQLITE_FULL, SQLITE_MISUSE, SQLITE_INTERNAL, SQLITE_PROTOCOL:
      true
    default: false
    }
  }
}
