internal import CSQLite

/// Where SQLite has the WAL index in memory, for as long as the connection that it was asked of is open.
package struct WALIndex {
  private let start: UnsafeRawPointer

  /// `nil` where the connection has none.
  init?(of connection: OpaquePointer) {
    guard let start = csqlite_wal_index(connection) else { return nil }
    self.start = start
  }

  /// From now on an index that somebody cuts short does not end the process by a SIGBUS.
  package static func surviveCuts() { csqlite_survive_cut_index() }

  /// Whether one was cut: what has been read or written since is worth nothing.
  package static var wasCut: Bool { csqlite_index_was_cut() != 0 }

  /// `nil` where it is of no use to us.
  var header: WALIndexHeader? {
    var header = csqlite_read_wal_index_header(start)
    return csqlite_is_wal_index_in_use(&header) == 0 ? nil : WALIndexHeader(words: header.words)
  }
}

/// The header of SQLite's WAL index: a counter of commits, the length of the WAL, its salt and its running checksum
/// (https://www.sqlite.org/walformat.html, section 2.1).
///
/// Every commit, of whatever process, writes it before it returns, and SQLite itself holds its pages for current as
/// long as these 48 bytes are unchanged. Reading them takes no lock, no system call and no statement.
package struct WALIndexHeader: Sendable, Equatable {
  let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  /// How long the WAL has to be at least, in bytes.
  package var walBytes: Int64 { extent.wal_bytes }
  /// How long the database is with all of the WAL in it, in bytes.
  package var databaseBytes: Int64 { extent.database_bytes }

  private var extent: csqlite_wal_extent {
    var header = csqlite_wal_index_header(words: words)
    return csqlite_wal_extent_of(&header)
  }

  package static func == (left: WALIndexHeader, right: WALIndexHeader) -> Bool { left.words == right.words }
}
