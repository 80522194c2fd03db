internal import Glibc
internal import System
package import Text

/// Answers kept as files, shared by all threads and all processes that name the same directory.
///
/// In life: `read` answers nearly every request (an entry is some 8 kB) and does nothing but open, look, read
/// and check, or even only look. A few times a minute an entry has expired and one caller becomes the leader of a flight,
/// fetches and stores it. Losing the directory at any moment loses nothing: it is made again by the next
/// store.
///
/// A value of this type is only a path and some numbers; keep one, copy it freely.
package struct FileCache: Sendable {
  /// The longest body of an entry.
  package static let maximumBodyBytes = EntryFormat.maximumBodyLength

  /// What all entries together may take on the disk, counted in blocks of 4 KiB.
  package let maximumBytes: Int
  /// Where the entries are.
  package var path: String { directory.path }

  package let directory: CacheDirectory
  package let owner: UInt32
  /// `nil`: each read is one of the file.
  package let memory: EntryMemory?

  /// Uses the directory, making it (mode 0700) and its parents where they are missing.
  ///
  /// Trouble that may pass without anybody's help (disk full, read-only) is not thrown: the cache is then of
  /// no use for the time being, and of use again as soon as it has passed. `check` throws it.
  ///
  /// - Parameter memory: where to keep what was read; left unused on a network file system, whose `stat` may tell of a
  ///   change seconds late.
  /// - Throws: `.refused` when the directory is a link, somebody else's, or holds other things than a cache;
  ///   `.failed` when it cannot be made or opened.
  package init(directory path: String, maximumBytes: Int, memory: EntryMemory? = nil) throws(CacheError) {
    directory = try CacheDirectory(path: Self.withoutLinkOfRoot(path))
    self.memory = memory.flatMap { FileSystem.isShared(path) ? nil : $0 }
    self.maximumBytes = max(0, maximumBytes)
    owner = geteuid()
    do throws(CacheError) {
      try check()
    } catch  where error.mayPassByItself {}
  }

  /// systemd makes the folders of its services links into a private one. What root has made and nobody else can change
  /// leads where it should; any other link is refused as such.
  private static func withoutLinkOfRoot(_ path: String) throws(CacheError) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, status.st_uid == 0 else {
      return path
    }
    do { return try PathTrust(folder: path).resolved(path) } catch {
      throw .refused(
        path: path, reason: "is a symbolic link that others could change; name the folder itself")
    }
  }

  /// Whether entries can be stored at this moment, as far as that can be known without storing one.
  ///
  /// - Throws: What stands in the way, with its path and `errno`.
  package func check() throws(CacheError) {
    _ = try directory.make()
    _ = try CacheLedger(in: directory)
  }

  /// The entry under the key, if it is whole and not past its stale limit. Never throws: a missing, damaged,
  /// cut, foreign file, one that was stored for another key or in the future is a miss.
  package func read(_ key: CacheKey, now: Timestamp) -> CachedEntry? {
    guard let (format, body) = entry(of: key) else { return nil }
    // Another process may have stored it a moment after the caller looked at the clock. More than that is a
    // clock which has stepped back, and how old the entry is cannot be known.
    let skew: Int64 = 10
    guard now.seconds >= format.storedAt - skew, now.seconds <= format.staleUntil else { return nil }
    return CachedEntry(
      body: body, etag: format.etag, storedAt: Timestamp(seconds: format.storedAt),
      freshUntil: Timestamp(seconds: format.freshUntil), staleUntil: Timestamp(seconds: format.staleUntil),
      freshness: now.seconds < format.freshUntil ? .fresh : .stale)
  }

  /// Stores an entry, whatever was there before. Who fetched the body in a flight calls the flight's `land`
  /// instead, which heeds removals.
  ///
  /// - Parameters:
  ///   - etag: A strong ETag of the body, quotes included, at most 72 bytes.
  ///   - freshFor: Seconds from now for which the entry is served without asking again.
  ///   - staleFor: Seconds from now for which it may be served where nothing newer can be had.
  /// - Throws: When the entry could not be stored; nothing is left behind. Answer uncached.
  package func store(
    _ body: [UInt8], etag: String, under key: CacheKey, now: Timestamp, freshFor: Int64, staleFor: Int64
  ) throws(CacheError) {
    let format = try format(of: body, etag: etag, now: now, freshFor: freshFor, staleFor: staleFor)
    _ = try publish(body, format, under: key, .entry, ledger: try CacheLedger(in: directory), .always)
  }

  /// Removes an entry. Afterwards no reader anywhere is served it, nor what a flight fetched that had begun
  /// before.
  ///
  /// - Throws: When that cannot be promised.
  package func remove(_ key: CacheKey) throws(CacheError) {
    let ledger = try CacheLedger(in: directory)
    try lock(key.shard, of: ledger)
    defer { ledger.unlock(.shard(key.shard)) }
    do throws(SystemError) {
      // The generation first: should the second step fail, at least nothing older comes back.
      try ledger.write(UInt64.random(in: .min ... .max), to: .generation, of: key.shard)
      let folder = try directory.open(shard: key.shard)
      let name = key.text + CacheDirectory.Kind.entry.rawValue
      var status = stat()
      let exists = fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      if unlinkat(folder.number, name, 0) == 0 {
        ledger.add(bytes: exists ? -CacheDirectory.diskSize(of: status) : 0, to: key.shard)
      } else if errno != EISDIR {
        throw SystemError(code: errno)
      }
    } catch  where error.code == ENOENT {
      // Neither the entry nor its folder exists: nothing was to be removed.
    } catch {
      throw error.during("remove \(key) from", directory.path)
    }
  }
}
