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
  private let answers: Pending.Memory
  private let postponed: Pending.Memory

  /// - Parameters:
  ///   - answers: for what slow peers have not taken.
  ///   - postponed: for requests that come again.
  init(limits: Limits, answers: Pending.Memory, postponed: Pending.Memory) {
    (self.answers, self.postponed) = (answers, postponed)
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
  /// - Parameters:
  ///   - mayPostpone: whether this one may come again, if it can.
  ///   - keep: gets the connection, if the web server keeps it and it is clean, or something is pending; otherwise it is
  ///     closed. Called as soon as the answer is written, which may be long before the handler is done.
  borrowing func serve(
    _ connection: consuming PeerConnection, mayKeep: @escaping () -> Bool,
    mayPostpone: @escaping () -> Bool, keep: @escaping (PeerConnection) -> Void,
    with handler: (inout Exchange) -> Void
  ) {
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
      channel: .fastCGI(request, answerTo: served.descriptor, isBodyTooLarge: isBodyTooLarge), limits: limits,
      earlier: earlier, mayPostpone: { !served.hasMore && mayPostpone() }
    ) { [limits, answers, postponed] isBodyAtEnd, answer, unsent in
      var served = served
      // Bytes of this request that stay unread would be the next request's first ones, and a client chooses them.
      if answer == .postponed {
        served.pending = PostponedRequest(unsent.bytes, after: earlier, memory: postponed)
        return keep(served)
      }
      let isClean = !served.hasMore && !isBodyTooLarge && (isAssembled || isBodyAtEnd)
      let isAnswered = answer == .sent
      let isKept = isAnswered && isClean && wantsToKeep && mayKeep()
      let afterwards: UnsentAnswer.Afterwards = isKept ? .keep : isAnswered && !isClean ? .linger : .close
      if !unsent.bytes.isEmpty {
        let answer = UnsentAnswer(unsent, within: limits.send, afterwards: afterwards, memory: answers)
        if !answers.isFull {
          served.pending = answer
          served.isServed = false
          return keep(served)
        }
        guard answer.sendWaiting(to: served.descriptor) else { return served.close() }
      }
      switch afterwards {
      case .keep: keep(served)
      case .linger:
        served.pending = Assembly(lingeringOn: served.descriptor)
        keep(served)
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
