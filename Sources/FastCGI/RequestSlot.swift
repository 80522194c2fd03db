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

  /// Serves the whole request of a connection.
  /// - Returns: the connection, if the web server keeps it and it is clean, or still sends what nobody wants; otherwise
  ///   it is closed by now.
  borrowing func serve(
    _ connection: consuming Connection, mayKeep: () -> Bool, with handler: (inout Exchange) -> Void
  ) -> Connection? {
    // libfcgi only ever reads there: it writes nothing for a request without foreign records.
    let source = connection.assembly.map { $0.openForReading() } ?? connection.descriptor
    let isBodyTooLarge = connection.assembly?.isBodyTooLarge ?? false
    let isAssembled = connection.assembly != nil
    connection.assembly = nil
    connection.isServed = true
    guard source >= 0 else {
      connection.close()
      return nil
    }
    request.pointee.ipcFd = source
    // Without this flag the finishing of the previous request would close the new connection.
    request.pointee.keepConnection = 1
    // Closes a connection that fails without waiting two seconds for its peer to go first.
    request.pointee.detached = 1
    guard FCGX_Accept_r(request) == 0 else {
      // It has closed the source.
      if isAssembled { connection.close() }
      return nil
    }
    var isClean = false
    var isAnswered = false
    if let entries = request.pointee.envp {
      var exchange = Exchange(
        parameters: ParameterList(entries: entries),
        channel: .fastCGI(request, answerTo: connection.descriptor, isBodyTooLarge: isBodyTooLarge),
        limits: limits)
      handler(&exchange)
      exchange.answerIfNecessary()
      isAnswered = exchange.answer == .sent
      // Bytes of this request that stay unread would be the next request's first ones, and a client chooses them.
      isClean = !connection.hasMore && !isBodyTooLarge && (isAssembled || exchange.isBodyAtEnd())
    }
    let isKept = isAnswered && isClean && request.pointee.keepConnection != 0 && mayKeep()
    release()
    if isAssembled { close(source) }
    if isKept { return connection }
    guard isAnswered, !isClean else {
      connection.close()
      return nil
    }
    connection.assembly = Assembly(lingeringOn: connection.descriptor)
    return connection
  }

  /// Frees the request's memory and forgets the connection. `FCGX_Finish_r` would write the closing records,
  /// which `AnswerWriter` has sent with the answer.
  private borrowing func release() {
    FCGX_Free(request, 0)
    request.pointee.ipcFd = -1
  }
}
