/// A moment in the life of the database, as one `Store` sees it.
public struct ChangeCounter: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// With a WAL: the last commit, whoever made it.
    case walIndex(WALIndexHeader)
    /// Without: others' transactions, and one's own, which SQLite does not count.
    case counted(others: Int64, own: UInt64)
  }

  /// Which connection: another one may have another file.
  let generation: UInt64
  let state: State
}

/// The header of SQLite's WAL index: a counter of commits, the length of the WAL, its salt and its running checksum
/// (https://www.sqlite.org/walformat.html, section 2.1).
struct WALIndexHeader: Sendable, Equatable {
  let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  static func == (left: WALIndexHeader, right: WALIndexHeader) -> Bool { left.words == right.words }
}
