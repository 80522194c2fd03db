internal import CFastCGI
internal import Glibc
internal import Synchronization

/// Where workers wait for work: one epoll instance over the listening socket, every parked connection, and the signal
/// to stop.
///
/// Each descriptor in it fires once and wakes one worker, which arms it again when it is done. So there is no
/// herd, a connection that says nothing or is kept between requests costs no thread, there may be more connections
/// than threads, and a stop wakes everybody without a signal to a thread. libfcgi's own accept has none of that: it
/// blocks, ends the loop at EMFILE, and leaves the socket inherited by child processes.
final class ConnectionQueue: Sendable {
  /// What `next` found.
  enum Event {
    case connection(Connection)
    /// There will be no further connection.
    case end
  }

  private enum Tag {
    static let listener = UInt64.max
    static let stop = UInt64.max - 1
  }

  private let listener: Listener
  private let limits: Limits
  private let report: @Sendable (String) -> Void
  private let epoll: Descriptor
  private let stopSignal: Descriptor
  private let parked: ParkedConnections
  private let waiting = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let isAccepting = Atomic<Bool>(true)
  private let lastComplaint = Mutex<Deadline?>(nil)

  init(
    listener: consuming Listener, limits: Limits, report: @escaping @Sendable (String) -> Void
  ) throws(FastCGIError) {
    epoll = try Descriptor(cfastcgi_epoll(), action: "make", subject: "an epoll instance")
    stopSignal = try Descriptor(cfastcgi_eventfd(), action: "make", subject: "an eventfd")
    guard cfastcgi_watch_once(epoll.number, listener.descriptor.number, Tag.listener) == 0,
      cfastcgi_watch_always(epoll.number, stopSignal.number, Tag.stop) == 0
    else { throw .system(action: "watch", subject: "the listening socket", errno: errno) }
    parked = try ParkedConnections()
    self.listener = listener
    self.limits = limits
    self.report = report
  }

  /// Workers that have nothing to do.
  var waitingWorkers: Int { waiting.load(ordering: .relaxed) }
  var isStopping: Bool { stopping.load(ordering: .acquiring) }
  var isInherited: Bool { listener.isInherited }

  // MARK: Workers

  /// Waits for a connection that has something to read. Called by every worker.
  func next() -> Event {
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
        // It stays ready and goes to the end of the list each time: seen twice in a row, nothing else was ready.
        // Another worker may have the listening socket's one event, though, and more than one connection behind it.
        if sawStop {
          guard isAccepting.load(ordering: .relaxed), let connection = accept() else { return .end }
          return .connection(connection)
        }
        sawStop = true
        continue
      case Tag.listener:
        if let connection = accept() { return .connection(connection) }
      default:
        if let descriptor = parked.take(tag) {
          return .connection(Connection(descriptor: descriptor, isWatched: true))
        }
      }
      sawStop = false
    }
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
  private func accept() -> Connection? {
    let descriptor = cfastcgi_accept(listener.descriptor.number)
    let reason = errno
    if descriptor < 0 { recover(from: reason) }
    _ = cfastcgi_watch_again(epoll.number, listener.descriptor.number, Tag.listener)
    guard descriptor >= 0 else { return nil }

    let connection = Connection(descriptor: descriptor, isWatched: false)
    var receive = timeval(milliseconds: limits.receive)
    var send = timeval(milliseconds: limits.send)
    guard cfastcgi_set_timeouts(descriptor, &receive, &send) == 0 else {
      connection.close()
      return nil
    }
    if listener.isTCP { cfastcgi_set_no_delay(descriptor) }
    // At the end there is no later: nginx sends within microseconds after it has connected.
    if isStopping {
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&wait, 1, 100)
    }
    switch cfastcgi_peek(descriptor) {
    case 1...: return connection
    case 0: connection.close()
    default: park(connection, for: limits.receive, isServed: false)
    }
    return nil
  }

  /// Without descriptors or memory there is nothing to do but to wait, and the loop must not end for it. The listening
  /// socket is not armed meanwhile, so that only this worker waits; the others serve what they have.
  private func recover(from reason: Int32) {
    switch reason {
    case EAGAIN, EINTR, ECONNABORTED, EPROTO: return
    default: break
    }
    parked.takeServed { _ = close($0) }
    complain("cannot accept a connection: \(FastCGIError.text(of: reason)); trying again")
    var wait = pollfd(fd: stopSignal.number, events: Int16(POLLIN), revents: 0)
    poll(&wait, 1, 50)
  }

  /// Reports at most once a minute.
  private func complain(_ text: String) {
    let isDue = lastComplaint.withLock { next in
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

  /// Lets the workers finish what has arrived and then end. A connection that waits in the kernel's queue has
  /// arrived: nobody else would serve it, since a socket of ours is unlinked first.
  func stop() {
    listener.file?.remove()
    stopping.store(true, ordering: .releasing)
    var one: UInt64 = 1
    _ = write(stopSignal.number, &one, MemoryLayout.size(ofValue: one))
  }

  /// Ends what would never end by itself: connections that were quiet until now, and, where others can still connect,
  /// the queue of new ones. Whoever comes to an inherited socket from now on is for the next process.
  func stopFurther() {
    closeParked()
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
