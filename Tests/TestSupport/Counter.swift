/// A number that threads add to.
package final class Counter: Sendable {
  private let count = Guarded((now: 0, peak: 0))

  /// Begins at 0.
  package init() {}

  /// The sum so far.
  package var value: Int { count.withLock { $0.now } }

  /// The largest sum so far.
  package var peak: Int { count.withLock { $0.peak } }

  /// Adds and returns the new sum.
  @discardableResult package func add(_ number: Int = 1) -> Int {
    count.withLock {
      $0.now += number
      $0.peak = max($0.peak, $0.now)
      return $0.now
    }
  }
}
