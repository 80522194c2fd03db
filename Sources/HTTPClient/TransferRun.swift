/// One call of `performAll`: what runs, what waits, and when it must be over.
struct TransferRun<Tag: Sendable> {
  typealias Continuation = (Tag, Result<HTTPReply, TransferError>) -> [Transfer<Tag>]

  let deadline: ContinuousClock.Instant?
  private var overdue: Overdue?
  let options: ClientOptions
  private var queue = TransferQueue<Tag>()
  private var tags: [OpaquePointer: Tag] = [:]
  private var hasTimedOut = false

  init(deadline: ContinuousClock.Instant?, overdue: Overdue?, options: ClientOptions) {
    self.deadline = deadline
    self.overdue = overdue
    self.options = options
  }

  /// Returns when every transfer has been reported; `false` when the handle is not to be used again.
  ///
  /// After a timeout it is not: an HTTP/2 connection outlives the timeouts of its transfers, so that one whose
  /// other end has silently gone would let every request of this thread time out until the kernel gives it up.
  mutating func perform(_ first: [Transfer<Tag>], on multi: inout MultiHandle, next: Continuation) -> Bool {
    enqueue(first, next)
    while true {
      if let deadline, deadline <= .now {
        abandon(.timedOut, on: &multi, next)
        return !hasTimedOut
      }
      if let overdue, overdue.moment <= .now {
        self.overdue = nil
        overdue.body()
      }
      startWaiting(on: &multi, next)
      guard !tags.isEmpty || !queue.isEmpty else { return !hasTimedOut }
      guard multi.step() else { break }
      if deliver(from: &multi, next) { continue }
      guard multi.wait(atMost: pause()) else { break }
    }
    // libcurl itself has failed: no memory, or a handle of ours that is not one.
    abandon(.outOfMemory, on: &multi, next)
    return false
  }

  private mutating func enqueue(_ transfers: [Transfer<Tag>], _ next: Continuation) {
    guard !transfers.isEmpty else { return }
    let now = ContinuousClock.now
    for transfer in transfers {
      if let deadline, transfer.delay > .zero, now + transfer.delay >= deadline {
        _ = next(transfer.tag, .failure(.timedOut))
      } else {
        queue.add(transfer, now: now)
      }
    }
  }

  private mutating func startWaiting(on multi: inout MultiHandle, _ next: Continuation) {
    while multi.runningCount < HTTPClient.maximumRunning {
      let now = ContinuousClock.now
      guard let transfer = queue.next(now: now) else { return }
      do throws(TransferError) {
        // 0 would be "no limit" to libcurl. The deadline is watched by `perform`.
        guard transfer.request.timeout > .zero else { throw .timedOut }
        let name = try multi.start(transfer.request, timeout: transfer.request.timeout, options: options)
        tags[name] = transfer.tag
      } catch {
        enqueue(next(transfer.tag, .failure(error)), next)
      }
    }
  }

  /// Hands out what has ended; `false` when nothing has.
  private mutating func deliver(from multi: inout MultiHandle, _ next: Continuation) -> Bool {
    var isAny = false
    while let (name, result) = multi.nextFinished() {
      isAny = true
      if case .failure(.timedOut) = result { hasTimedOut = true }
      guard let tag = tags.removeValue(forKey: name) else { continue }
      enqueue(next(tag, result), next)
    }
    return isAny
  }

  /// Until the deadline, the moment to say that it takes long, or the next delayed start; libcurl's own timers and sockets end it earlier.
  private func pause() -> Duration {
    let now = ContinuousClock.now
    return [deadline, overdue?.moment, queue.nextStart].compactMap { $0 }.map { now.duration(to: $0) }.min()
      ?? .seconds(60)
  }

  private mutating func abandon(_ error: TransferError, on multi: inout MultiHandle, _ next: Continuation) {
    hasTimedOut = hasTimedOut || !tags.isEmpty
    multi.cancelAll()
    let running = tags.values
    tags = [:]
    for tag in running { _ = next(tag, .failure(error)) }
    for transfer in queue.removeAll() { _ = next(transfer.tag, .failure(error)) }
  }
}
