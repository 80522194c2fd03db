internal import CFastCGI
internal import Glibc

/// A worker's `FCGX_Request`, which serves one connection after the other.
///
/// libfcgi keeps pointers into it, so it is allocated once and never moves. What we rely on, as libfcgi
/// 2.4.2's source tells: `FCGX_Accept_r` first finishes what is in the request, then accepts a connection
/// only if `ipcFd` is negative, then reads the parameters; when that fails it closes `ipcFd` and tries to
/// accept again.
struct RequestSlot: ~Copyable {
  private let request: UnsafeMutablePointer<FCGX_Request>
  private let limits: Limits

  init(limits: Limits) {
    request = .allocate(capacity: 1)
    request.initialize(to: FCGX_Request())
    self.limits = limits
    // With a listening socket of -1 that second accept fails at once, with EBADF, where it would block.
    FCGX_InitRequest(request, -1, 0)
  }

  deinit {
    FCGX_Free(request, 0)
    request.deallocate()
  }

  /// Initialises libfcgi, once in a process. It installs handlers for SIGPIPE, SIGTERM and SIGUSR1; whoever
  /// wants others sets them afterwards.
  static let initialized: Bool = FCGX_Init() == 0

  /// Serves the request that waits on a connection.
  /// - Returns: the connection, if the web server keeps it and it is clean; otherwise it is closed by now.
  borrowing func serve(
    _ connection: Connection, mayKeep: () -> Bool, with handler: (inout Exchange) -> Void
  ) -> Connection? {
    request.pointee.ipcFd = connection.descriptor
    // Without this flag the finishing of the previous request would close the new connection.
    request.pointee.keepConnection = 1
    // Closes a connection that fails without waiting two seconds for its peer to go first.
    request.pointee.detached = 1
    guard FCGX_Accept_r(request) == 0 else { return nil }
    // It also succeeds, with a part of the parameters, when the connection ends or falls silent between two
    // of them.
    guard FCGX_GetError(request.pointee.in) == 0 else {
      release()
      connection.close()
      return nil
    }

    var isClean = false
    if request.pointee.role == FCGI_RESPONDER, let entries = request.pointee.envp {
      var exchange = Exchange(
        parameters: ParameterList(entries: entries), channel: .fastCGI(request), limits: limits)
      handler(&exchange)
      exchange.answerIfNecessary()
      isClean = exchange.isBodyAtEnd()
      if exchange.answer == .failed {
        release()
        connection.close()
        return nil
      }
    } else {
      _ = AnswerWriter.refuseRole(
        to: connection.descriptor, requestID: request.pointee.requestId, within: limits.send)
    }
    let isKept = isClean && request.pointee.keepConnection != 0 && mayKeep()
    release()
    // Bytes of this request that stay unread would be the next request's first ones, and a client chooses
    // them.
    if isKept { return connection }
    if isClean { connection.close() } else { connection.closeAfterLinger() }
    return nil
  }

  /// Frees the request's memory and forgets the connection. `FCGX_Finish_r` would write the closing records,
  /// which `AnswerWriter` has sent with the answer.
  private borrowing func release() {
    FCGX_Free(request, 0)
    request.pointee.ipcFd = -1
  }
}
