/// The transfers that have not begun: those that may, first come first served, and those that wait for their
/// time. A handful of tokens makes a handful of entries; a thousand is the extreme.
struct TransferQueue<Tag: Sendable> {
  private var ready: [Transfer<Tag>] = []
  /// Latest first.
  private var delayed: [(start: ContinuousClock.Instant, transfer: Transfer<Tag>)] = []

  var isEmpty: Bool { ready.isEmpty && delayed.isEmpty }

  /// When the next delayed transfer may begin.
  var nextStart: ContinuousClock.Instant? { delayed.last?.start }

  mutating func add(_ transfer: Transfer<Tag>, now: ContinuousClock.Instant) {
    guard transfer.delay > .zero else {
      ready.append(transfer)
      return
    }
    let start = now + transfer.delay
    // Before those of the same time, so that of two equal ones the first added begins first.
    let index = delayed.firstIndex { $0.start <= start } ?? delayed.count
    delayed.insert((start, transfer), at: index)
  }

  mutating func next(now: ContinuousClock.Instant) -> Transfer<Tag>? {
    while let last = delayed.last, last.start <= now {
      delayed.removeLast()
      ready.append(last.transfer)
    }
    return ready.isEmpty ? nil : ready.removeFirst()
  }

  /// Takes all, those that may begin first.
  mutating func removeAll() -> [Transfer<Tag>] {
    defer { self = TransferQueue() }
    return ready + delayed.reversed().map(\.transfer)
  }
}
