internal import Glibc
internal import Synchronization

/// Which workers are at a request, and since when, in ticks of the supervisor.
///
/// Written by every worker with every request, so each has a cache line of its own.
struct WorkClock: ~Copyable, @unchecked Sendable {
  private static let wordsPerWorker = 64 / MemoryLayout<Atomic<UInt64>>.stride

  private let workers: Int
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private static let longSince: UInt64 = 1
  /// Marks the tick in which a worker ended its last request.
  private static let ended: UInt64 = 1 << 63
  /// For so many ticks after it there is likely to be another one.
  private static let pause: UInt64 = 10
  private let now = Atomic<UInt64>(longSince + pause + 1)

  init(workers: Int) {
    self.workers = workers
    words = .allocate(capacity: workers * Self.wordsPerWorker)
    for place in 0..<(workers * Self.wordsPerWorker) { (words + place).initialize(to: Atomic(Self.ended)) }
  }

  deinit { words.deallocate() }

  /// A worker begins a request.
  borrowing func begin(_ worker: Int) {
    // Ordered before the look at whether the supervisor sleeps, as its own look at us comes after it says so.
    words[worker * Self.wordsPerWorker].store(
      now.load(ordering: .relaxed), ordering: .sequentiallyConsistent)
  }

  /// A worker's request is going to take long: it need not be waited for to know that.
  borrowing func beLong(_ worker: Int) {
    words[worker * Self.wordsPerWorker].store(Self.longSince, ordering: .sequentiallyConsistent)
  }

  /// A worker has ended its request.
  borrowing func end(_ worker: Int) {
    words[worker * Self.wordsPerWorker].store(now.load(ordering: .relaxed) | Self.ended, ordering: .releasing)
  }

  /// A tick.
  borrowing func advance() { now.add(1, ordering: .relaxed) }

  /// How many workers are at a request: since less than a whole tick, or were a moment ago; and for longer.
  borrowing func busy() -> (recent: Int, long: Int) {
    let now = now.load(ordering: .relaxed)
    var (recent, long) = (0, 0)
    for worker in 0..<workers {
      let moment = words[worker * Self.wordsPerWorker].load(ordering: .sequentiallyConsistent)
      if moment & Self.ended != 0 {
        if now &- (moment & ~Self.ended) < Self.pause { recent += 1 }
      } else if now &- moment < 2 {
        recent += 1
      } else {
        long += 1
      }
    }
    return (recent, long)
  }
}
