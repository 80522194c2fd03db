internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

/// Serves FastCGI requests on plain threads until the process is told to end.
///
/// ```swift
/// let server = try Server(listener: .bind(address), workers: 32)
/// try server.run { waits in
///   let application = try Application(willWait: waits)
///   return { exchange in application.answer(&exchange) }
/// }
/// ```
package final class Server: Sendable {
  /// Answers one request. Made by a worker for itself, so that it may own what is not shared between threads.
  package typealias Handler = (inout Exchange) -> Void
  /// Makes a worker's handler, on its thread. The handler calls `waits` when it is going to wait for something other than
  /// its client, so that another worker takes its place at once.
  package typealias MakeHandler = @Sendable (_ waits: @escaping @Sendable () -> Void) throws -> Handler

  /// In milliseconds: how exactly requests come again.
  private static let postponedTick: Int32 = 5

  private let queue: ConnectionQueue
  private let workers: Int
  private let limits: Limits
  private let executable = OwnExecutable()
  private let report: @Sendable (String) -> Void
  private let atWork: @Sendable (Bool) -> Void
  /// Readable when somebody called `stop`, or when no worker is left.
  private let wakeUp: WakeUp

  /// - Parameters:
  ///   - workers: requests served at a time; threads are started as they are needed.
  ///   - bodyLimit: the most that a handler will ever ask `readBody` for; in bytes.
  ///   - report: called, from any thread, with a sentence for the log.
  ///   - atWork: called with `true` every few milliseconds while requests are answered, and with `false` when it is
  ///     quiet for a while, and then now and again; always from the thread of `run`.
  /// - Throws: `system`.
  package init(
    listener: consuming Listener, workers: Int, timeouts: ServerTimeouts = ServerTimeouts(),
    bodyLimit: Int = 65536,
    report: @escaping @Sendable (String) -> Void = { _ in },
    atWork: @escaping @Sendable (Bool) -> Void = { _ in }
  ) throws(FastCGIError) {
    limits = Limits(timeouts)
    self.workers = workers
    self.report = report
    self.atWork = atWork
    let wakeUp = try WakeUp()
    self.wakeUp = wakeUp
    queue = try ConnectionQueue(
      listener: listener, limits: limits, bodyLimit: bodyLimit, report: report, onBroken: { wakeUp.signal() })
  }

  /// Serves until SIGTERM, SIGINT or SIGUSR1, or until `stop` is called, then finishes the requests in
  /// flight. An inherited socket's server also ends when its executable was replaced: mod_fcgid starts the
  /// new one.
  ///
  /// To be called once, and from the main thread; others there may be by then must block these signals, as `PlainThread`'s
  /// do. SIGPIPE is ignored from now on.
  /// - Parameter makeHandler: runs once on every worker thread.
  /// - Returns: the number of workers that were still busy when `timeouts.shutdown` was over. They are left
  ///   behind; the process can end.
  /// - Throws: `workerFailed` if not even one worker could start; `system`.
  @discardableResult
  package func run(makeHandler: @escaping MakeHandler) throws(FastCGIError) -> Int {
    // Before libfcgi, whose handlers would take one that comes now, and tell nobody.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in PlainThread.endSignals { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    guard RequestSlot.initialized else {
      throw .system(action: "initialise", subject: "libfcgi", errno: errno)
    }
    // After libfcgi, which has put a handler of its own in the place of an ignored SIGPIPE.
    signal(SIGPIPE, SIG_IGN)
    let signalled = try Descriptor(cfastcgi_signalfd(&signals), action: "make", subject: "a signalfd")

    let pool = try WorkerPool(
      queue: queue, workers: workers, makeHandler: makeHandler, report: report,
      onEnd: { [wakeUp] in wakeUp.signal() })
    pool.bringIn()
    watch(signalled, pool)
    atWork(false)
    end(pool)
    if let failure = queue.failure { throw failure }
    if let failure = pool.failure { throw .workerFailed(failure) }
    return pool.alive
  }

  /// Ends `run` from another thread, in the same way as a signal does.
  package func stop() {
    wakeUp.signal()
  }

  /// Waits for a reason to end, and looks after workers and quiet connections meanwhile.
  private func watch(_ signalled: borrowing Descriptor, _ pool: WorkerPool) {
    // Half the shortest limit is precise enough, and a process that nobody asks for anything hardly wakes up.
    let pause = max(10, min(2000, min(limits.idle, limits.receive, limits.send) / 2))
    var nextRound = Deadline.after(milliseconds: pause)
    var events = [
      signalled.number, wakeUp.descriptor.number, pool.attention.descriptor.number,
      queue.attention.descriptor.number,
    ].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var isBusy = false
    while pool.alive > 0 {
      let rest = nextRound.remainingMilliseconds
      poll(&events, 4, isBusy ? WorkerPool.tick : queue.hasPostponed ? min(rest, Self.postponedTick) : rest)
      if events[0].revents != 0 || events[1].revents != 0 {
        wakeUp.clear()
        return
      }
      if events[3].revents != 0 { queue.attention.clear() }
      if queue.hasPostponed { queue.wakePostponed() }
      if isBusy {
        isBusy = pool.supervise()
        atWork(isBusy)
      } else if events[2].revents != 0 {
        // A request has just begun: how long it takes is known after a tick.
        pool.attention.clear()
        isBusy = true
        atWork(true)
      }
      guard nextRound.isPast else { continue }
      nextRound = .after(milliseconds: pause)
      atWork(isBusy)
      queue.closeExpired()
      if queue.isInherited, executable.isReplaced {
        report("the executable was replaced; the new one is to serve from now on")
        return
      }
    }
  }

  /// Lets the requests in flight finish, for as long as there is time.
  private func end(_ pool: WorkerPool) {
    let deadline = Deadline.after(milliseconds: limits.shutdown)
    let grace = Deadline.after(milliseconds: min(250, limits.shutdown / 2))
    queue.stop()
    pool.endReserve()
    while pool.alive > 0, !grace.isPast { wait(until: grace) }
    queue.stopFurther()
    while pool.alive > 0, !deadline.isPast { wait(until: deadline) }
    queue.closeParked()
    if pool.alive > 0 { report("\(pool.alive) requests did not finish in time and were left") }
  }

  private func wait(until deadline: Deadline) {
    wakeUp.wait(milliseconds: deadline.remainingMilliseconds)
    wakeUp.clear()
  }
}
