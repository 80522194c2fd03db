internal import Glibc
internal import JSON
internal import Logging
internal import Synchronization
internal import System
internal import Text

/// Where the log is written: standard error.
///
/// A line is written at once and in one piece, so that lines of several processes that share a log never mix. Only while
/// a server is at work, lines that come faster than one a millisecond are gathered and written together at its next
/// tick, some milliseconds later: one system call for each would be a tenth of a warm request's cost. A warning or an
/// error takes all that was gathered along, at once.
///
/// Nobody ever waits for who reads the log: what is not taken stays here, and when that is full, lines are dropped and
/// counted, and their number is a line of the log as soon as there is room again. Lines that cannot be written, for a
/// full disk, are counted in the same way.
package final class LogSink: Sendable {
  package static let standardError = LogSink(descriptor: STDERR_FILENO)

  private struct State {
    /// Whole lines that were gathered or that nobody took yet; the first may have gone out in part.
    var pending: [UInt8] = []
    var isGathering = false
    var lastWrite = ContinuousClock.now - .seconds(1)
    /// The last byte written was not the end of its line.
    var isInLine = false
    /// Whether the reader took nothing when it was last asked.
    var isStuck = false
    var lost = 0
    /// The line that tells of a loss, while it is pending itself: where it ends, and what it tells.
    var notice: (end: Int, lost: Int)?
  }

  /// More than this is not gathered, however busy it is; in bytes.
  private static let gatherLimit = 1 << 16
  /// More than this is not kept for a reader that takes nothing: a second of a busy server's lines.
  private static let limit = 1 << 19
  /// What a pipe takes in one piece, or not at all (PIPE_BUF).
  private static let piece = 4096
  /// How long a program that ends soon waits for its reader, once; in milliseconds.
  private static let patience: Int32 = 100

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
  package func gather(_ isGathering: Bool) {
    state.withLock { state in
      state.isGathering = isGathering
      flush(&state)
      if state.lost > 0, noteLoss(&state) { flush(&state) }
    }
  }

  /// Writes a sentence that is no event: why the program cannot start, for example.
  package func complain(_ sentence: String) {
    let lines = sentence.split(separator: "\n", omittingEmptySubsequences: false)
    write(Array(lines.map { String($0).visible + "\n" }.joined().utf8), isUrgent: true)
  }

  /// Writes a line, or keeps it for the next tick.
  func write(_ line: [UInt8], isUrgent: Bool) {
    state.withLock { state in
      let isAlone =
        state.pending.isEmpty
        && (!state.isGathering || isUrgent || ContinuousClock.now - state.lastWrite >= interval)
      if state.pending.count + line.count > Self.limit { flush(&state) }
      guard state.pending.count + line.count <= Self.limit else { return state.lost += 1 }
      noteLoss(&state)
      state.pending += line
      if isAlone || isUrgent || !state.isGathering || state.pending.count >= Self.gatherLimit {
        flush(&state)
      }
    }
  }

  /// Puts the number of lost lines where they would have been.
  @discardableResult
  private func noteLoss(_ state: inout State) -> Bool {
    guard state.lost > 0, state.notice == nil else { return false }
    var line = LogLine(.warning, "log lines were lost: they were not read, or could not be written", at: .now)
    line.add("lost", state.lost)
    let bytes = line.ended()
    guard state.pending.count + bytes.count <= Self.limit else { return false }
    state.pending += bytes
    state.notice = (state.pending.count, state.lost)
    state.lost = 0
    return true
  }

  private func flush(_ state: inout State) {
    guard !state.pending.isEmpty else { return }
    var written = 0
    while written < state.pending.count {
      let piece = Self.nextPiece(of: state.pending[written...])
      let count = piece.withUnsafeBytes { bytes in
        bytes.baseAddress.map { ProcessOutput.writeNow($0, bytes.count, to: descriptor) } ?? 0
      }
      if count > 0 {
        written += count
        state.isInLine = state.pending[written - 1] != UInt8(ascii: "\n")
        state.isStuck = false
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        // Whoever serves looks again at the next tick; others have none.
        guard !state.isGathering, !state.isStuck else { break }
        state.isStuck = true
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wait, 1, Self.patience) > 0 else { break }
      } else {
        state.lost += state.pending[written...].count { $0 == UInt8(ascii: "\n") }
        if let notice = state.notice, notice.end > written { state.lost += notice.lost - 1 }
        state.notice = nil
        state.pending = state.isInLine ? [UInt8(ascii: "\n")] : []
        state.isInLine = false
        return
      }
    }
    state.pending.removeFirst(written)
    if let notice = state.notice {
      state.notice = notice.end > written ? (notice.end - written, notice.lost) : nil
    }
    if state.isGathering { state.lastWrite = .now }
  }

  /// As many whole lines as go out in one piece, or a part of one that is longer.
  private static func nextPiece(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let piece = bytes.prefix(Self.piece)
    guard piece.count < bytes.count, let end = piece.lastIndex(of: UInt8(ascii: "\n")) else { return piece }
    return piece[...end]
  }
}
