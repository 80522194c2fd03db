internal import Glibc
internal import Synchronization
internal import System

/// The worker threads, and how many of them look for work at a time.
///
/// A request is answered from memory within microseconds, or it waits for a network for seconds. For those of the first
/// kind, more threads than processors only take them from under each other's hands (35 µs of processor time a request
/// with 32 threads on two processors, 24 with two threads). For those of the second, each needs a thread of its own. So
/// as many workers are on duty as there are processors, and one more for each request that takes longer than a tick of
/// the supervisor, which is the main thread; the others are in reserve or not even started: a process that a web server
/// starts for a single request needs one handler, with its database connection. Plain threads, not tasks: libfcgi,
/// SQLite and libcurl block.
final class WorkerPool: Sendable {
  private struct Threads: Sendable {
    /// Running or starting.
    var alive = 0
    /// Not yet with a handler.
    var starting = 0
    /// Not on duty.
    var inReserve = 0
    var limit: Int
    /// Why the first one had no handler.
    var failure: (any Error)?
    var hasServed = false

    var onDuty: Int { alive - inReserve }
  }

  /// In milliseconds: how long a request may take without another worker coming in for it.
  static let tick: Int32 = 2
  /// So many new connections are served in a row before it is the turn of those that are kept.
  private static let newInARow = 16
  /// What a usual request fits into, in bytes.
  private static let bufferSize = 16 << 10

  private let queue: ConnectionQueue
  private let makeHandler: Server.MakeHandler
  private let report: @Sendable (String) -> Void
  /// Called when no thread is left.
  private let onEnd: @Sendable () -> Void
  private let threads: Guarded<Threads>
  private let reserve = Semaphore()
  private let clock: WorkClock
  private let processors = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  /// How many should be on duty, and how many are: asked after every request.
  private let wanted: Atomic<Int>
  private let onDuty = Atomic<Int>(0)
  private let isSupervisorAsleep = Atomic<Bool>(true)
  /// Readable when a request has begun while the supervisor was asleep.
  let attention: WakeUp

  init(
    queue: ConnectionQueue, workers: Int, makeHandler: @escaping Server.MakeHandler,
    report: @escaping @Sendable (String) -> Void, onEnd: @escaping @Sendable () -> Void
  ) throws(FastCGIError) {
    self.queue = queue
    self.makeHandler = makeHandler
    self.report = report
    self.onEnd = onEnd
    threads = Guarded(Threads(limit: max(1, workers)))
    clock = WorkClock(workers: max(1, workers))
    wanted = Atomic(processors)
    attention = try WakeUp()
  }

  /// Threads that have not ended.
  var alive: Int { threads.withLock { $0.alive } }
  /// Why no worker could start.
  var failure: (any Error)? { threads.withLock { $0.failure } }

  // MARK: The supervisor

  /// Brings another worker in where requests take long and nobody is left to wait for the next one.
  /// - Returns: whether to look again in a tick; if not, `attention` says when.
  func supervise() -> Bool {
    attention.clear()
    clock.advance()
    let busy = clock.busy()
    wanted.store(processors + busy.long, ordering: .relaxed)
    if queue.waitingWorkers == 0 {
      for _ in 0..<processors where !bringIn() { break }
    }
    guard busy.recent == 0 else { return true }
    isSupervisorAsleep.store(true, ordering: .sequentiallyConsistent)
    // One may have begun just before it could see that.
    guard clock.busy().recent > 0, isSupervisorAsleep.exchange(false, ordering: .relaxed) else {
      return false
    }
    return true
  }

  /// One more on duty, from the reserve or a new thread.
  /// - Returns: false if there are enough, or no more to be had at the moment.
  @discardableResult
  func bringIn() -> Bool {
    let wanted = wanted.load(ordering: .relaxed)
    enum Source { case reserve, newThread(Int) }
    let source = threads.withLock { threads -> Source? in
      guard threads.onDuty < wanted, threads.starting < processors else { return nil }
      if threads.inReserve > 0 {
        threads.inReserve -= 1
        onDuty.store(threads.onDuty, ordering: .relaxed)
        return .reserve
      }
      guard threads.alive < threads.limit else { return nil }
      threads.alive += 1
      threads.starting += 1
      onDuty.store(threads.onDuty, ordering: .relaxed)
      return .newThread(threads.alive - 1)
    }
    switch source {
    case nil: return false
    case .reserve: reserve.signal()
    case .newThread(let number):
      let error = PlainThread.start { [self] in run(number) }
      guard error != 0 else { break }
      ended(started: false, failure: FastCGIError.system(action: "start", subject: "a thread", errno: error))
    }
    return true
  }

  /// The reserve comes in too: there will be no further request.
  func endReserve() {
    let count = threads.withLock { threads in
      defer { threads.inReserve = 0 }
      return threads.inReserve
    }
    for _ in 0..<count { reserve.signal() }
  }

  /// A worker is going to wait in the middle of its request: another comes in for it at once. After a tick it would too,
  /// but a burst of those that wait would be let in no faster than the clock ticks, and everybody else stands behind it.
  private func waits(_ number: Int) {
    clock.beLong(number)
    wanted.add(1, ordering: .relaxed)
    bringInIfNobodyWaits()
  }

  private func bringInIfNobodyWaits() {
    if queue.waitingWorkers == 0 { bringIn() }
  }

  // MARK: A worker's life

  private func run(_ number: Int) {
    let handler: Server.Handler
    do {
      handler = try makeHandler { [weak self] in self?.waits(number) }
    } catch {
      return ended(started: false, failure: error)
    }
    threads.withLock {
      $0.starting -= 1
      $0.hasServed = true
    }
    // Those that began to wait meanwhile found this one on its way.
    if wanted.load(ordering: .relaxed) > processors { bringInIfNobodyWaits() }
    let slot = RequestSlot(of: queue)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 8)
    defer { buffer.deallocate() }
    var newInARow = 0
    while let connection = queue.next(
      into: buffer, tryNewFirst: newInARow % Self.newInARow > 0)
    {
      newInARow = connection.isWatched ? 0 : newInARow + 1
      clock.begin(number)
      if isSupervisorAsleep.load(ordering: .sequentiallyConsistent),
        isSupervisorAsleep.exchange(false, ordering: .relaxed)
      {
        attention.signal()
      }
      slot.serve(connection, with: handler)
      clock.end(number)
      if onDuty.load(ordering: .relaxed) > wanted.load(ordering: .relaxed), !queue.isStopping { stepBack() }
    }
    ended(started: true, failure: nil)
  }

  /// Waits in reserve, if there are still too many on duty.
  private func stepBack() {
    let isInReserve = threads.withLock { threads in
      guard threads.onDuty > max(1, wanted.load(ordering: .relaxed)), !queue.isStopping else { return false }
      threads.inReserve += 1
      onDuty.store(threads.onDuty, ordering: .relaxed)
      return true
    }
    if isInReserve { reserve.wait() }
  }

  private func ended(started: Bool, failure: (any Error)?) {
    let (isLast, complaint) = threads.withLock { threads -> (Bool, String?) in
      threads.alive -= 1
      if !started { threads.starting -= 1 }
      onDuty.store(threads.onDuty, ordering: .relaxed)
      guard let failure else { return (threads.alive == 0, nil) }
      // Those that work go on; to try again with every request would not help.
      threads.limit = max(threads.alive, 1)
      if !threads.hasServed { threads.failure = failure }
      return (threads.alive == 0, "a worker could not start, \(threads.alive) go on: \(failure)")
    }
    if let complaint { report(complaint) }
    if isLast { onEnd() }
  }
}
