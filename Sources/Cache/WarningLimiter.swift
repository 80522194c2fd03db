internal import Synchronization

/// Lets one warning a minute through: a full disk makes every request fail in the same way, and the log would
/// be the next thing that fills it. One for each kind of trouble, shared by the threads of a process.
package final class WarningLimiter: Sendable {
  private let interval: Duration
  private let start = ContinuousClock.now
  /// Seconds after `start` at which the next warning may pass.
  private let next = Atomic<Int64>(0)

  /// A limiter that has let nothing through yet.
  package init(interval: Duration = .seconds(60)) { self.interval = interval }

  /// Whether to warn now; true for one thread only.
  package func mayWarn() -> Bool {
    let now = (ContinuousClock.now - start).components.seconds
    let due = next.load(ordering: .relaxed)
    guard now >= due else { return false }
    let (following, overflow) = now.addingReportingOverflow(max(1, interval.components.seconds))
    return next.compareExchange(expected: due, desired: overflow ? .max : following, ordering: .relaxed)
      .exchanged
  }
}
