internal import System
package import Text

/// What is in the cache, for `metactl cache stats`.
package struct CacheStatistics: Sendable, Equatable {
  /// Entries that may still be served, fresh or stale.
  package var entries = 0
  /// Entries past their stale limit, which the next sweep removes.
  package var expired = 0
  /// Notes about failed fetches and files that were never finished.
  package var leftovers = 0
  /// What everything takes on the disk, in blocks of 4 KiB.
  package var bytes: Int64 = 0
  /// What it may take.
  package var maximumBytes = 0
}

/// Keeping the directory bounded, and telling and emptying what is in it.
extension FileCache {
  package struct SweepReport: Sendable, Equatable {
    /// Files that were removed, of whatever kind.
    package var removed = 0
    /// What the cache takes afterwards, in bytes of whole blocks.
    package var bytes: Int64 = 0
  }

  /// A sixteenth of the subfolders a minute: expired entries are gone a quarter of an hour later, and no call
  /// looks at more than a sixteenth of what may be a million files.
  private static let shardsPerSweep = CacheDirectory.shardCount / 16

  /// Sweeps when it is time: once a minute over all processes, or at once when more has been stored than the
  /// maximum (every second, where that does not help). Else it costs three system calls, so call it after every
  /// `land`, when the answer has been written.
  ///
  /// - Parameter needsRoom: something was refused with `.full`.
  /// - Returns: What was done; `nil` when it was not time, somebody else was at it, or nothing can be locked.
  @discardableResult
  package func sweepIfDue(now: Timestamp, needsRoom: Bool = false) -> SweepReport? {
    guard let index = try? CacheIndex(in: directory) else { return nil }
    let isOver = needsRoom || index.totalBytes() > Int64(maximumBytes)
    let interval: Int64 = isOver ? index.read(.sweptInVain) ?? 0 > 0 ? 1 : 0 : 60
    let began = Int64(bitPattern: index.read(.sweepBegan) ?? 0)
    let (elapsed, overflow) = now.seconds.subtractingReportingOverflow(began)
    // A last sweep in the future is a clock that stepped back.
    guard overflow || elapsed < 0 || elapsed >= interval, (try? index.tryToLock(.sweep)) == true else {
      return nil
    }
    let first = Int((index.read(.nextShard) ?? 0) % UInt64(CacheDirectory.shardCount))
    let shards = (first..<(first + Self.shardsPerSweep)).map { $0 % CacheDirectory.shardCount }
    return sweep(shards, now: now, index, needsRoom: needsRoom)
  }

  /// Sweeps everything now: removes what is past its stale limit, then, while the rest takes more than the
  /// maximum, the oldest until it takes less than nine tenths of it.
  ///
  /// - Throws: When the directory cannot be used or another sweep is going on.
  @discardableResult
  package func sweep(now: Timestamp) throws(CacheError) -> SweepReport {
    let index = try CacheIndex(in: directory)
    try index.lock(.sweep)
    return sweep(Array(0..<CacheDirectory.shardCount), now: now, index)
  }

  /// Counts what is there.
  ///
  /// - Throws: When the directory cannot be listed. A missing one is an empty one.
  package func statistics(now: Timestamp) throws(CacheError) -> CacheStatistics {
    var statistics = CacheStatistics(maximumBytes: maximumBytes)
    for shard in 0..<CacheDirectory.shardCount {
      try directory.forEachFile(in: shard) { file in
        statistics.bytes += file.diskSize
        switch file.kind {
        case .failure, .torso: statistics.leftovers += 1
        case .entry:
          if file.isRemovable(now: now) { statistics.expired += 1 } else { statistics.entries += 1 }
        }
      }
    }
    return statistics
  }

  /// Removes every entry, as `remove` does.
  ///
  /// - Returns: How many files were removed.
  /// - Throws: When a subfolder could not be emptied; those before it are.
  @discardableResult
  package func clear() throws(CacheError) -> Int {
    let index = try CacheIndex(in: directory)
    var removed = 0
    for shard in 0..<CacheDirectory.shardCount {
      try tidy(shard, index, &removed, isRemoval: true) { _ in true }
    }
    return removed
  }

  private func sweep(
    _ shards: [Int], now: Timestamp, _ index: borrowing CacheIndex, needsRoom: Bool = false
  ) -> SweepReport {
    // If this cannot be written, the next sweep merely comes early and begins where this one did.
    try? index.write(UInt64(bitPattern: now.seconds), to: .sweepBegan)
    try? index.write(UInt64(((shards.last ?? 0) + 1) % CacheDirectory.shardCount), to: .nextShard)
    var report = SweepReport()
    for shard in shards { try? tidy(shard, index, &report.removed) { $0.isRemovable(now: now) } }
    report.bytes = index.totalBytes()
    if needsRoom || report.bytes > Int64(maximumBytes) {
      evict(now: now, index, &report.removed)
      report.bytes = index.totalBytes()
    }
    let isInVain: UInt64 = report.bytes > Int64(maximumBytes) ? 1 : 0
    if isInVain != index.read(.sweptInVain) { try? index.write(isInVain, to: .sweptInVain) }
    return report
  }

  /// Removes the oldest entries of all subfolders until the rest takes less than nine tenths of the maximum.
  /// Looks at everything twice, once to learn the age from which on entries have to go (8 bytes of memory for
  /// each), and once to remove them; needed only after a tenth of the maximum has been stored since the last
  /// time.
  private func evict(now: Timestamp, _ index: borrowing CacheIndex, _ removed: inout Int) {
    var ages: [(moment: UInt32, blocks: UInt32)] = []
    var bytes: Int64 = 0
    for shard in 0..<CacheDirectory.shardCount {
      try? directory.forEachFile(in: shard) { file in
        bytes += file.diskSize
        // Nothing else lasts longer than minutes, and a torso may be in the middle of being written.
        guard file.kind == .entry else { return }
        ages.append((file.moment(relativeTo: now), UInt32(clamping: file.diskSize / 4096)))
      }
    }
    ages.sort { $0.moment < $1.moment }
    var excess = bytes - Int64(maximumBytes) / 10 * 9
    var limit: UInt32 = 0
    var countAtLimit = 0
    for age in ages {
      guard excess > 0 else { break }
      countAtLimit = age.moment == limit ? countAtLimit + 1 : 1
      limit = age.moment
      excess -= Int64(age.blocks) * 4096
    }
    for shard in 0..<CacheDirectory.shardCount {
      try? tidy(shard, index, &removed) { file in
        let moment = file.moment(relativeTo: now)
        if file.kind == .entry, moment == limit, countAtLimit > 0 {
          countAtLimit -= 1
          return true
        }
        return file.kind == .entry && moment < limit || file.isRemovable(now: now)
      }
    }
  }

  /// Removes some files of a subfolder and notes what is left. Under its lock, so that the count stays right
  /// and no file is taken for a torso while it is being published.
  ///
  /// - Parameter isRemoval: what was being fetched at this moment is not to be stored.
  private func tidy(
    _ shard: Int, _ index: borrowing CacheIndex, _ removed: inout Int, isRemoval: Bool = false,
    where isToGo: (CacheDirectory.File) -> Bool
  ) throws(CacheError) {
    try index.lock(.shard(shard))
    defer { index.unlock(.shard(shard)) }
    if isRemoval {
      do { try index.renew(.generation(shard)) } catch { throw error.during("empty", directory.path) }
    }
    var bytes: Int64 = 0
    var failure: SystemError?
    // Where it cannot be listed, what was known about it stays.
    try directory.forEachFile(in: shard) { file in
      guard isToGo(file) else { return bytes += file.diskSize }
      if let error = file.remove() {
        failure = error
        bytes += file.diskSize
      } else {
        removed += 1
      }
    }
    try? index.write(UInt64(bytes), to: .bytes(shard))
    if let failure { throw failure.during("empty", directory.path(of: shard)) }
  }
}
