internal import Glibc
package import Text

/// Single flight: however many threads and processes miss the same key at once, one of them fetches.
extension FileCache {
  /// Asks to fetch what is under the key; waits while somebody else does. Call it after `read` found nothing
  /// fresh; reading again, as one must after waiting, happens in here.
  ///
  /// Waiting is done by looking again after 1, 2, 4 … 20 ms: no lock of Linux can be waited for with a
  /// deadline except by a signal or a thread of its own, an inotify descriptor for each of 128 waiting
  /// threads is more than a user may have, and 20 ms are little beside a call to Graph. A leader killed with
  /// -9 is replaced as quickly.
  ///
  /// - Parameters:
  ///   - now: The moment at which the request began; time spent waiting is added.
  ///   - limit: How long to wait; with zero it is tried once.
  ///   - known: An entry that is not good enough, however fresh it is.
  package func beginFlight(
    _ key: CacheKey, now: Timestamp, waitAtMost limit: Duration, insteadOf known: CachedEntry? = nil
  ) -> FlightOutcome {
    guard var ledger = try? CacheLedger(in: directory) else { return .unavailable }
    let begun = ContinuousClock.now
    // An hour at most, so that no duration overflows the clock.
    let limit = min(max(limit, .zero), .seconds(3600))
    let knownNote = failureNote(of: key)?.number
    let knownTrouble = ledger.read(.trouble, of: key.shard)
    var pause: Duration = .milliseconds(1)
    while true {
      let attempt = ledger.tryToLock(.flight(key))
      if attempt == .impossible { return .unavailable }
      if attempt == .taken, !ledger.isCurrent {
        // Somebody removed the directory, so this lock shuts out nobody: take it in the new one.
        guard let reopened = try? CacheLedger(in: directory) else { return .unavailable }
        ledger = reopened
        continue
      }
      let waited = ContinuousClock.now - begun
      if let entry = read(key, now: now.adding(waited)), entry.freshness == .fresh,
        known == nil || entry.storedAt != known?.storedAt || entry.etag != known?.etag
      {
        return .landed(entry)
      }
      if let note = failureNote(of: key), note.number != knownNote { return .failed(note.payload) }
      if attempt == .taken { return .leader(Flight(of: key, in: self, holding: ledger)) }
      if ledger.read(.trouble, of: key.shard) != knownTrouble { return .unavailable }
      guard waited < limit else { return .timedOut }
      Self.sleep(min(pause, limit - waited))
      pause = min(pause * 2, .milliseconds(20))
    }
  }

  private func failureNote(of key: CacheKey) -> FailureNote? {
    file(of: key, .failure).flatMap { FailureNote(body: $0.body) }
  }

  private static func sleep(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: time_t(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    // A signal may shorten it; then we look a little earlier.
    nanosleep(&time, nil)
  }
}

extension Timestamp {
  /// This moment and the whole seconds of a duration.
  fileprivate func adding(_ duration: Duration) -> Timestamp {
    let (sum, overflow) = seconds.addingReportingOverflow(duration.components.seconds)
    return overflow ? self : Timestamp(seconds: sum)
  }
}
