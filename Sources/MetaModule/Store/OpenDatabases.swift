internal import Synchronization

/// Tells the times apart in which this process had a database open without a break.
///
/// As long as anybody has it open its WAL index goes on counting. When nobody has, the next one to open it makes the
/// index anew, and two different states of the database may come to have the same header.
final class OpenDatabase {
  /// Equal for all connections to one file that are open at the same time; never given again.
  let era: UInt64
  private let file: FileIdentity

  private static let all = Mutex<(newest: UInt64, open: [FileIdentity: (era: UInt64, connections: Int)])>(
    (0, [:]))

  init(_ file: FileIdentity) {
    self.file = file
    era = Self.all.withLock { all in
      if let known = all.open[file] {
        all.open[file] = (known.era, known.connections + 1)
        return known.era
      }
      all.newest += 1
      all.open[file] = (all.newest, 1)
      return all.newest
    }
  }

  deinit {
    Self.all.withLock { [file] all in
      guard let known = all.open[file] else { return }
      all.open[file] = known.connections > 1 ? (known.era, known.connections - 1) : nil
    }
  }
}
