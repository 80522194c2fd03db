internal import CFastCGI
internal import Glibc
internal import System

/// What a slow peer has not taken yet of its answer. Usually the kernel takes an answer whole.
final class UnsentAnswer: Pending, @unchecked Sendable {
  /// What becomes of the connection afterwards.
  enum Afterwards { case keep, close, linger }

  let afterwards: Afterwards
  private var bytes: [UInt8]
  /// What is left of a file behind them.
  private var rest: FileRecords?
  private let held: Int
  private let memory: Memory

  override var isAnswer: Bool { true }

  init(_ unsent: Exchange.Unsent, within milliseconds: Int32, afterwards: Afterwards, memory: Memory) {
    bytes = unsent.bytes
    rest = unsent.rest
    self.afterwards = afterwards
    held = rest == nil ? bytes.count : max(bytes.count, Record.maximumContent)
    self.memory = memory
    super.init(within: milliseconds)
    memory.add(held)
  }

  deinit { memory.add(-held) }

  /// Sends what the peer takes now.
  func send(to descriptor: Int32) -> Outcome {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    }
    if count < 0 { return errno == EAGAIN || errno == EINTR ? .waiting : .over }
    bytes.removeFirst(count)
    guard bytes.isEmpty, rest != nil else { return bytes.isEmpty ? .ready : .waiting }
    guard let next = try? rest?.next() else { return .over }
    bytes = next
    return bytes.isEmpty ? .ready : .waiting
  }

  /// Sends all of it, where there is no room to let it wait.
  /// - Returns: whether the peer took it in time.
  func sendWaiting(to descriptor: Int32) -> Bool {
    while true {
      switch send(to: descriptor) {
      case .ready: return true
      case .over: return false
      case .waiting:
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&wait, 1, deadline.remainingMilliseconds) == 0 || deadline.isPast { return false }
      }
    }
  }
}
