internal import Glibc
internal import Synchronization

/// A question on a terminal whose answer is not shown.
///
/// Whatever ends it, an interrupt from the keyboard included, the terminal echoes again afterwards, as with
/// `readpassphrase(3)`: signals are only noted while the answer is read, and take effect when the echo is back.
struct SilentPrompt {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU]
  /// The signal that came last.
  private static let caught = Atomic<Int32>(0)

  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// The line that is typed, without its end.
  func line(_ question: String) throws -> [UInt8] {
    while true {
      Self.caught.store(0, ordering: .relaxed)
      let line = withSignalsNoted { withoutEcho { read(question) } }
      let signal = Self.caught.load(ordering: .relaxed)
      guard signal != 0 else { return try line.get() }
      // Now it may do what it is for. Whoever stopped us finds the question again when they come back.
      kill(getpid(), signal)
    }
  }

  private func read(_ question: String) -> Result<[UInt8], CommandError> {
    Terminal.draw(question + ": ")
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while Self.caught.load(ordering: .relaxed) == 0 {
      let count = Glibc.read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count == 1, byte != UInt8(ascii: "\n") else { break }
      line.append(byte)
      guard line.count <= 65536 else {
        return .failure(CommandError("What was typed is too long for a secret."))
      }
    }
    Terminal.complain("")
    return .success(line)
  }

  private func withoutEcho<Answer>(_ body: () -> Answer) -> Answer {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return body() }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(descriptor, TCSAFLUSH, &silent)
    defer { tcsetattr(descriptor, TCSAFLUSH, &settings) }
    return body()
  }

  private func withSignalsNoted<Answer>(_ body: () -> Answer) -> Answer {
    var note = sigaction()
    note.__sigaction_handler.sa_handler = { SilentPrompt.caught.store($0, ordering: .relaxed) }
    // Without SA_RESTART: a signal ends the read.
    var before: [(Int32, sigaction)] = []
    for signal in Self.signals {
      var old = sigaction()
      if sigaction(signal, &note, &old) == 0 { before.append((signal, old)) }
    }
    defer { for (signal, old) in before { withUnsafePointer(to: old) { _ = sigaction(signal, $0, nil) } } }
    return body()
  }
}
