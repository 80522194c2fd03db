package import Text

/// The right, and the duty, to fetch what is under a key: for as long as this lives, nobody else does, in any
/// thread or process. It ends with `land`, with `fail`, when it is dropped, and when its process dies.
package struct Flight: ~Copyable, Sendable {
  private let cache: FileCache
  private let key: CacheKey
  private let ledger: CacheLedger
  /// `nil` when it could not be read: then nothing can be stored.
  private let generation: UInt64?

  package init(of key: CacheKey, in cache: FileCache, holding ledger: consuming CacheLedger) {
    self.cache = cache
    self.key = key
    generation = ledger.read(.generation, of: key.shard)
    self.ledger = ledger
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
      let format = try cache.format(of: body, etag: etag, now: now, freshFor: freshFor, staleFor: staleFor)
      return try cache.publish(
        body, format, under: key, .entry, ledger: ledger, .unlessRemoved(since: generation))
    } catch {
      tellNotToWait()
      throw error
    }
  }

  /// Tells those who have been waiting that the fetch failed and lets go: they get the payload and do not try
  /// themselves, so that 200 requests against a failing Graph make one call. Who begins later does try.
  ///
  /// - Parameter payload: What the failure was, in a form of the caller's; at most 64 KiB, and no secret in
  ///   it.
  package consuming func fail(_ payload: [UInt8]) {
    let note = FailureNote(payload: payload)
    let now = Timestamp.now.seconds
    do throws(CacheError) {
      guard payload.count <= FailureNote.maximumPayloadLength, now >= 0, now < EntryFormat.maximumTime - 60
      else {
        throw .tooLarge(bytes: payload.count, limit: FailureNote.maximumPayloadLength)
      }
      // Its times are only for the sweep: nobody waits for a minute.
      let format = EntryFormat(storedAt: now, freshUntil: now, staleUntil: now + 60, etag: "\"\"")
      _ = try cache.publish(note.body, format, under: key, .failure, ledger: ledger, .always)
    } catch {
      tellNotToWait()
    }
  }

  private borrowing func tellNotToWait() {
    // Nothing is left to do if even this cannot be written: the others wait for their turn, then.
    try? ledger.write(UInt64.random(in: .min ... .max), to: .trouble, of: key.shard)
  }
}
