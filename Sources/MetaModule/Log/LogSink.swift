internal import Glibc
internal import Synchronization

/// Where the log is written: standard error.
///
/// A line is written at once and in one piece, so that lines of several processes that share a log never mix. Only while
/// a server is at work, lines that come faster than one a millisecond are gathered and written together at its next
/// tick, some milliseconds later: one system call for each would be a tenth of a warm request's cost. A warning or an
/// error takes all that was gathered along, at once. A line that cannot be written is lost, not retried.
public final class LogSink: Sendable {
  /// The log of this process.
  public static let standardError = LogSink(descriptor: STDERR_FILENO)

  private struct State {
    var gathered: [UInt8] = []
    var isGathering = false
    var lastWrite = ContinuousClock.now - .seconds(1)
  }

  /// More than this is not gathered, however busy it is; in bytes.
  private static let limit = 1 << 16

  private let descriptor: Int32
  private let interval: Duration
  private let state = Mutex(State())

  /// - Parameter interval: lines that are at least so far apart are not gathered.
  init(descriptor: Int32, interval: Duration = .milliseconds(1)) {
    self.descriptor = descriptor
    self.interval = interval
  }

  /// A server is at work, and calls this again in some milliseconds; or, with `false`, it is not any longer. Writes what
  /// was gathered.
  public func gather(_ isGathering: Bool) {
    state.withLock { state in
      state.isGathering = isGathering
      if !state.gathered.isEmpty { flush(&state) }
    }
  }

  /// Writes a line, or keeps it for the next tick.
  func write(_ line: [UInt8], isUrgent: Bool) {
    state.withLock { state in
      let isAlone =
        state.gathered.isEmpty
        && (!state.isGathering || isUrgent || ContinuousClock.now - state.lastWrite >= interval)
      if isAlone { return send(line, &state) }
      state.gathered += line
      if isUrgent || !state.isGathering || state.gathered.count >= Self.limit { flush(&state) }
    }
  }

  private func flush(_ state: inout State) {
    send(state.gathered, &state)
    state.gathered.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: [UInt8], _ state: inout State) {
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if state.isGathering { state.lastWrite = .now }
  }
}
