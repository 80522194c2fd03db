internal import Glibc

/// A counted number of places for work that takes long: hashing a password, waiting for Graph.
///
/// Whoever may wait takes a place first. They are counted, and each has a thread beside the workers (`Lanes.threads`), so
/// that those are left for what is answered at once. One for all workers of a process. A pthread condition, not polling: a place
/// that is free is taken at once, in a process that does nothing else meanwhile.
package final class Lane: @unchecked Sendable {
  /// The right to be at work, for as long as it lives.
  package struct Place: ~Copyable {
    private let lane: Lane

    fileprivate init(in lane: Lane) { self.lane = lane }

    deinit { lane.leave() }
  }

  package let places: Int
  /// How many may wait for one.
  package let queue: Int
  private var free: Int
  private var waiting = 0
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init(places: Int, queue: Int = 0) {
    self.places = places
    self.queue = queue
    free = places
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    condition.initialize(to: pthread_cond_t())
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // A clock that is set while somebody waits must not make the wait longer.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  var waiters: Int {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return waiting
  }

  /// Whether all places are taken: asked before work that a refusal would make vain.
  package var isFull: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return free <= waiting
  }

  /// A place, if one is free now that nobody waits for.
  package func tryEnter() -> Place? { enter(waitingAtMost: .zero) }

  /// A place, now or within that time; `nil` at once where as many as may wait do so already.
  package func enter(waitingAtMost patience: Duration) -> Place? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if free <= waiting {
      guard patience > .zero, waiting < queue, waitForPlace(patience) else { return nil }
    }
    free -= 1
    return Place(in: self)
  }

  private func waitForPlace(_ patience: Duration) -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let (seconds, attoseconds) = patience.components
    deadline.tv_sec += Int(clamping: min(seconds, 86_400))
    deadline.tv_nsec += Int(attoseconds / 1_000_000_000)
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_sec += 1
      deadline.tv_nsec -= 1_000_000_000
    }
    waiting += 1
    defer { waiting -= 1 }
    while free == 0 {
      if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return free > 0 }
    }
    return true
  }

  private func leave() {
    pthread_mutex_lock(mutex)
    free += 1
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
  }
}
