internal import Glibc

/// A thread of the system, without Foundation.
package final class PlainThread: Sendable {
  private let handle: Guarded<pthread_t?>

  /// Starts it.
  package init(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let outcome = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    precondition(outcome == 0, "no thread could be started")
    handle = Guarded(thread)
  }

  /// Waits for its end; the second time there is nothing to wait for.
  package func join() {
    if let thread = handle.withLock({ $0.take() }) { pthread_join(thread, nil) }
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

extension PlainThread {
  /// Lets the thread that calls it sleep.
  package static func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
}
