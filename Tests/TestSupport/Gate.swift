internal import Glibc

/// Opens when so many threads stand before it: proof that they were there at the same time, whatever the
/// speed of the machine.
package final class Gate: Sendable {
  private let expected: Int
  private let arrived = Guarded(0)

  /// Opens at `expected` arrivals.
  package init(expected: Int) { self.expected = expected }

  /// Waits for the others; `false` when they have not come within a minute.
  @discardableResult package func pass() -> Bool {
    arrived.withLock { $0 += 1 }
    for _ in 0..<60_000 {
      if arrived.withLock({ $0 >= expected }) { return true }
      usleep(1000)
    }
    return false
  }
}
