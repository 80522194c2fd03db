internal import Synchronization

/// How many calls are being answered at once: proof that a client asks at the same time, without a stopwatch.
final class ConcurrencyGauge: Sendable {
  private struct State {
    var now = 0
    var maximum = 0
  }

  private let state = Mutex(State())

  func enter() {
    state.withLock { state in
      state.now += 1
      state.maximum = max(state.maximum, state.now)
    }
  }

  func leave() { state.withLock { $0.now -= 1 } }

  var maximum: Int { state.withLock { $0.maximum } }

  func clear() { state.withLock { $0.maximum = $0.now } }
}
