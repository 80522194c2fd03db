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
  private let queue: ConnectionQueue

  /// - Parameter queue: gets a connection back that the web server keeps, or on which something is pending.
  init(of queue: ConnectionQueue) {
    self.queue = queue
    request = .allocate(capacity: 1)
    request.initialize(to: FCGX_Request())
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

  /// Serves the whole request of a connection. The connection is closed or goes back to the queue as soon as the answer is
  /// written, which may be long before the handler is done.
  borrowing func serve(_ connection: consuming PeerConnection, with handler: (inout Exchange) -> Void) {
    // libfcgi only ever reads there: it writes nothing for a request without foreign records.
    let held = connection.pending as? HeldRequest
    let source = held?.takeSource() ?? connection.descriptor
    let isBodyTooLarge = (held as? Assembly)?.isBodyTooLarge ?? false
    let earlier = held as? PostponedRequest
    let isAssembled = held != nil
    connection.pending = nil
    connection.isServed = true
    request.pointee.ipcFd = source
    // Without this flag the finishing of the previous request would close the new connection.
    request.pointee.keepConnection = 1
    // Closes a connection that fails without waiting two seconds for its peer to go first.
    request.pointee.detached = 1
    guard FCGX_Accept_r(request) == 0 else {
      // It has closed the source.
      if isAssembled { connection.close() }
      return
    }
    defer {
      release()
      if isAssembled { close(source) }
    }
    guard let entries = request.pointee.envp else { return connection.close() }
    let (served, wantsToKeep) = (connection, request.pointee.keepConnection != 0)
    var exchange = Exchange(
      parameters: ParameterList(entries: entries),
      channel: .fastCGI(request, answerTo: served.descriptor, isBodyTooLarge: isBodyTooLarge),
      limits: queue.limits, earlier: earlier,
      mayPostpone: { [queue] in !served.hasMore && queue.mayPostpone }
    ) { [queue] isBodyAtEnd, answer, unsent in
      var served = served
      // Bytes of this request that stay unread would be the next request's first ones, and a client chooses them.
      if answer == .postponed {
        served.pending = PostponedRequest(unsent.bytes, after: earlier, memory: queue.postponed)
        return queue.keep(served)
      }
      let isClean = !served.hasMore && !isBodyTooLarge && (isAssembled || isBodyAtEnd)
      let isAnswered = answer == .sent
      let isKept = isAnswered && isClean && wantsToKeep && !queue.isStopping
      let afterwards: UnsentAnswer.Afterwards = isKept ? .keep : isAnswered && !isClean ? .linger : .close
      if !unsent.bytes.isEmpty {
        let answer = UnsentAnswer(
          unsent, within: queue.limits.send, afterwards: afterwards, memory: queue.answers)
        if !queue.answers.isFull {
          served.pending = answer
          served.isServed = false
          return queue.keep(served)
        }
        guard answer.sendWaiting(to: served.descriptor) else { return served.close() }
      }
      switch afterwards {
      case .keep: queue.keep(served)
      case .linger:
        served.pending = Assembly(lingeringOn: served.descriptor)
        queue.keep(served)
      case .close: served.close()
      }
    }
    handler(&exchange)
    exchange.answerIfNecessary()
    exchange.release()
  }

  /// Frees the request's memory and forgets the connection. `FCGX_Finish_r` would write the closing records,
  /// which `AnswerWriter` has sent with the answer.
  private borrowing func release() {
    FCGX_Free(request, 0)
    request.pointee.ipcFd = -1
  }
}
