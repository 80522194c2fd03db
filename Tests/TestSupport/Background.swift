/// Work on a thread of its own, and its result.
package final class Background<Result: Sendable>: Sendable {
  private let thread: PlainThread
  private let outcome: Guarded<Result?>

  /// Starts it. What it uses need not be `Sendable`: the test must leave it alone until ``result()``.
  package init(_ body: @escaping () -> Result) {
    let outcome = Guarded<Result?>(nil)
    self.outcome = outcome
    nonisolated(unsafe) let body = body
    thread = PlainThread {
      let result = body()
      outcome.withLock { $0 = result }
    }
  }

  /// Waits for the end; `nil` only if the thread came to no end.
  package func result() -> Result? {
    thread.join()
    return outcome.withLock { $0 }
  }
}
