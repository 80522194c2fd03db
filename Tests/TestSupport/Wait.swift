internal import Glibc

/// Waiting for something that another thread or process does.
package enum Wait {
  /// Looks again and again until the condition holds; `false` when it does not within so many seconds.
  @discardableResult
  package static func until(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      guard ContinuousClock.now < end else { return false }
      usleep(10_000)
    }
    return true
  }
}
