/// A number that threads add to.
public final class Counter: Sendable {
  private let count = Guarded((now: 0, peak: 0))

  /// Begins at 0.
  public init() {}

  /// The sum so far.
  public var value: Int { count.withLock { $0.now } }

  /// The largest sum so far.
  public var peak: Int { count.withLock { $0.peak } }

  /// Adds and returns the new sum.
  @discardableResult public func add(_ number: Int = 1) -> Int {
    count.withLock {
      $0.now += number
      $0.peak = max($0.peak, $0.now)
      return $0.now
    }
  }
}
