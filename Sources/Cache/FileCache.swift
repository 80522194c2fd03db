internal import Glibc
internal import Synchronization
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
  package static let maximumBodyBytes = 8 * 1024 * 1024

  /// What all entries together may take on the disk, counted in blocks of 4 KiB.
  package let maximumBytes: Int
  /// Where the entries are.
  package var path: String { directory.path }

  package let directory: CacheDirectory
  private let owner: UInt32
  /// `nil`: each read is one of the file.
  private let memory: EntryMemory?

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
    do throws(CacheError) { try check() } catch  where error.mayPassByItself {}
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
    _ = try CacheIndex(in: directory)
  }

  // MARK: - Reading

  /// The entry under the key, if it is whole and not past its stale limit. Never throws: a missing, damaged,
  /// cut, foreign file, one that was stored for another key or in the future is a miss.
  ///
  /// - Parameters:
  ///   - keeping: in memory, too; not for what is large and seldom asked for.
  ///   - isOfOneBody: the key says what the body is made of, so that no other is ever stored under it: what is in memory
  ///     holds, whatever has become of the file.
  package func read(
    _ key: CacheKey, now: Timestamp, keeping: Bool = true, isOfOneBody: Bool = false
  ) -> CachedEntry? {
    // Another process may have stored it a moment after the caller looked at the clock. More than that is a
    // clock which has stepped back, and how old the entry is cannot be known.
    let skew: Int64 = 10
    let kept = isOfOneBody ? memory?.entry(key) : nil
    guard let entry = kept ?? (keeping ? entry(of: key) : file(of: key, .entry)?.entry),
      now.seconds >= entry.storedAt.seconds - skew, now <= entry.staleUntil
    else { return nil }
    return entry
  }

  /// An entry of whatever time, from memory where its file is still the one that was read.
  package func entry(of key: CacheKey) -> CachedEntry? {
    guard let memory else { return file(of: key, .entry)?.entry }
    guard let state = state(of: key) else {
      memory.forget(key)
      return nil
    }
    if let kept = memory.entry(key, in: state) { return kept }
    guard let (entry, state) = file(of: key, .entry) else { return nil }
    return state.isDistinct ? memory.keep(entry, in: state, as: key) : entry
  }

  /// Whether what was read is what would be read now.
  package func isUntouched(_ validator: EntryValidator) -> Bool { state(of: validator.key) == validator.file }

  private func state(of key: CacheKey) -> EntryFileState? {
    var status = stat()
    let exists = directory.withPath(of: key, .entry) { lstat($0, &status) == 0 } ?? false
    return exists ? EntryFileState(status) : nil
  }

  /// Reads and checks one file: open, look, one read, close, and one allocation, for the body.
  func file(of key: CacheKey, _ kind: CacheDirectory.Kind) -> (entry: CachedEntry, state: EntryFileState)? {
    // Without O_NONBLOCK a FIFO in the place of an entry would hold the reader for ever.
    let opened = directory.withPath(of: key, kind) { path in
      try? Descriptor(opening: path, O_RDONLY | O_NONBLOCK)
    }
    guard let file = opened else { return nil }
    let headLength = CachedEntry.fixedLength + key.text.utf8.count
    guard let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG, status.st_uid == owner,
      status.st_size >= headLength, status.st_size <= headLength + Self.maximumBodyBytes
    else { return nil }
    let bodyLength = Int(status.st_size) - headLength
    return withUnsafeTemporaryAllocation(byteCount: headLength, alignment: 8) { head in
      var isWhole = false
      let body = [UInt8](unsafeUninitializedCapacity: bodyLength) { buffer, count in
        isWhole = Self.fill(head, UnsafeMutableRawBufferPointer(buffer), from: file)
        count = isWhole ? bodyLength : 0
      }
      // The file was cut since it was looked at, and what stands in `head` may never have been set.
      guard isWhole,
        let entry = CachedEntry(head: UnsafeRawBufferPointer(head), key: key, body: body)
      else { return nil }
      return (entry, EntryFileState(status))
    }
  }

  /// Fills both buffers from the beginning of the file, in one call as a rule.
  private static func fill(
    _ head: UnsafeMutableRawBufferPointer, _ body: UnsafeMutableRawBufferPointer,
    from file: borrowing Descriptor
  ) -> Bool {
    let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
      parts[0] = iovec(iov_base: head.baseAddress, iov_len: head.count)
      parts[1] = iovec(iov_base: body.baseAddress, iov_len: body.count)
      return readv(file.number, parts.baseAddress, 2)
    }
    if count == head.count + body.count { return true }
    guard count >= 0 || errno == EINTR else { return false }
    // Interrupted, or a network file system that reads in smaller steps.
    return (try? file.read(into: head, at: 0)) == head.count
      && (try? file.read(into: body, at: head.count)) == body.count
  }

  // MARK: - Writing

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
    let entry = try CachedEntry(body, etag: etag, now: now, freshFor: freshFor, staleFor: staleFor)
    _ = try publish(entry, under: key, .entry, CacheIndex(in: directory))
  }

  /// Writes a file and makes it visible, unless the cache would grow by more than a twentieth beyond its maximum. Room
  /// is made by the sweep, when nobody waits for an answer.
  ///
  /// - Returns: Whether it was made visible: not when something was removed from its subfolder since the generation
  ///   was read.
  func publish(
    _ entry: CachedEntry, under key: CacheKey, _ kind: CacheDirectory.Kind, _ index: borrowing CacheIndex,
    ifStill generation: UInt64? = nil
  ) throws(CacheError) -> Bool {
    let limit = min(Self.maximumBodyBytes, maximumBytes)
    guard entry.body.count <= limit else { throw .tooLarge(bytes: entry.body.count, limit: limit) }
    let head = entry.head(for: key)
    // Written under this lock, too: what all write at the same moment is on the disk as well.
    try index.lock(.room)
    defer { index.unlock(.room) }
    let blocks = (Int64(head.count + entry.body.count) + 4095) / 4096 * 4096
    guard index.totalBytes() + blocks <= Int64(maximumBytes) + Int64(maximumBytes / 20) else {
      throw .full(maximumBytes: maximumBytes)
    }
    let temporary = try Temporary(in: directory, shard: key.shard)
    try temporary.write(head)
    try temporary.write(entry.body)
    // Removals take the same lock, so none can come between the question and the rename.
    try index.lock(.shard(key.shard))
    defer { index.unlock(.shard(key.shard)) }
    if let generation {
      guard index.isCurrent, index.read(.generation(key.shard)) == generation else { return false }
    }
    let growth = try temporary.publish(
      as: key.text + kind.rawValue, removableAfter: entry.staleUntil.seconds)
    index.add(bytes: growth, to: key.shard)
    return true
  }

  /// Removes an entry. Afterwards no reader anywhere is served it, nor what a flight fetched that had begun
  /// before.
  ///
  /// - Throws: When that cannot be promised.
  package func remove(_ key: CacheKey) throws(CacheError) {
    let index = try CacheIndex(in: directory)
    try index.lock(.shard(key.shard))
    defer { index.unlock(.shard(key.shard)) }
    do throws(SystemError) {
      // The generation first: should the second step fail, at least nothing older comes back.
      try index.renew(.generation(key.shard))
      let folder = try directory.open(shard: key.shard)
      let name = key.text + CacheDirectory.Kind.entry.rawValue
      let size = CacheDirectory.diskSize(of: name, in: folder)
      if unlinkat(folder.number, name, 0) == 0 {
        index.add(bytes: -size, to: key.shard)
      } else if errno != EISDIR {
        throw .last
      }
    } catch  where error.code == ENOENT {
      // Neither the entry nor its folder exists: nothing was to be removed.
    } catch {
      throw error.during("remove \(key) from", directory.path)
    }
  }
}

/// Why the cache could not do something. A reader never sees one: what cannot be read is a miss.
package enum CacheError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The directory must not be used as it is; a person has to decide. The sentence says why.
  case refused(path: String, reason: String)
  /// A system call failed: full, read-only, over quota, out of descriptors.
  case failed(operation: String, path: String, errno: Int32)
  /// The body is larger than an entry or the whole cache may be.
  case tooLarge(bytes: Int, limit: Int)
  /// The ETag or the times cannot be kept as they are. The sentence says which.
  case invalid(String)
  /// There is no room left; the next sweep makes some.
  case full(maximumBytes: Int)
  /// Another process held the shard for a second; only a stopped or starved one does.
  case busy(path: String)

  /// Whether the same call can succeed later without anybody's help; then answer uncached and go on.
  package var mayPassByItself: Bool {
    switch self {
    case .refused, .tooLarge, .invalid: false
    case .busy, .full: true
    case .failed(_, _, let code):
      [ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EIO, EINTR, EAGAIN, ENOLCK, ESTALE, ENOENT].contains(
        code)
    }
  }

  /// A sentence for the log or the operator: what was tried, on what, what came back. No content.
  package var description: String {
    switch self {
    case .refused(let path, let reason): "cache directory \(path) \(reason)"
    case .failed(let operation, let path, let code):
      "cannot \(operation) \(path): \(SystemError(code: code)) (errno \(code))"
    case .tooLarge(let bytes, let limit): "a cache entry of \(bytes) bytes is over the limit of \(limit)"
    case .invalid(let sentence): sentence
    case .full(let bytes): "the cache holds the \(bytes) bytes that it may hold"
    case .busy(let path): "cache folder \(path) stayed locked for a second"
    }
  }
}

extension SystemError {
  func during(_ operation: String, _ path: String) -> CacheError {
    .failed(operation: operation, path: path, errno: code)
  }
}
