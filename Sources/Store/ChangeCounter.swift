package import SQL
internal import Synchronization
package import System

/// A moment in the life of the database; with a WAL the same for every `Store` of a process, else for one alone.
package struct ChangeCounter: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// With a WAL: the last commit, whoever made it.
    case walIndex(WALIndexHeader)
    /// Without: others' transactions, and one's own, which SQLite does not count.
    case counted(others: Int64, own: UInt64)
    /// On PostgreSQL: of the last change that took something away, whoever made it.
    case stamp(Int64)
  }

  /// Which file, and since when it has been open: counters of another era mean nothing in this one.
  package let era: UInt64
  package let state: State
}

/// Tells the times apart in which this process had a database open without a break.
///
/// As long as anybody has it open its WAL index goes on counting. When nobody has, the next one to open it makes the
/// index anew, and two different states of the database may come to have the same header.
package final class OpenDatabase {
  /// Equal for all connections to one file that are open at the same time; never given again.
  package let era: UInt64
  private let file: FileIdentity

  private struct Open {
    let era: UInt64
    let files: WatchedFiles
    var connections = 1
  }

  private static let all = Mutex<(newest: UInt64, open: [FileIdentity: Open])>((0, [:]))

  init(_ files: WatchedFiles) {
    file = files.database
    era = Self.all.withLock { all in
      if let known = all.open[files.database]?.era {
        all.open[files.database]?.connections += 1
        return known
      }
      all.newest += 1
      all.open[files.database] = Open(era: all.newest, files: files)
      return all.newest
    }
  }

  /// The files of a database that this process has open; `nil`: it has not.
  package static func files(of database: FileIdentity) -> WatchedFiles? {
    all.withLock { $0.open[database]?.files }
  }

  /// Whether this process has a database open that is, or was, at this path.
  static func isOpen(at path: String) -> Bool {
    all.withLock { $0.open.values.contains { $0.files.path == path } }
  }

  deinit {
    Self.all.withLock { [file] all in
      guard let connections = all.open[file]?.connections else { return }
      if connections > 1 { all.open[file]?.connections = connections - 1 } else { all.open[file] = nil }
    }
  }
}
