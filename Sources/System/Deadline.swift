package import Glibc

/// A moment after which waiting ends, by the clock that no administrator sets.
///
/// One is made for every request, so it is an integer; `Duration` counts attoseconds in 128 bits.
package struct Deadline: Comparable, Sendable {
  /// Since some fixed moment of the past.
  private let nanoseconds: Int64

  package static var now: Deadline {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Deadline(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The moment in so many milliseconds.
  package static func after(milliseconds: Int32) -> Deadline {
    Deadline(nanoseconds: now.nanoseconds + Int64(milliseconds) * 1_000_000)
  }

  /// Since the same moment of the past, rounded up.
  package var milliseconds: UInt64 { UInt64((nanoseconds + 999_999) / 1_000_000) }

  package var isPast: Bool { self <= .now }

  /// What is left, rounded up, for `poll`; 0 when it is past.
  package var remainingMilliseconds: Int32 {
    Int32(clamping: max(0, (nanoseconds - Deadline.now.nanoseconds + 999_999) / 1_000_000))
  }

  package static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }
}

/// What a clock of the system shows, in milliseconds since its beginning.
package func milliseconds(of clock: clockid_t) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
