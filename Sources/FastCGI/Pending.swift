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

  init(within milliseconds: Int32) { deadline = .after(milliseconds: milliseconds) }
}
