/// A moment in the life of the database; with a WAL the same for every `Store` of a process, else for one alone.
public struct ChangeCounter: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// With a WAL: the last commit, whoever made it.
    case walIndex(WALIndexHeader)
    /// Without: others' transactions, and one's own, which SQLite does not count.
    case counted(others: Int64, own: UInt64)
  }

  /// Which file, and since when it has been open: counters of another era mean nothing in this one.
  let era: UInt64
  let state: State
}

/// The header of SQLite's WAL index: a counter of commits, the length of the WAL, its salt and its running checksum
/// (https://www.sqlite.org/walformat.html, section 2.1).
struct WALIndexHeader: Sendable, Equatable {
  let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  static func == (left: WALIndexHeader, right: WALIndexHeader) -> Bool { left.words == right.words }
}
