internal import Synchronization

/// How many answers that are longer than nearly all of them a process takes at the same time.
///
/// An answer may have 4 MiB, and what is made of it several times that; a Graph that answers so to every worker at once
/// must not take the memory of the whole host. Whoever comes too late is told to try again, which the retries do.
package final class LargeReplies: Sendable {
  /// From here on an answer counts, in bytes. A grid of a hundred media has a third of that.
  static let threshold = 512 * 1024

  private let atOnce: Int
  private let running = Atomic<Int>(0)

  package init(atOnce: Int) { self.atOnce = atOnce }

  /// The right to be one of them, for as long as it is kept; `nil` when there are as many already.
  func begin() -> Pass? {
    if running.wrappingAdd(1, ordering: .relaxed).newValue <= atOnce { return Pass(of: self) }
    running.wrappingSubtract(1, ordering: .relaxed)
    return nil
  }

  /// Held by the collector, and then by the reply until whoever reads it is done.
  final class Pass: Sendable {
    private let replies: LargeReplies

    init(of replies: LargeReplies) { self.replies = replies }

    deinit { replies.running.wrappingSubtract(1, ordering: .relaxed) }
  }
}
