internal import Glibc
internal import Synchronization

/// The worker threads: one at first, one more whenever a request has to wait for one, up to the limit.
///
/// A process that a web server starts for a single request needs one handler, with its database connection,
/// and gets its first answer sooner; a busy one has as many as there are requests at a time. Plain threads,
/// not tasks: libfcgi, SQLite and libcurl block.
final class WorkerPool: Sendable {
  private struct Threads: Sendable {
    /// Running or starting.
    var alive = 0
    /// Not yet with a handler.
    var starting = 0
    var limit: Int
    /// Why the first one had no handler.
    var failure: (any Error)?
    var hasServed = false
  }

  private let queue: ConnectionQueue
  private let limits: Limits
  private let makeHandler: @Sendable () throws -> Server.Handler
  private let report: @Sendable (String) -> Void
  /// Called when no thread is left.
  private let onEnd: @Sendable () -> Void
  private let threads: Guarded<Threads>
  /// Whether `grow` could do anything: asked before every request that finds no other worker waiting.
  private let canGrow = Atomic<Bool>(true)

  init(
    queue: ConnectionQueue, workers: Int, limits: Limits,
    makeHandler: @escaping @Sendable () throws -> Server.Handler,
    report: @escaping @Sendable (String) -> Void, onEnd: @escaping @Sendable () -> Void
  ) {
    self.queue = queue
    self.limits = limits
    self.makeHandler = makeHandler
    self.report = report
    self.onEnd = onEnd
    threads = Guarded(Threads(limit: max(1, workers)))
  }

  /// Threads that have not ended.
  var alive: Int { threads.withLock { $0.alive } }
  /// Why no worker could start.
  var failure: (any Error)? { threads.withLock { $0.failure } }

  /// Starts a thread, unless there are enough.
  func grow() {
    guard canGrow.load(ordering: .relaxed) else { return }
    let isAllowed = threads.withLock { threads in
      guard threads.alive < threads.limit, threads.starting == 0 else { return false }
      threads.alive += 1
      threads.starting += 1
      canGrow.store(false, ordering: .relaxed)
      return true
    }
    guard isAllowed else { return }
    let error = WorkerThread.start { [self] in run() }
    guard error != 0 else { return }
    ended(started: false, failure: FastCGIError.system(action: "start", subject: "a thread", errno: error))
  }

  /// A worker's life.
  private func run() {
    let handler: Server.Handler
    do {
      handler = try makeHandler()
    } catch {
      return ended(started: false, failure: error)
    }
    threads.withLock {
      $0.starting -= 1
      $0.hasServed = true
      canGrow.store($0.alive < $0.limit, ordering: .relaxed)
    }
    let slot = RequestSlot(limits: limits)
    while case .connection(let connection) = queue.next() {
      if queue.waitingWorkers == 0, !queue.isStopping { grow() }
      if let kept = slot.serve(connection, mayKeep: { !queue.isStopping }, with: handler) { queue.keep(kept) }
    }
    ended(started: true, failure: nil)
  }

  private func ended(started: Bool, failure: (any Error)?) {
    let (isLast, complaint) = threads.withLock { threads -> (Bool, String?) in
      threads.alive -= 1
      if !started { threads.starting -= 1 }
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
