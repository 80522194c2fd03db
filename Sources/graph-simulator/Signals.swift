internal import Foundation

/// Signals that are waited for instead of interrupting.
struct Signals {
  private var set: sigset_t

  /// Blocks these signals in this thread and in those it starts.
  static func block(_ signals: [Int32]) -> Signals {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    return Signals(set: set)
  }

  /// Returns when one of them arrives.
  func wait() {
    var set = set
    var signal: Int32 = 0
    sigwait(&set, &signal)
  }
}
