internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

/// Where workers wait for work: one epoll instance over the listening socket, every parked connection, and
/// the signal to stop.
///
/// Each descriptor in it fires once and wakes one worker, which arms it again when it is done. So there is no
/// herd, a connection that says nothing or is kept between requests costs no thread, there may be more
/// connections than threads, and a stop wakes everybody without a signal to a thread. libfcgi's own accept
/// has none of that: it blocks, ends the loop at EMFILE, and leaves the socket inherited by child processes.
final class ConnectionQueue: Sendable {
  /// What `accept` found in the listening socket's queue.
  private enum Accepted {
    case connection(PeerConnection)
    /// Somebody whose request is not whole yet, or has gone again.
    case quiet
    case nobody
  }

  private enum Tag {
    static let listener = UInt64.max
    static let stop = UInt64.max - 1
  }

  /// For what new connections may still say after the stop, in milliseconds.
  private static let grace: Int32 = 100

  private let listener: Listener
  let limits: Limits
  private let report: @Sendable (String) -> Void
  private let epoll: Descriptor
  private let stopSignal: WakeUp
  private let parked: ParkedConnections
  /// Sixty bodies of the largest size; nginx sends whole requests, so that others than it are concerned.
  private let requests = Pending.Memory(limit: 8 << 20)
  /// For what slow peers have not taken.
  let answers = Pending.Memory(limit: 8 << 20)
  /// For requests that come again.
  let postponed = Pending.Memory(limit: 4 << 20)
  /// Readable when there is one more of those.
  let attention: WakeUp
  private let bodyLimit: Int
  /// How many may be without a whole request: half of all descriptors, since files need theirs too.
  private let mostUnserved: Int
  private let waiting = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let isAccepting = Atomic<Bool>(true)
  /// Until when new connections may still say something after the stop.
  private let graceEnd = Guarded<Deadline?>(nil)
  private let nextComplaint = Guarded<Deadline?>(nil)
  private let brokenBy = Atomic<Int32>(0)
  private let onBroken: @Sendable () -> Void

  /// - Parameter onBroken: called when the listening socket will never give a connection again.
  init(
    listener: consuming Listener, limits: Limits, bodyLimit: Int,
    report: @escaping @Sendable (String) -> Void,
    onBroken: @escaping @Sendable () -> Void
  ) throws(FastCGIError) {
    epoll = try Descriptor(cfastcgi_epoll(), action: "make", subject: "an epoll instance")
    stopSignal = try WakeUp()
    attention = try WakeUp()
    guard cfastcgi_watch_once(epoll.number, listener.descriptor.number, Tag.listener, false, false) == 0,
      cfastcgi_watch_always(epoll.number, stopSignal.descriptor.number, Tag.stop) == 0
    else { throw .system(action: "watch", subject: "the listening socket", errno: errno) }
    parked = try ParkedConnections()
    self.listener = listener
    self.limits = limits
    self.bodyLimit = bodyLimit
    var descriptors = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
    mostUnserved = Int(min(max(descriptors.rlim_cur / 2, 8), 4096))
    self.report = report
    self.onBroken = onBroken
  }

  /// Workers that have nothing to do.
  var waitingWorkers: Int { waiting.load(ordering: .relaxed) }
  var isStopping: Bool { stopping.load(ordering: .acquiring) }
  var isInherited: Bool { listener.isInherited }
  /// Why the listening socket is of no use any more.
  var failure: FastCGIError? {
    let reason = brokenBy.load(ordering: .relaxed)
    return reason == 0 ? nil : .system(action: "accept from", subject: "the listening socket", errno: reason)
  }

  // MARK: Workers

  /// Waits for a connection with a whole request; `nil`: there will be none. Called by every worker.
  /// - Parameters:
  ///   - buffer: of the worker's, for what is received.
  ///   - tryNewFirst: looks for a new connection before it asks epoll what there is, which saves a system call or two
  ///     where one comes after the other.
  func next(into buffer: UnsafeMutableRawBufferPointer, tryNewFirst: Bool = false) -> PeerConnection? {
    if tryNewFirst, !isStopping {
      let descriptor = cfastcgi_accept(listener.descriptor.number)
      if descriptor >= 0, let connection = welcome(descriptor, buffer) {
        return connection
      }
    }
    var sawStop = false
    while true {
      var tag: UInt64 = 0
      waiting.add(1, ordering: .relaxed)
      let count = cfastcgi_wait(epoll.number, isStopping ? 0 : -1, &tag)
      waiting.subtract(1, ordering: .relaxed)
      guard count > 0 else {
        if count < 0, errno != EINTR { return nil }
        continue
      }
      switch tag {
      case Tag.stop:
        // It stays ready and goes to the end of the list each time: seen twice in a row, nothing else was
        // ready. Another worker may have the listening socket's one event, though, and more than one
        // connection behind it.
        guard sawStop else {
          sawStop = true
          continue
        }
        switch mayAccept ? accept(buffer) : .nobody {
        case .connection(let connection): return connection
        case .quiet: continue
        case .nobody:
          guard isSomebodyExpected() else { return nil }
          usleep(1000)
        }
      case Tag.listener where count == 2 && !isStopping:
        // accept() would not tell: it says "not yet", again and again.
        fail(EINVAL)
      case Tag.listener:
        if mayAccept, case .connection(let connection) = accept(buffer) { return connection }
      default:
        if let parked = parked.take(tag), let connection = receive(parked, buffer) {
          return connection
        }
      }
      sawStop = false
    }
  }

  /// Whether to stay a moment longer at the end, for a connection that was accepted and whose request has not
  /// come yet: nginx sends it within microseconds.
  private func isSomebodyExpected() -> Bool {
    !answers.isEmpty || !isGraceOver && parked.unserved > 0
  }

  /// Whoever is accepted must have time to say something before `park` closes those that have not. The queue of an
  /// inherited socket is also its next process's: what comes in the second half of the grace is left there.
  private var mayAccept: Bool {
    guard isStopping else { return true }
    let rest = graceEnd.withLock { $0 }?.remainingMilliseconds ?? 0
    return isAccepting.load(ordering: .relaxed) && (!listener.isInherited || rest > Self.grace / 2)
  }

  private var isGraceOver: Bool { graceEnd.withLock { $0 }?.isPast ?? true }

  /// Whether one more request may come again. Each has a connection, which is a descriptor.
  var mayPostpone: Bool { !isStopping && !postponed.isFull && parked.withPostponed < mostUnserved / 2 }
  var hasPostponed: Bool { parked.withPostponed > 0 }

  /// Lets come what was postponed until now; at the end all that was, to be answered one way or another.
  func wakePostponed() {
    parked.takePostponed(all: isStopping) { connection in
      (connection.pending as? PostponedRequest)?.isDue = true
      park(connection, until: .after(milliseconds: limits.receive))
    }
  }

  /// Keeps a connection for the peer's next request, or for what is pending.
  func keep(_ connection: PeerConnection) {
    let isPostponed = connection.pending?.isPostponed == true
    // Whoever looks after them has done so for the last time.
    if isPostponed, isStopping { (connection.pending as? PostponedRequest)?.isDue = true }
    park(connection, until: connection.pending?.deadline ?? .after(milliseconds: limits.idle))
    if isPostponed { attention.signal() }
  }

  private func park(_ connection: PeerConnection, until deadline: Deadline) {
    // Whoever still drips then would keep the worker from its end.
    let isAnswer = connection.pending?.isAnswer == true
    if isStopping, !connection.isServed, !isAnswer, isGraceOver { return connection.close() }
    let isParked = parked.add(connection, until: deadline) { tag in
      cfastcgi_watch_once(epoll.number, connection.descriptor, tag, connection.isWatched, isAnswer) == 0
    }
    if !isParked { return connection.close() }
    if parked.unserved > mostUnserved { parked.takeOldestUnserved { _ = close($0) } }
  }

  // MARK: Receiving

  /// Looks at what a connection has brought, and parks or closes it if that is no whole request.
  ///
  /// A usual request lies whole in the socket and is left there for libfcgi. Otherwise what is there is taken into
  /// memory of ours, and the worker is free again.
  private func receive(_ connection: consuming PeerConnection, _ buffer: UnsafeMutableRawBufferPointer)
    -> PeerConnection?
  {
    if let answer = connection.pending as? UnsentAnswer { return send(answer, connection, buffer) }
    if let postponed = connection.pending as? PostponedRequest {
      var look = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&look, 1, 0)
      guard Int32(look.revents) & (POLLHUP | POLLERR) == 0, postponed.openForReading() else {
        connection.close()
        return nil
      }
      // A peer that says something else meanwhile, or that it will say nothing any more, would be announced for ever: such
      // a request does not come again.
      connection.hasMore = look.revents != 0
      return connection
    }
    guard let assembly = connection.pending as? Assembly else {
      let count = recv(
        connection.descriptor, buffer.baseAddress, buffer.count,
        Int32(MSG_PEEK | MSG_DONTWAIT))
      guard count > 0 else {
        if count < 0, errno == EAGAIN || errno == EINTR {
          let limit = connection.isServed ? limits.idle : limits.receive
          park(connection, until: .after(milliseconds: limit))
        } else {
          connection.close()
        }
        return nil
      }
      var scanner = RequestScanner(bodyLimit: bodyLimit, isKeeping: false)
      let length = scanner.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      if scanner.progress == .complete, scanner.isPlain {
        connection.hasMore = length < count
        return connection
      }
      connection.pending = Assembly(bodyLimit: bodyLimit, within: limits.receive, memory: requests)
      connection.isServed = false
      return receive(connection, buffer)
    }
    switch assembly.receive(from: connection.descriptor, into: buffer) {
    case .ready where assembly.openForReading():
      connection.hasMore = assembly.hasMore
      return connection
    case .ready:
      complain("cannot hand a request to libfcgi: \(SystemError.last)")
      connection.close()
    case .over: connection.close()
    case .waiting:
      while requests.isFull, parked.unserved > 0 { parked.takeOldestUnserved { _ = close($0) } }
      if requests.isFull { connection.close() } else { keep(connection) }
    }
    return nil
  }

  /// Goes on with an answer whose peer has room again.
  private func send(
    _ answer: UnsentAnswer, _ connection: consuming PeerConnection, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PeerConnection? {
    switch (answer.send(to: connection.descriptor), answer.afterwards) {
    case (.waiting, _): keep(connection)
    case (.ready, .keep) where !isStopping:
      connection.pending = nil
      connection.isServed = true
      return receive(connection, buffer)
    case (.ready, .linger):
      connection.pending = Assembly(lingeringOn: connection.descriptor)
      keep(connection)
    case (.ready, _), (.over, _): connection.close()
    }
    return nil
  }

  // MARK: Accepting

  /// Takes one connection from the listening socket, and lets the next worker have the one after it.
  private func accept(_ buffer: UnsafeMutableRawBufferPointer) -> Accepted {
    let descriptor = cfastcgi_accept(listener.descriptor.number)
    if descriptor < 0, !recover(from: errno) { return .nobody }
    _ = cfastcgi_watch_once(epoll.number, listener.descriptor.number, Tag.listener, true, false)
    return descriptor >= 0 ? welcome(descriptor, buffer).map { .connection($0) } ?? .quiet : .quiet
  }

  /// Prepares a connection that was just accepted, and looks at what it brings.
  private func welcome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> PeerConnection? {
    if listener.isTCP { cfastcgi_set_no_delay(descriptor) }
    return receive(PeerConnection(descriptor: descriptor), buffer)
  }

  /// Decides what a failed accept means. Without descriptors or memory there is nothing to do but to wait,
  /// and the loop must not end for it; the listening socket is not armed meanwhile, so that only this worker
  /// waits.
  /// - Returns: whether to try again.
  private func recover(from reason: Int32) -> Bool {
    switch reason {
    case EINTR, ECONNABORTED, EPROTO: break
    case EAGAIN: return !isStopping
    case EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP:
      if !isStopping { fail(reason) }
      return false
    default:
      parked.takeQuiet(servedOnly: true) { _ = close($0) }
      complain("cannot accept a connection: \(SystemError(code: reason)); trying again")
      if isStopping { usleep(1000) } else { stopSignal.wait(milliseconds: 50) }
    }
    return true
  }

  /// Ends the service: somebody shut the shared socket down, and only whoever started us can give us another.
  private func fail(_ reason: Int32) {
    brokenBy.store(reason, ordering: .relaxed)
    onBroken()
  }

  /// Reports at most once a minute.
  private func complain(_ text: String) {
    let isDue = nextComplaint.withLock { next in
      if let next, !next.isPast { return false }
      next = .after(milliseconds: 60_000)
      return true
    }
    if isDue { report(text) }
  }

  // MARK: The main thread

  /// Closes the connections whose time is over.
  func closeExpired() {
    parked.takeExpired { _ = close($0) }
  }

  /// Closes all that are parked.
  func closeParked() {
    parked.takeAll { _ = close($0) }
  }

  /// Lets the workers finish what has arrived and then end.
  ///
  /// A connection in the kernel's queue has arrived: nobody else would serve it. So a socket of ours first
  /// takes no further one (only we have it, so it can be shut down) and its queue is worked off. Others may
  /// have an inherited one: it stays as it is, and so does a TCP socket, which would drop its queue.
  func stop() {
    stopping.store(true, ordering: .releasing)
    if listener.isInherited { listener.letNobodyBlock() }
    if listener.file != nil {
      listener.file?.remove()
      shutdown(listener.descriptor.number, Int32(SHUT_RDWR))
    }
    graceEnd.withLock { $0 = .after(milliseconds: Self.grace) }
    wakePostponed()
    stopSignal.signal()
  }

  /// Ends what would never end by itself: connections that were quiet until now, and, where others can still
  /// connect, the queue of new ones. Whoever comes to an inherited socket from now on is for the next
  /// process.
  func stopFurther() {
    wakePostponed()
    parked.takeQuiet(servedOnly: false) { _ = close($0) }
    guard listener.file == nil else { return }
    isAccepting.store(false, ordering: .relaxed)
    _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, listener.descriptor.number, nil)
  }
}
