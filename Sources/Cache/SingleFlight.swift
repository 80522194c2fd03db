internal import Glibc
package import Text

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

/// Single flight: however many threads and processes miss the same key at once, one of them fetches.
extension FileCache {
  /// Asks to fetch what is under the key; waits while somebody else does. Call it after `read` found nothing
  /// fresh; reading again, as one must after waiting, happens in here.
  ///
  /// Waiting is done by looking again after 1, 2, 4 … 20 ms: no lock of Linux can be waited for with a
  /// deadline except by a signal or a thread of its own, an inotify descriptor for each of 128 waiting
  /// threads is more than a user may have, and 20 ms are little beside a call to Graph. A leader killed with
  /// -9 is replaced as quickly.
  ///
  /// - Parameters:
  ///   - now: The moment at which the request began; time spent waiting is added.
  ///   - limit: How long to wait; with zero it is tried once.
  ///   - known: An entry that is not good enough, however fresh it is.
  package func beginFlight(
    _ key: CacheKey, now: Timestamp, waitAtMost limit: Duration, insteadOf known: CachedEntry? = nil
  ) -> FlightOutcome {
    guard var index = try? CacheIndex(in: directory) else { return .unavailable }
    let begun = ContinuousClock.now
    // An hour at most, so that no duration overflows the clock.
    let limit = min(max(limit, .zero), .seconds(3600))
    let knownNote = file(of: key, .failure)?.entry.etag
    let knownTrouble = index.read(.trouble(key.shard))
    var pause: Duration = .milliseconds(1)
    while true {
      guard let isMine = try? index.tryToLock(.flight(key)) else { return .unavailable }
      if isMine, !index.isCurrent {
        // Somebody removed the directory, so this lock shuts out nobody: take it in the new one.
        guard let reopened = try? CacheIndex(in: directory) else { return .unavailable }
        index = reopened
        continue
      }
      let waited = ContinuousClock.now - begun
      let moment = Timestamp(seconds: now.seconds &+ waited.components.seconds)
      if let entry = read(key, now: moment), entry.isFresh(now: moment),
        known == nil || entry.storedAt != known?.storedAt || entry.etag != known?.etag
      {
        return .landed(entry)
      }
      if let note = file(of: key, .failure)?.entry, note.etag != knownNote { return .failed(note.body) }
      if isMine { return .leader(Flight(of: key, in: self, holding: index)) }
      if index.read(.trouble(key.shard)) != knownTrouble { return .unavailable }
      guard waited < limit else { return .timedOut }
      usleep(UInt32(min(pause, limit - waited) / .microseconds(1)))
      pause = min(pause * 2, .milliseconds(20))
    }
  }
}

/// The right, and the duty, to fetch what is under a key: for as long as this lives, nobody else does, in any
/// thread or process. It ends with `land`, with `fail`, when it is dropped, and when its process dies.
package struct Flight: ~Copyable, Sendable {
  private let cache: FileCache
  private let key: CacheKey
  private let index: CacheIndex
  private let generation: UInt64

  fileprivate init(of key: CacheKey, in cache: FileCache, holding index: consuming CacheIndex) {
    self.cache = cache
    self.key = key
    // What cannot be read is like no generation to come: then nothing is stored.
    generation = index.read(.generation(key.shard)) ?? UInt64.random(in: .min ... .max)
    self.index = index
  }

  /// Stores what was fetched and lets go; whoever waited is served it. Parameters as in `FileCache.store`.
  ///
  /// - Returns: Whether it was stored. It is not when the entry was removed after this flight began: what was
  ///   fetched is then older than the removal. (A removal of one of the few keys that share a subfolder
  ///   counts too: then it is fetched once more, which is rare and does no harm.)
  /// - Throws: When it could not be stored. Who waited is told to go on uncached instead of queueing up for
  ///   flights that all end like this one.
  @discardableResult
  package consuming func land(
    _ body: [UInt8], etag: String, now: Timestamp, freshFor: Int64, staleFor: Int64
  ) throws(CacheError) -> Bool {
    do throws(CacheError) {
      let entry = try CachedEntry(body, etag: etag, now: now, freshFor: freshFor, staleFor: staleFor)
      return try cache.publish(entry, under: key, .entry, index, ifStill: generation)
    } catch {
      tellNotToWait()
      throw error
    }
  }

  /// Tells those who have been waiting that the fetch failed and lets go: they get the payload and do not try
  /// themselves, so that 200 requests against a failing Graph make one call. Who begins later does try.
  ///
  /// The note, `<key>.failure` beside the entry, is an entry whose ETag is a random number. Who begins to wait
  /// remembers the one that is there, or that there is none; a note with another one was written since, and its
  /// failure is theirs too. No clock is compared: not even a boot, a suspended machine or two containers with
  /// clocks of their own can make an old failure look new.
  ///
  /// - Parameter payload: What the failure was, in a form of the caller's; at most 64 KiB, and no secret in
  ///   it.
  package consuming func fail(_ payload: [UInt8]) {
    let limit = 64 * 1024
    let number = "\"\(UInt64.random(in: .min ... .max))\""
    do throws(CacheError) {
      guard payload.count <= limit else { throw .tooLarge(bytes: payload.count, limit: limit) }
      // Its times are only for the sweep: nobody waits for a minute.
      let note = try CachedEntry(payload, etag: number, now: .now, freshFor: 0, staleFor: 60)
      _ = try cache.publish(note, under: key, .failure, index)
    } catch {
      tellNotToWait()
    }
  }

  private borrowing func tellNotToWait() {
    // Nothing is left to do if even this cannot be written: the others wait for their turn, then.
    try? index.renew(.trouble(key.shard))
  }
}
