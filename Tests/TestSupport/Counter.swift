internal import Synchronization

/// A number that threads add to.
public final class Counter: Sendable {
  private let count = Mutex(0)

  /// Begins at 0.
  public init() {}

  /// The sum so far.
  public var value: Int { count.withLock { $0 } }

  /// Adds and returns the new sum.
  @discardableResult public func add(_ number: Int = 1) -> Int {
    count.withLock {
      $0 += number
      return $0
    }
  }
}
