/// What came of asking to be the one who fetches.
package enum FlightOutcome: ~Copyable, Sendable {
  /// Nobody else fetches: fetch, then `land` or `fail`.
  case leader(Flight)
  /// Somebody else has fetched meanwhile; here it is, fresh.
  case landed(CachedEntry)
  /// Somebody else's fetch failed while we waited; this is what they told.
  case failed([UInt8])
  /// Somebody else has been fetching for as long as we were willing to wait.
  case timedOut
  /// Nothing can be locked or stored at the moment: go on without the cache.
  case unavailable
}
