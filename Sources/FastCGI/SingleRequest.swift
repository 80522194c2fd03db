internal import CFastCGI
internal import Glibc

/// The CGI form of the same program: one request from the environment and standard input, its answer on
/// standard output. libfcgi takes no part in it.
package enum SingleRequest {
  /// Whether a web server started this process for one request, as the environment tells. If not, somebody
  /// started it in a terminal and had better be told how to use it.
  package static var isPresent: Bool { getenv("REQUEST_METHOD") != nil }

  /// Answers the request.
  /// - Returns: whether the web server took the answer.
  @discardableResult
  package static func run(timeouts: ServerTimeouts = ServerTimeouts(), _ handler: Server.Handler) -> Bool {
    run(input: STDIN_FILENO, output: STDOUT_FILENO, timeouts: timeouts, handler)
  }

  static func run(input: Int32, output: Int32, timeouts: ServerTimeouts, _ handler: Server.Handler) -> Bool {
    guard let environment = cfastcgi_environment() else { return false }
    // A web server that has gone away makes the write fail; it does not kill us in the middle of something.
    signal(SIGPIPE, SIG_IGN)
    var exchange = Exchange(
      parameters: ParameterList(entries: environment), channel: .cgi(input: input, output: output),
      limits: Limits(timeouts))
    handler(&exchange)
    exchange.answerIfNecessary()
    exchange.release()
    return exchange.answer == .sent
  }
}
