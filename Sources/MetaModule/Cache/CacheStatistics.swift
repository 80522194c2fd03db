/// What is in the cache, for `metactl cache stats`.
public struct CacheStatistics: Sendable, Equatable {
  /// Entries that may still be served, fresh or stale.
  public var entries = 0
  /// Entries past their stale limit, which the next sweep removes.
  public var expired = 0
  /// Notes about failed fetches and files that were never finished.
  public var leftovers = 0
  /// What everything takes on the disk, in blocks of 4 KiB.
  public var bytes: Int64 = 0
  /// What it may take.
  public var maximumBytes = 0
}
