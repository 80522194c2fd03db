internal import CFastCGI
internal import Glibc
internal import Synchronization

/// Where workers wait for work: one epoll instance over the listening socket, every parked connection, and
/// the signal to stop.
///
/// Each descriptor in it fires once and wakes one worker, which arms it again when it is done. So there is no
/// herd, a connection that says nothing or is kept between requests costs no thread, there may be more
/// connections than threads, and a stop wakes everybody without a signal to a thread. libfcgi's own accept
/// has none of that: it blocks, ends the loop at EMFILE, and leaves the socket inherited by child processes.
final class ConnectionQueue: Sendable {
  /// What `next` found.
  enum Event {
    case connection(Connection)
    /// There will be no further connection.
    case end
  }

  /// What `accept` found in the listening socket's queue.
  private enum Accepted {
    case connection(Connection)
    /// Somebody who has nothing to be read yet, or has gone again.
    case quiet
    case nobody
  }

  private enum Tag {
    static let listener = UInt64.max
    static let stop = UInt64.max - 1
  }

  private let listener: Listener
  private let limits: Limits
  private let report: @Sendable (String) -> Void
  private let epoll: Descriptor
  private let stopSignal: WakeUp
  private let parked: ParkedConnections
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
    listener: consuming Listener, limits: Limits, report: @escaping @Sendable (String) -> Void,
    onBroken: @escaping @Sendable () -> Void
  ) throws(FastCGIError) {
    epoll = try Descriptor(cfastcgi_epoll(), action: "make", subject: "an epoll instance")
    stopSignal = try WakeUp()
    guard cfastcgi_watch_once(epoll.number, listener.descriptor.number, Tag.listener) == 0,
      cfastcgi_watch_always(epoll.number, stopSignal.descriptor.number, Tag.stop) == 0
    else { throw .system(action: "watch", subject: "the listening socket", errno: errno) }
    parked = try ParkedConnections()
    self.listener = listener
    self.limits = limits
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

  /// Waits for a connection that has something to read. Called by every worker.
  /// - Parameter tryNewFirst: looks for a new connection before it asks epoll what there is, which saves a system call
  ///   or two where one comes after the other.
  func next(tryNewFirst: Bool = false) -> Event {
    if tryNewFirst, !isStopping {
      let descriptor = cfastcgi_accept(listener.descriptor.number)
      if descriptor >= 0, case .connection(let connection) = welcome(descriptor) {
        return .connection(connection)
      }
    }
    var sawStop = false
    while true {
      var tag: UInt64 = 0
      waiting.add(1, ordering: .relaxed)
      let count = cfastcgi_wait(epoll.number, isStopping ? 0 : -1, &tag)
      waiting.subtract(1, ordering: .relaxed)
      guard count > 0 else {
        if count < 0, errno != EINTR { return .end }
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
        switch isAccepting.load(ordering: .relaxed) ? accept() : .nobody {
        case .connection(let connection): return .connection(connection)
        case .quiet: continue
        case .nobody:
          guard isSomebodyExpected() else { return .end }
          usleep(1000)
        }
      case Tag.listener where count == 2 && !isStopping:
        // accept() would not tell: it says "not yet", again and again.
        fail(EINVAL)
      case Tag.listener:
        if case .connection(let connection) = accept() { return .connection(connection) }
      default:
        if let descriptor = parked.take(tag) {
          return .connection(Connection(descriptor: descriptor, isWatched: true))
        }
      }
      sawStop = false
    }
  }

  /// Whether to stay a moment longer at the end, for a connection that was accepted and whose request has not
  /// come yet: nginx sends it within microseconds.
  private func isSomebodyExpected() -> Bool {
    guard let grace = graceEnd.withLock({ $0 }), !grace.isPast else { return false }
    return parked.hasUnserved
  }

  /// Keeps a connection for the peer's next request.
  func keep(_ connection: Connection) {
    park(connection, for: limits.idle, isServed: true)
  }

  private func park(_ connection: Connection, for milliseconds: Int32, isServed: Bool) {
    let arm = connection.isWatched ? cfastcgi_watch_again : cfastcgi_watch_once
    let isParked = parked.add(
      connection.descriptor, until: .after(milliseconds: milliseconds), isServed: isServed
    ) { tag in arm(epoll.number, connection.descriptor, tag) == 0 }
    if !isParked { connection.close() }
  }

  // MARK: Accepting

  /// Takes one connection from the listening socket, and lets the next worker have the one after it.
  private func accept() -> Accepted {
    let descriptor = cfastcgi_accept(listener.descriptor.number)
    if descriptor < 0, !recover(from: errno) { return .nobody }
    _ = cfastcgi_watch_again(epoll.number, listener.descriptor.number, Tag.listener)
    return descriptor >= 0 ? welcome(descriptor) : .quiet
  }

  /// Prepares a connection that was just accepted, and parks it if its peer has said nothing yet.
  private func welcome(_ descriptor: Int32) -> Accepted {
    let connection = Connection(descriptor: descriptor, isWatched: false)
    var receive = timeval(milliseconds: limits.receive)
    var send = timeval(milliseconds: limits.send)
    guard cfastcgi_set_timeouts(descriptor, &receive, &send) == 0 else {
      connection.close()
      return .quiet
    }
    if listener.isTCP { cfastcgi_set_no_delay(descriptor) }
    switch cfastcgi_peek(descriptor) {
    case 1...: return .connection(connection)
    case 0: connection.close()
    default: park(connection, for: limits.receive, isServed: false)
    }
    return .quiet
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
      complain("cannot accept a connection: \(FastCGIError.text(of: reason)); trying again")
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
    if listener.file != nil {
      listener.file?.remove()
      shutdown(listener.descriptor.number, Int32(SHUT_RDWR))
    }
    graceEnd.withLock { $0 = .after(milliseconds: 100) }
    stopSignal.signal()
  }

  /// Ends what would never end by itself: connections that were quiet until now, and, where others can still
  /// connect, the queue of new ones. Whoever comes to an inherited socket from now on is for the next
  /// process.
  func stopFurther() {
    parked.takeQuiet(servedOnly: false) { _ = close($0) }
    guard listener.file == nil else { return }
    isAccepting.store(false, ordering: .relaxed)
    _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, listener.descriptor.number, nil)
  }
}

extension timeval {
  init(milliseconds: Int32) {
    self.init(tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
  }
}
