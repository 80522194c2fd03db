internal import Glibc
internal import System
package import Text

/// How a file of the cache is read and written, whatever is in it.
extension FileCache {
  /// An entry, from memory where its file is still the one that was read.
  package func entry(of key: CacheKey) -> (format: EntryFormat, body: [UInt8])? {
    guard let memory else { return file(of: key, .entry).map { ($0.format, $0.body) } }
    var status = stat()
    let exists = directory.withPath(of: key, .entry) { lstat($0, &status) == 0 ? true : nil } ?? false
    guard exists else {
      memory.forget(key)
      return nil
    }
    if let kept = memory.entry(key, in: EntryFileState(status)) { return (kept.format, kept.body) }
    guard let read = file(of: key, .entry) else { return nil }
    if read.state.isDistinct {
      memory.keep(EntryMemory.Kept(file: read.state, format: read.format, body: read.body), as: key)
    }
    return (read.format, read.body)
  }

  /// Reads and checks one file: open, look, one read, close, and one allocation, for the body.
  package func file(
    of key: CacheKey, _ kind: CacheDirectory.Kind
  ) -> (format: EntryFormat, body: [UInt8], state: EntryFileState)? {
    // Without O_NONBLOCK a FIFO in the place of an entry would hold the reader for ever.
    let opened = directory.withPath(of: key, kind) { path in
      try? Descriptor(opening: path, O_RDONLY | O_NONBLOCK)
    }
    guard let file = opened else { return nil }
    let headLength = EntryFormat.fixedLength + key.text.utf8.count
    guard let status = try? file.status(), status.st_mode & S_IFMT == S_IFREG, status.st_uid == owner,
      status.st_size >= headLength, status.st_size <= headLength + EntryFormat.maximumBodyLength
    else { return nil }
    let bodyLength = Int(status.st_size) - headLength
    return withUnsafeTemporaryAllocation(byteCount: headLength, alignment: 8) { head in
      var isWhole = false
      let body = [UInt8](unsafeUninitializedCapacity: bodyLength) { buffer, count in
        let body = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: bodyLength)
        isWhole = Self.fill(head, body, from: file)
        count = isWhole ? bodyLength : 0
      }
      // The file was cut since it was looked at, and what stands in `head` may never have been set.
      guard isWhole else { return nil }
      let format = body.withUnsafeBytes {
        EntryFormat(head: UnsafeRawBufferPointer(head), key: key, body: $0)
      }
      return format.map { ($0, body, EntryFileState(status)) }
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
    let headDone = min(max(0, count), head.count)
    let bodyDone = max(0, count) - headDone
    let headRest = UnsafeMutableRawBufferPointer(rebasing: head[headDone...])
    let bodyRest = UnsafeMutableRawBufferPointer(rebasing: body[bodyDone...])
    return (try? file.read(into: headRest, at: headDone)) == headRest.count
      && (try? file.read(into: bodyRest, at: head.count + bodyDone)) == bodyRest.count
  }

  /// The header for a body, once everything about it is known to fit.
  package func format(
    of body: [UInt8], etag: String, now: Timestamp, freshFor: Int64, staleFor: Int64
  ) throws(CacheError) -> EntryFormat {
    let limit = min(EntryFormat.maximumBodyLength, maximumBytes)
    guard body.count <= limit else { throw .tooLarge(bytes: body.count, limit: limit) }
    guard Array(etag.utf8).withUnsafeBytes(EntryFormat.isStrongETag) else {
      throw .invalid("the ETag of a cache entry is not a strong one")
    }
    let times = 0...(EntryFormat.maximumTime / 2)
    guard times.contains(now.seconds), times.contains(freshFor), times.contains(staleFor) else {
      throw .invalid("the times of a cache entry are out of range")
    }
    return EntryFormat(
      storedAt: now.seconds, freshUntil: now.seconds + freshFor,
      staleUntil: now.seconds + max(freshFor, staleFor),
      etag: etag)
  }

  /// On which condition a file that was written is made visible.
  package enum Condition {
    case always
    /// Not when something was removed from its subfolder since this generation was read.
    case unlessRemoved(since: UInt64?)
  }

  /// Writes a file and makes it visible.
  ///
  /// - Returns: Whether it was made visible, as the condition wants.
  package func publish(
    _ body: [UInt8], _ format: EntryFormat, under key: CacheKey, _ kind: CacheDirectory.Kind,
    ledger: borrowing CacheLedger, _ condition: Condition
  ) throws(CacheError) -> Bool {
    let head = body.withUnsafeBytes { format.head(for: key, body: $0) }
    // Written under the lock, too: what all write at the same moment is on the disk as well.
    try makeSure(thereIsRoomFor: head.count + body.count, ledger)
    defer { ledger.unlock(.room) }
    let pending = try PendingEntry(in: directory, shard: key.shard)
    try pending.write(head)
    try pending.write(body)
    // Removals take the same lock, so none can come between the question and the rename.
    try lock(key.shard, of: ledger)
    defer { ledger.unlock(.shard(key.shard)) }
    if case .unlessRemoved(let generation) = condition {
      guard let generation, ledger.isCurrent, ledger.read(.generation, of: key.shard) == generation else {
        return false
      }
    }
    let growth = try pending.publish(as: key.text + kind.rawValue, removableAfter: format.staleUntil)
    ledger.add(bytes: growth, to: key.shard)
    return true
  }

  /// Takes the lock under which the cache grows, unless it would grow by more than a twentieth beyond its maximum;
  /// whoever calls gives it back. Room is made by the sweep, when nobody waits for an answer.
  private func makeSure(thereIsRoomFor count: Int, _ ledger: borrowing CacheLedger) throws(CacheError) {
    switch ledger.lockBriefly(.room) {
    case .taken: break
    case .busy: throw .busy(path: directory.path)
    case .impossible: throw .failed(operation: "lock", path: directory.path, errno: ENOLCK)
    }
    let blocks = (Int64(count) + 4095) / 4096 * 4096
    guard ledger.totalBytes() + blocks > Int64(maximumBytes) + Int64(maximumBytes / 20) else { return }
    ledger.unlock(.room)
    throw .full(maximumBytes: maximumBytes)
  }

  /// Takes a subfolder's lock; whoever calls gives it back.
  package func lock(_ shard: Int, of ledger: borrowing CacheLedger) throws(CacheError) {
    let path = directory.path + "/" + CacheDirectory.shardName(shard)
    switch ledger.lockBriefly(.shard(shard)) {
    case .taken: return
    case .busy: throw .busy(path: path)
    case .impossible: throw .failed(operation: "lock", path: path, errno: ENOLCK)
    }
  }
}
