internal import CSQLite
internal import Glibc
package import SQL
internal import System
internal import Text

/// Why the database did not do what it was asked. Never carries a stored or bound value.
package enum StoreError: Error, Sendable, Equatable {
  /// Somebody else held a lock for longer than we wait. Trying again helps.
  case busy
  /// No space left on the device or quota used up. Works again as soon as there is space.
  case full
  /// The file or its folder cannot be written.
  case readOnly(path: String)
  /// The file is damaged.
  case damaged(path: String)
  /// A newer version of this program made the database; it was left untouched.
  case newer(path: String, version: Int, known: Int)
  /// The file is no database of this program; it was left untouched.
  case notOurs(path: String)
  /// The system failed to read or write. `code` is the `errno`.
  case inputOutput(path: String, code: Int32)
  /// The file cannot be opened or made. `reason` is the system's word for it.
  case cannotOpen(path: String, reason: String)
  /// There is no database, and this is no command that makes one.
  case missing(path: String)
  /// A file of the database was taken away under a running program, or before it started.
  case lost(path: String, Loss)
  /// Somebody else could change the files; the sentence says who and which.
  case untrusted(String)
  /// A backup cannot be written there.
  case cannotBackUp(path: String, reason: String)
  /// Memory is used up.
  case outOfMemory
  /// Another row already has what must be unique, for a token its Meta user.
  case conflict
  /// The server does not answer. `address` has no password in it, and neither has `reason`.
  case unreachable(_ address: String, _ reason: String)
  /// The server was lost while it was to commit, or the standby did not take it: the change was made, or it was not.
  case unknown
  /// The rows live elsewhere now.
  case moved(String)
  /// PostgreSQL cannot be used as it is; the sentence says what to do.
  case unfit(String)
  /// The database answered something that only a mistake of ours explains. `code` is SQLite's extended result code, or
  /// an SQLSTATE.
  case unexpected(code: String)

  /// What became of a file.
  package enum Loss: Sendable {
    case removed, replaced, cut
    /// It was gone when the program started, although there had been one.
    case gone
  }

  /// What a client may read: what is the matter, without paths.
  package var detail: String {
    switch self {
    case .busy: "The database is locked by another process, try again in a moment."
    case .full: "The disk of the database is full."
    case .readOnly: "The database is read-only."
    case .damaged: "The database is damaged."
    case .newer: "The database was made by a newer version of this program."
    case .notOurs: "The database file belongs to another program."
    case .inputOutput: "The database cannot be read or written."
    case .cannotOpen: "The database cannot be opened."
    case .missing: "There is no database yet."
    case .lost(_, .gone): "The database is gone. The operator must put it back."
    case .lost:
      "A file of the database was taken away while the program was running. Nothing is read or written any more "
        + "until the operator puts it back or restarts the program."
    case .untrusted: "Other users of the server could change the files of this program, so they are not used."
    case .cannotBackUp: "The backup cannot be written."
    case .outOfMemory: "The database has no memory left to work with."
    case .conflict: "Another stored account already belongs to this Meta user. Nothing was changed."
    case .unreachable: "The database cannot be reached at the moment."
    case .unknown: "The database did not say whether the change was made. Look, before you try again."
    case .moved: "The database was moved elsewhere. The operator must start the program with the new one."
    case .unfit: "The database cannot be used as it is."
    case .unexpected: "A server error occurred."
    }
  }

  /// What an operator reads in the log and at the terminal: what is the matter, where, and what to do.
  package var sentence: String {
    switch self {
    case .busy:
      "The database is locked by another process, or more want it than it can serve. It is tried again with the next "
        + "request; if this stays, look for a program that keeps it open (fuser shows it, on a server pg_stat_activity)."
    case .full:
      "No space is left for the database (disk full or quota used up). Free some; no restart is needed."
    case .readOnly(let path):
      "\(path) or its folder cannot be written. Give both to the user that runs this program, "
        + "and check that the file system is not mounted read-only."
    case .damaged(let path):
      "\(path) is damaged. Stop the program, keep a copy of the file, and restore a backup: "
        + "metactl restore FILE."
    case .newer(let path, let version, let known):
      "\(path) has schema version \(version), this program knows \(known): it was made by a newer version. "
        + "It was not touched. Install that version again, or restore an older backup."
    case .notOurs(let path):
      "\(path) is not a database of Meta Module. It was not touched. Set META_DATA_DIR to a folder of its "
        + "own, or, if its beginning was damaged, restore a backup: metactl restore FILE."
    case .inputOutput(let path, let code):
      "Reading or writing \(path) failed: \(SystemError(code: code)). Check the disk and the limits "
        + "of the process (ulimit -n); no restart is needed."
    case .cannotOpen(let path, let reason):
      "\(path) cannot be opened: \(reason). Check META_DATA_DIR and who owns the folder."
    case .missing(let path):
      "There is no database at \(path). The first start of the program makes it; if there is one elsewhere, set "
        + "META_DATA_DIR, or name its settings with --config."
    case .lost(let path, .gone):
      "\(path) is gone: there was a database here. Put it back, or restore a backup: metactl restore FILE. To begin "
        + "anew on purpose, remove \(path).lock and what else begins with \(path)."
    case .lost(let path, let loss):
      "\(path) was \(loss.words) while the program was running. Nothing is read or written any more, and nothing was "
        + "made in its place. \(loss.remedy)"
    case .untrusted(let sentence): sentence
    case .cannotBackUp(let path, let reason):
      "The backup \(path) cannot be written: \(reason). Nothing of it is left there, and the database is as it was."
    case .outOfMemory:
      "The database has no memory left to work with. Give the program more memory or fewer workers."
    case .conflict: "Another row of the database has the same identity."
    case .unreachable(let address, let reason):
      "PostgreSQL cannot be reached at \(address): \(reason). It is tried again and again, and no restart is needed; "
        + "metactl doctor says more."
    case .unknown:
      "PostgreSQL was lost, or its standby did not answer, while a change was committed: it was made, or it was not. "
        + "Nothing was acknowledged."
    case .moved(let place):
      "The rows of \(place) were moved to another database by metactl store copy. Nothing was touched. Name the new one "
        + "in META_DATABASE_URL, or take that setting out, and start again."
    case .unfit(let sentence): sentence
    case .unexpected(let code):
      "The database answered with code \(code), which should not happen. Please report this with the log."
    }
  }

  /// Translates SQLite's answer about the database at `path`.
  package init(_ failure: SQLError, path: String) {
    if let state = failure.state {
      self = Self.ofServer(failure, state, path)
      return
    }
    switch failure.primaryCode {
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy
    case SQLITE_FULL: self = .full
    case SQLITE_CORRUPT: self = .damaged(path: path)
    case SQLITE_NOTADB: self = .notOurs(path: path)
    case SQLITE_READONLY: self = .readOnly(path: path)
    case SQLITE_NOMEM: self = .outOfMemory
    case SQLITE_IOERR where failure.code == csqlite_ioerr_nomem: self = .outOfMemory
    case SQLITE_IOERR, SQLITE_CANTOPEN: self = .system(failure.systemError, path: path)
    case SQLITE_CONSTRAINT where failure.code == csqlite_constraint_unique: self = .conflict
    default: self = .unexpected(code: String(failure.code))
    }
  }

  /// Translates an SQLSTATE (PostgreSQL, appendix A).
  private static func ofServer(_ failure: SQLError, _ state: String, _ address: String) -> StoreError {
    if failure.isOfConnection {
      return .unreachable(address, failure.reason ?? "it was lost (SQLSTATE \(state))")
    }
    switch state {
    case "40001", "40P01", "55P03", "57014": return .busy
    case "23505", "42P07", "42710": return .conflict
    case "53100": return .full
    case "53200": return .outOfMemory
    case "XX001", "XX002": return .damaged(path: address)
    case "42P01":
      return .unfit("A table of this program is gone from \(address). Restore a backup of the database.")
    case "42501":
      return .unfit(
        "The role of META_DATABASE_URL may not make or use the tables at \(address). Make it the owner of the "
          + "database: ALTER DATABASE NAME OWNER TO ROLE.")
    case "3F000":
      return .unfit(
        "search_path leads to no schema at \(address). Take it back to what PostgreSQL has: ALTER ROLE ROLE SET "
          + "search_path = public.")
    default: return .unexpected(code: state)
    }
  }

  /// Translates an `errno` met while opening, creating, reading or writing at `path`.
  package static func system(_ code: Int32, path: String) -> StoreError {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EROFS, EACCES, EPERM: .readOnly(path: path)
    case 0: .inputOutput(path: path, code: EIO)
    case EIO, EMFILE, ENFILE, EINTR: .inputOutput(path: path, code: code)
    case ENOMEM: .outOfMemory
    default: .cannotOpen(path: path, reason: SystemError(code: code).description)
    }
  }
}

extension StoreError.Loss {
  fileprivate var words: String {
    switch self {
    case .removed, .gone: "removed"
    case .replaced: "replaced by another file"
    case .cut: "cut short"
    }
  }

  fileprivate var remedy: String {
    switch self {
    case .removed, .gone: "Move it back, or stop the program and restore a backup: metactl restore FILE."
    case .replaced: "Move the right one back, or, if the new one is the right one, restart the program."
    case .cut: "Stop the program, and restore a backup: metactl restore FILE."
    }
  }
}
