internal import CFastCGI
internal import Glibc
internal import System

/// A request in the making: what has come of it on a connection whose peer did not send it at once; or, after an answer,
/// what the peer still sends and nobody wants.
final class Assembly: HeldRequest, @unchecked Sendable {
  private static let longestTurn = 16
  private static let lingerBytes = 16 << 20
  private static let lingerMilliseconds: Int32 = 1000

  private var scanner: RequestScanner
  private let memory: Memory
  private var held = 0
  /// Bytes that were thrown away after the end.
  private var unwanted: Int?
  /// More came than the request.
  private(set) var hasMore = false

  init(bodyLimit: Int, within milliseconds: Int32, memory: Memory) {
    scanner = RequestScanner(bodyLimit: bodyLimit, isKeeping: true)
    self.memory = memory
    super.init(within: milliseconds)
  }

  /// Receives only what is thrown away, until the peer's end.
  init(lingeringOn descriptor: Int32) {
    scanner = RequestScanner(bodyLimit: 0, isKeeping: false)
    memory = Memory(limit: 0)
    super.init(within: 0)
    linger(on: descriptor)
  }

  deinit { memory.add(-held) }

  var isBodyTooLarge: Bool { scanner.progress == .bodyTooLarge }

  /// Takes what the peer has sent.
  func receive(from descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
    for _ in 0..<Self.longestTurn {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return .waiting }
      guard count > 0 else { return .over }
      let outcome = take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), descriptor)
      guard case .waiting = outcome else { return outcome }
    }
    return .waiting
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Outcome {
    if let count = unwanted {
      unwanted = count + bytes.count
      return count + bytes.count > Self.lingerBytes ? .over : .waiting
    }
    let taken = scanner.take(bytes)
    let now = scanner.parameters.capacity + scanner.body.capacity
    memory.add(now - held)
    held = now
    let isHeard = reply(to: descriptor)
    switch scanner.progress {
    case .unfinished: return isHeard ? .waiting : .over
    case .complete, .bodyTooLarge:
      hasMore = taken < bytes.count
      return isHeard ? .ready : .over
    case .refused:
      linger(on: descriptor)
      return isHeard ? .waiting : .over
    }
  }

  /// A peer that does not take a few bytes is not worth waiting for.
  private func reply(to descriptor: Int32) -> Bool {
    guard !scanner.replies.isEmpty else { return scanner.progress != .refused }
    defer { scanner.replies = [] }
    return scanner.replies.withUnsafeBytes {
      send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) == $0.count
    }
  }

  /// From now on only the peer's end is waited for, so that it has time to take the answer: to close while something is
  /// unread makes the kernel throw away, on TCP, what the peer has not read yet.
  private func linger(on descriptor: Int32) {
    shutdown(descriptor, Int32(SHUT_WR))
    unwanted = 0
    deadline = .after(milliseconds: Self.lingerMilliseconds)
  }

  /// Hands the whole request on.
  func openForReading() -> Bool { openForReading(scanner.framed) }
}
