package import SQL

/// A moment in the life of the database; with a WAL the same for every `Store` of a process, else for one alone.
package struct ChangeCounter: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// With a WAL: the last commit, whoever made it.
    case walIndex(WALIndexHeader)
    /// Without: others' transactions, and one's own, which SQLite does not count.
    case counted(others: Int64, own: UInt64)
  }

  /// Which file, and since when it has been open: counters of another era mean nothing in this one.
  package let era: UInt64
  package let state: State
}
