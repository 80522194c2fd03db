internal import System

/// Why the program cannot serve: each case is told to an operator as one sentence.
///
/// What happens to a single connection or request is no error of the program and never appears here.
package enum FastCGIError: Error, CustomStringConvertible {
  /// The text after `--listen` is neither `unix:/path` nor an address of this machine with a port.
  case invalidAddress(String)
  /// The address can be reached from other machines; FastCGI has no access control of its own.
  case notLoopback(String)
  /// A unix socket's path has a limit of 107 bytes, set by the kernel.
  case pathTooLong(String)
  /// Something answers there already, most likely another process of this program.
  case alreadyInUse(String)
  /// What stands at the path is no socket, and is left alone.
  case notASocket(String)
  /// A system call failed: what was tried, on what, and its `errno`.
  case system(action: String, subject: String, errno: Int32)
  /// No worker could be made ready; the error is the one that `makeHandler` threw.
  case workerFailed(any Error)

  /// The sentence for the operator.
  package var description: String {
    switch self {
    case .invalidAddress(let text):
      "'\(text)' is not an address to listen at; use unix:/path, 127.0.0.1:PORT or [::1]:PORT"
    case .notLoopback(let text):
      "'\(text)' can be reached from other machines; listen at unix:/path or a loopback address"
    case .pathTooLong(let path):
      "the socket path '\(path)' is longer than a unix socket allows (107 bytes)"
    case .alreadyInUse(let address):
      "another process already listens at \(address); it was left alone"
    case .notASocket(let path):
      "'\(path)' exists and is not a socket; it was left alone"
    case .system(let action, let subject, let errno):
      "cannot \(action) \(subject): \(SystemError(code: errno))"
    case .workerFailed(let error):
      "no worker could start: \(error)"
    }
  }
}
