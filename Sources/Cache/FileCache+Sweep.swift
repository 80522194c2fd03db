internal import Glibc
internal import System
package import Text

/// Keeping the directory bounded, and telling and emptying what is in it.
extension FileCache {
  /// What a sweep did.
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
    guard let ledger = try? CacheLedger(in: directory) else { return nil }
    let isOver = needsRoom || ledger.totalBytes() > Int64(maximumBytes)
    let interval: Int64 = isOver ? ledger.isSweepInVain ? 1 : 0 : 60
    let last = ledger.sweep
    let (elapsed, overflow) = now.seconds.subtractingReportingOverflow(last.began)
    // A last sweep in the future is a clock that stepped back.
    guard overflow || elapsed < 0 || elapsed >= interval, ledger.tryToLock(.sweep) == .taken else {
      return nil
    }
    let next = (last.next + Self.shardsPerSweep) % CacheDirectory.shardCount
    ledger.noteSweep(began: now.seconds, next: next)
    let shards = (0..<Self.shardsPerSweep).map { (last.next + $0) % CacheDirectory.shardCount }
    return sweep(shards, now: now, ledger, needsRoom: needsRoom)
  }

  /// Sweeps everything now: removes what is past its stale limit, then, while the rest takes more than the
  /// maximum, the oldest until it takes less than nine tenths of it.
  ///
  /// - Throws: When the directory cannot be used or another sweep is going on.
  @discardableResult
  package func sweep(now: Timestamp) throws(CacheError) -> SweepReport {
    let ledger = try CacheLedger(in: directory)
    guard ledger.lockBriefly(.sweep) == .taken else { throw .busy(path: directory.path) }
    ledger.noteSweep(began: now.seconds, next: 0)
    return sweep(Array(0..<CacheDirectory.shardCount), now: now, ledger)
  }

  /// Counts what is there.
  ///
  /// - Throws: When the directory cannot be listed. A missing one is an empty one.
  package func statistics(now: Timestamp) throws(CacheError) -> CacheStatistics {
    var statistics = CacheStatistics()
    statistics.maximumBytes = maximumBytes
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
    let ledger = try CacheLedger(in: directory)
    var removed = 0
    for shard in 0..<CacheDirectory.shardCount {
      try lock(shard, of: ledger)
      defer { ledger.unlock(.shard(shard)) }
      do throws(SystemError) {
        try ledger.write(UInt64.random(in: .min ... .max), to: .generation, of: shard)
      } catch {
        throw error.during("empty", directory.path)
      }
      var failure: SystemError?
      var bytes: Int64 = 0
      try directory.forEachFile(in: shard) { file in
        if let error = file.remove() {
          failure = error
          bytes += file.diskSize
        } else {
          removed += 1
        }
      }
      ledger.set(bytes: bytes, of: shard)
      if let failure { throw failure.during("empty", directory.path + "/" + CacheDirectory.shardName(shard)) }
    }
    return removed
  }

  private func sweep(
    _ shards: [Int], now: Timestamp, _ ledger: borrowing CacheLedger, needsRoom: Bool = false
  ) -> SweepReport {
    var report = SweepReport()
    for shard in shards { report.removed += tidy(shard, ledger) { $0.isRemovable(now: now) } }
    report.bytes = ledger.totalBytes()
    if needsRoom || report.bytes > Int64(maximumBytes) {
      report.removed += evict(now: now, ledger)
      report.bytes = ledger.totalBytes()
    }
    let isInVain = report.bytes > Int64(maximumBytes)
    if isInVain != ledger.isSweepInVain { ledger.isSweepInVain = isInVain }
    return report
  }

  /// Removes the oldest entries of all subfolders until the rest takes less than nine tenths of the maximum.
  /// Looks at everything twice, once to learn the age from which on entries have to go (8 bytes of memory for
  /// each), and once to remove them; needed only after a tenth of the maximum has been stored since the last
  /// time.
  private func evict(now: Timestamp, _ ledger: borrowing CacheLedger) -> Int {
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
    var removed = 0
    for shard in 0..<CacheDirectory.shardCount {
      removed += tidy(shard, ledger) { file in
        guard file.kind == .entry else { return file.isRemovable(now: now) }
        let moment = file.moment(relativeTo: now)
        if moment == limit, countAtLimit > 0 {
          countAtLimit -= 1
          return true
        }
        return moment < limit || file.isRemovable(now: now)
      }
    }
    return removed
  }

  /// Removes some files of a subfolder and notes what is left. Under its lock, so that the count stays right
  /// and no file is taken for a torso while it is being published.
  private func tidy(
    _ shard: Int, _ ledger: borrowing CacheLedger, where isToGo: (CacheFile) -> Bool
  ) -> Int {
    guard ledger.lockBriefly(.shard(shard)) == .taken else { return 0 }
    defer { ledger.unlock(.shard(shard)) }
    var removed = 0
    var bytes: Int64 = 0
    do throws(CacheError) {
      try directory.forEachFile(in: shard) { file in
        if isToGo(file), file.remove() == nil { removed += 1 } else { bytes += file.diskSize }
      }
      ledger.set(bytes: bytes, of: shard)
    } catch {
      // Unreadable for now: what was known about it stays.
    }
    return removed
  }
}
