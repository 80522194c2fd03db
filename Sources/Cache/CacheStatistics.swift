/// What is in the cache, for `metactl cache stats`.
package struct CacheStatistics: Sendable, Equatable {
  /// Entries that may still be served, fresh or stale.
  package var entries = 0
  /// Entries past their stale limit, which the next sweep removes.
  package var expired = 0
  /// Notes about failed fetches and files that were never finished.
  package var leftovers = 0
  /// What everything takes on the disk, in blocks of 4 KiB.
  package var bytes: Int64 = 0
  /// What it may take.
  package var maximumBytes = 0
}
