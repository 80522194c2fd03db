internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

/// What a connection waits for without a thread: the rest of a request, the rest of an answer, the peer's end.
///
/// Belongs to whoever owns the connection, one thread at a time.
class Pending: @unchecked Sendable {
  /// What a look at the connection found.
  enum Outcome {
    /// The peer is not ready for more, or it is somebody else's turn.
    case waiting
    /// Nothing is waited for any longer.
    case ready
    /// The connection is of no further use.
    case over
  }

  /// How many bytes all that are pending hold together.
  final class Memory: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    var isFull: Bool { held.load(ordering: .relaxed) > limit }
    var isEmpty: Bool { held.load(ordering: .relaxed) == 0 }

    func add(_ count: Int) { held.add(count, ordering: .relaxed) }
  }

  /// When it must be over. One for the whole, however often a byte comes or goes.
  var deadline: Deadline
  /// Whether the peer is to take something, not to send.
  var isAnswer: Bool { false }
  /// Whether nobody is waited for: it is over when its time is.
  var isPostponed: Bool { false }

  init(within milliseconds: Int32) { deadline = .after(milliseconds: milliseconds) }
}

/// A whole request that does not lie in the socket: it is handed to libfcgi, which reads from a descriptor, as a file of the
/// memory's.
class HeldRequest: Pending, @unchecked Sendable {
  private var source: Int32 = -1

  deinit { if source >= 0 { close(source) } }

  /// - Returns: false, with `errno`, where there is none to be had.
  final func openForReading(_ bytes: [UInt8]) -> Bool {
    source = cfastcgi_memory_file()
    guard source >= 0 else { return false }
    return bytes.withUnsafeBytes { write(source, $0.baseAddress, $0.count) == $0.count }
      && lseek(source, 0, SEEK_SET) == 0
  }

  /// That file, which the caller closes.
  final func takeSource() -> Int32 {
    defer { source = -1 }
    return source
  }
}
