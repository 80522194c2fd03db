package import Text

/// What the cache had for a key, whole and checked.
package struct CachedEntry: Sendable {
  /// How good an entry is at a moment. An entry past its stale limit is never handed out.
  package enum Freshness: Sendable, Equatable {
    /// To be served as it is.
    case fresh
    /// Expired: to be served only where nothing newer can be had.
    case stale
  }

  /// The bytes that were stored, in the array they were read into: writing them costs no copy.
  package let body: [UInt8]
  /// The strong ETag that was stored with them, quotes included.
  package let etag: String
  /// When the entry was stored.
  package let storedAt: Timestamp
  /// The first second at which the entry is stale.
  package let freshUntil: Timestamp
  /// The last second at which the entry may be served.
  package let staleUntil: Timestamp
  /// Fresh or stale at the moment for which the entry was read.
  package let freshness: Freshness

  /// Seconds since the entry was stored, for the header `Age`; never negative.
  package func age(now: Timestamp) -> Int64 { Self.seconds(from: storedAt, to: now) }

  /// Seconds for which the entry stays fresh, for `max-age`; 0 when it is stale.
  package func secondsLeft(now: Timestamp) -> Int64 { Self.seconds(from: now, to: freshUntil) }

  private static func seconds(from start: Timestamp, to end: Timestamp) -> Int64 {
    let (difference, overflow) = end.seconds.subtractingReportingOverflow(start.seconds)
    return overflow ? (end < start ? 0 : Int64.max) : max(0, difference)
  }
}
