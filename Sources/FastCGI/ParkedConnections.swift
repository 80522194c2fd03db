internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

/// The connections that wait for their peer's next bytes, without a thread: new ones that are still silent, those whose
/// request is not whole yet, and those that the web server keeps between requests.
///
/// Taken out and put back with every request on a kept connection, by all workers at a time, so it is a row
/// of atomic words, one for each descriptor number. (A mutex held while epoll is told wakes a worker which
/// then waits for the mutex: measured, less than half of the requests.) Whoever takes a connection out owns
/// it. Epoll may still report one that was closed meanwhile, and the kernel gives its number to the next
/// connection at once; a generation tells them apart.
struct ParkedConnections: ~Copyable, @unchecked Sendable {
  /// One descriptor's state in 64 bits.
  private struct State {
    private static let deadlineShift: UInt64 = 5
    /// In milliseconds since the machine was started: for seventy years.
    private static let deadlineBits: UInt64 = 41
    private static let generationShift = deadlineShift + deadlineBits

    var bits: UInt64

    /// In here, and to be taken.
    static let parked: UInt64 = 1
    /// Epoll is being told about it: nobody but its event may take it, or the number might be closed and be
    /// somebody else's by then.
    static let arming: UInt64 = 2
    /// It has had a request: its peer expects that it may be closed between two.
    static let served: UInt64 = 4
    /// Its peer is to take the rest of an answer, and says nothing meanwhile.
    static let answer: UInt64 = 8
    /// It has a request that comes again when its time is over.
    static let postponed: UInt64 = 16

    func has(_ flags: UInt64) -> Bool { bits & flags == flags }
    var generation: UInt64 { bits >> Self.generationShift }
    var deadline: UInt64 { bits >> Self.deadlineShift & ((1 << Self.deadlineBits) - 1) }

    /// The same descriptor, parked once more.
    func parked(until deadline: UInt64, flags: UInt64) -> State {
      let generation = (generation &+ 1) << Self.generationShift
      return State(bits: generation | deadline << Self.deadlineShift | flags | Self.parked)
    }

    func without(_ flags: UInt64) -> State { State(bits: bits & ~flags) }
  }

  /// Connections with higher numbers are not parked but closed; untouched memory costs nothing.
  private let capacity: Int
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  /// What they wait for: addresses of retained objects, or 0. Whoever owns the connection owns its place here; atomic
  /// only because a number goes from one owner to the next through the kernel, which ThreadSanitizer does not see.
  private let pending: UnsafeMutablePointer<Atomic<UInt>>
  /// How many are in the middle of a request, or before their first one.
  private let waiting = Atomic<Int>(0)
  private let postponed = Atomic<Int>(0)
  /// One more than the highest number seen.
  private let end = Atomic<Int>(0)

  init() throws(FastCGIError) {
    capacity = 65536
    guard let memory = calloc(capacity, MemoryLayout<Atomic<UInt64>>.stride),
      let more = calloc(capacity, MemoryLayout<Atomic<UInt>>.stride)
    else { throw .system(action: "get memory for", subject: "connections", errno: errno) }
    // An atomic zero is eight zero bytes. To initialise each would touch every page.
    words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: capacity)
    pending = more.bindMemory(to: Atomic<UInt>.self, capacity: capacity)
  }

  deinit {
    takeAll { _ = close($0) }
    free(words)
    free(pending)
  }

  /// Parks a connection that the caller owns.
  /// - Parameter arm: tells epoll the tag under which to announce the connection; false if it could not.
  /// - Returns: false if it could not be parked and is still the caller's.
  borrowing func add(_ connection: PeerConnection, until deadline: Deadline, arm: (UInt64) -> Bool) -> Bool {
    let index = Int(connection.descriptor)
    guard index < capacity else { return false }
    if index >= end.load(ordering: .relaxed) { end.max(index + 1, ordering: .relaxed) }
    let old = State(bits: words[index].load(ordering: .relaxed))
    let flags =
      (connection.isServed ? State.served : 0) | (connection.pending?.isAnswer == true ? State.answer : 0)
      | (connection.pending?.isPostponed == true ? State.postponed : 0)
    let new = old.parked(until: deadline.milliseconds, flags: State.arming | flags)
    let address = connection.pending.map { UInt(bitPattern: Unmanaged.passRetained($0).toOpaque()) }
    pending[index].store(address ?? 0, ordering: .relaxed)
    if !connection.isServed { waiting.add(1, ordering: .relaxed) }
    if new.has(State.postponed) { postponed.add(1, ordering: .relaxed) }
    words[index].store(new.bits, ordering: .releasing)
    let isArmed = arm(new.generation << 32 | UInt64(UInt32(bitPattern: connection.descriptor)))
    if isArmed {
      // Fails if its event came at once: then it is in another worker's hands already.
      _ = words[index].compareExchange(
        expected: new.bits, desired: new.without(State.arming).bits, ordering: .acquiringAndReleasing)
    } else {
      _ = release(index, new)
    }
    return isArmed
  }

  /// Takes out the connection that an event announced; `nil` when it was closed before the event was seen.
  borrowing func take(_ tag: UInt64) -> PeerConnection? {
    let index = Int(Int32(truncatingIfNeeded: tag))
    guard index >= 0, index < capacity else { return nil }
    // Once more where the worker that parked it clears its flag at this moment.
    while true {
      let state = State(bits: words[index].load(ordering: .acquiring))
      guard state.has(State.parked), state.generation == tag >> 32 else { return nil }
      if let connection = release(index, state) { return connection }
    }
  }

  /// How many are among them whose request is expected, or has begun, or whose answer is not taken yet.
  var unserved: Int { waiting.load(ordering: .relaxed) }

  /// How many have a request that comes again.
  var withPostponed: Int { postponed.load(ordering: .relaxed) }

  /// Takes out those whose request is to come again by now, or all of them.
  borrowing func takePostponed(all: Bool, _ use: (PeerConnection) -> Void) {
    let now = Deadline.now.milliseconds
    for index in 0..<end.load(ordering: .relaxed) {
      let state = State(bits: words[index].load(ordering: .acquiring))
      guard state.has(State.parked | State.postponed), !state.has(State.arming),
        all || state.deadline <= now
      else { continue }
      if let connection = release(index, state) { use(connection) }
    }
  }

  /// Takes out the one of those that has waited longest.
  borrowing func takeOldestUnserved(_ use: (Int32) -> Void) {
    var oldest: (index: Int, state: State)?
    for index in 0..<end.load(ordering: .relaxed) {
      let state = State(bits: words[index].load(ordering: .acquiring))
      guard state.has(State.parked), !state.has(State.arming), !state.has(State.served) else { continue }
      if oldest.map({ state.deadline < $0.state.deadline }) ?? true { oldest = (index, state) }
    }
    if let oldest, release(oldest.index, oldest.state) != nil { use(Int32(oldest.index)) }
  }

  /// Takes out every connection whose time is over.
  borrowing func takeExpired(_ use: (Int32) -> Void) {
    let now = Deadline.now.milliseconds
    take(use) { state, _ in !state.has(State.postponed) && state.deadline <= now }
  }

  /// Takes out those whose peer has sent nothing. (A look at somebody else's connection, should one be taken
  /// and closed at this very moment, does no harm.)
  /// - Parameter servedOnly: only those that had a request; their peer expects to be closed between two.
  borrowing func takeQuiet(servedOnly: Bool, _ use: (Int32) -> Void) {
    take(use) { state, descriptor in
      (!servedOnly || state.has(State.served)) && !state.has(State.answer) && !state.has(State.postponed)
        && cfastcgi_peek(descriptor) <= 0
    }
  }

  /// Takes out all.
  borrowing func takeAll(_ use: (Int32) -> Void) {
    take(use) { _, _ in true }
  }

  private borrowing func take(_ use: (Int32) -> Void, where isWanted: (State, Int32) -> Bool) {
    for index in 0..<end.load(ordering: .relaxed) {
      let state = State(bits: words[index].load(ordering: .acquiring))
      guard state.has(State.parked), !state.has(State.arming), isWanted(state, Int32(index)) else { continue }
      if release(index, state) != nil { use(Int32(index)) }
    }
  }

  /// Takes one out, unless another thread has changed its state.
  private borrowing func release(_ index: Int, _ state: State) -> PeerConnection? {
    let isTaken = words[index].compareExchange(
      expected: state.bits, desired: state.without(State.parked | State.arming).bits,
      ordering: .acquiringAndReleasing
    ).exchanged
    guard isTaken else { return nil }
    let isServed = state.has(State.served)
    if !isServed { waiting.subtract(1, ordering: .relaxed) }
    if state.has(State.postponed) { postponed.subtract(1, ordering: .relaxed) }
    let waitsFor = UnsafeRawPointer(bitPattern: pending[index].exchange(0, ordering: .relaxed))
      .map { Unmanaged<Pending>.fromOpaque($0).takeRetainedValue() }
    return PeerConnection(
      descriptor: Int32(truncatingIfNeeded: index), isWatched: true, isServed: isServed, pending: waitsFor)
  }
}
