internal import Glibc

/// The moment until which an operation waits for others' locks, on the clock that nobody can set.
package struct Deadline {
  private let end: Int64

  /// So many milliseconds from now.
  package init(in milliseconds: Int32) { end = Self.now + Int64(milliseconds) }

  /// What is left, in milliseconds, never negative.
  package var left: Int32 { Int32(clamping: max(0, end - Self.now)) }

  package var isPast: Bool { left == 0 }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
