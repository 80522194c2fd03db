internal import Glibc
internal import Synchronization
internal import System

/// How far a command is, on standard error: only on a terminal, and only once it has lasted a second.
final class ProgressBar: Sendable {
  private struct State {
    var began = ContinuousClock.now
    var drawn: ContinuousClock.Instant?
    var ended = false
  }

  private static let width = 30
  private let isWanted: Bool
  private let state = Mutex(State())

  /// - Parameter quiet: shows nothing at all.
  init(quiet: Bool = false) { isWanted = !quiet && isatty(STDERR_FILENO) == 1 }

  /// Says what is being done, and how much of it is.
  func report(_ doing: String, _ done: Int, _ all: Int) {
    guard isWanted else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard !state.ended, now - state.began > .seconds(1),
        state.drawn.map({ now - $0 > .milliseconds(100) }) ?? true
      else { return }
      state.drawn = now
      let share = all > 0 ? min(1, Double(max(0, done)) / Double(all)) : 0
      let filled = Int(share * Double(Self.width))
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
      Terminal.draw("\(doing)  [\(bar)]  \(done) of \(all)", over: true)
    }
  }

  func end() {
    guard isWanted else { return }
    state.withLock { state in
      state.ended = true
      if state.drawn != nil { Terminal.draw("", over: true) }
    }
  }

  /// Watches a file grow to so many bytes, while another thread is in the middle of writing it.
  func watch(_ doing: String, file: String, bytes: Int64) {
    guard isWanted else { return }
    PlainThread.start { [self] in
      while !state.withLock({ $0.ended }) {
        var status = stat()
        if stat(file, &status) == 0 { report(doing, Int(status.st_size >> 10), Int(max(1, bytes >> 10))) }
        usleep(100_000)
      }
    }
  }
}
