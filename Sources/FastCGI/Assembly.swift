internal import CFastCGI
internal import Glibc
internal import Synchronization

/// A request in the making: what has come of it on a connection whose peer did not send it at once; or, after an answer,
/// what the peer still sends and nobody wants.
///
/// Belongs to whoever owns the connection, one thread at a time. No thread waits for it.
final class Assembly: @unchecked Sendable {
  /// What `receive` found.
  enum Outcome {
    /// The peer has sent no more than that, or so much that it is somebody else's turn.
    case waiting
    /// The request is whole, or its body is longer than any that is taken.
    case ready
    /// The connection is of no further use.
    case over
  }

  /// How many bytes all requests in the making hold together.
  final class Memory: Sendable {
    /// Sixty bodies of the largest size; nginx sends whole requests, so that others than it are concerned.
    private static let limit = 8 << 20
    private let held = Atomic<Int>(0)

    var isFull: Bool { held.load(ordering: .relaxed) > Self.limit }

    fileprivate func add(_ count: Int) { held.add(count, ordering: .relaxed) }
  }

  private static let longestTurn = 16
  private static let lingerBytes = 16 << 20
  private static let lingerMilliseconds: Int32 = 1000

  /// When it must be over. One for the whole request, however often a byte comes.
  private(set) var deadline: Deadline
  private var scanner: RequestScanner
  private let memory: Memory
  private var held = 0
  /// Bytes that were thrown away after the end.
  private var unwanted: Int?
  /// More came than the request.
  private(set) var hasMore = false

  init(bodyLimit: Int, within milliseconds: Int32, memory: Memory) {
    deadline = .after(milliseconds: milliseconds)
    scanner = RequestScanner(bodyLimit: bodyLimit, isKeeping: true)
    self.memory = memory
  }

  /// Receives only what is thrown away, until the peer's end.
  init(lingeringOn descriptor: Int32) {
    deadline = .now
    scanner = RequestScanner(bodyLimit: 0, isKeeping: false)
    memory = Memory()
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

  /// The whole request in a file of the memory's, for libfcgi, which reads from a descriptor; -1 where there is none.
  func openForReading() -> Int32 {
    let descriptor = cfastcgi_memory_file()
    guard descriptor >= 0 else { return -1 }
    let isWritten = scanner.framed.withUnsafeBytes {
      write(descriptor, $0.baseAddress, $0.count) == $0.count
    }
    guard isWritten, lseek(descriptor, 0, SEEK_SET) == 0 else {
      close(descriptor)
      return -1
    }
    return descriptor
  }
}
