internal import Synchronization

/// Lets one warning of each kind through a minute: a full disk makes every request fail in the same way, and the log would
/// be the next thing that fills it. Shared by the workers of a process.
final class WarningLimiter: Sendable {
  private let next = Mutex<[String: ContinuousClock.Instant]>([:])

  /// Whether to warn now; true for one thread only.
  func mayWarn(of kind: String, at now: ContinuousClock.Instant = .now) -> Bool {
    next.withLock { next in
      if let next = next[kind], next > now { return false }
      next[kind] = now + .seconds(60)
      return true
    }
  }
}
