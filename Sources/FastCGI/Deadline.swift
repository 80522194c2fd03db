internal import Glibc

/// A moment after which waiting ends, by the clock that no administrator sets.
///
/// One is made for every request, so it is an integer; `Duration` counts attoseconds in 128 bits.
struct Deadline: Comparable, Sendable {
  /// Since some fixed moment of the past.
  private let nanoseconds: Int64

  static var now: Deadline {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Deadline(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The moment in so many milliseconds.
  static func after(milliseconds: Int32) -> Deadline {
    Deadline(nanoseconds: now.nanoseconds + Int64(milliseconds) * 1_000_000)
  }

  /// Since the same moment of the past, rounded up.
  var milliseconds: UInt64 { UInt64((nanoseconds + 999_999) / 1_000_000) }

  var isPast: Bool { self <= .now }

  /// What is left, rounded up, for `poll`; 0 when it is past.
  var remainingMilliseconds: Int32 {
    Int32(clamping: max(0, (nanoseconds - Deadline.now.nanoseconds + 999_999) / 1_000_000))
  }

  static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }
}
