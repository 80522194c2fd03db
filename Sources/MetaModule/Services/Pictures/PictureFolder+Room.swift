internal import Glibc
internal import System
internal import Text

/// Keeping the folder bounded.
extension PictureFolder {
  /// Adds so many bytes to the count, after removing what was looked at least recently where they would be too many.
  ///
  /// The count is one number in a file: what vanished without our doing is counted until the next sweep, and a day later at
  /// the latest everything is counted anew.
  func makeRoom(for bytes: Int64) throws(SystemError) {
    guard bytes <= maximumBytes else { throw SystemError(code: EFBIG) }
    let ledger = try Descriptor(opening: ledgerPath, O_RDWR | O_CREAT)
    guard
      try Deadline.after(milliseconds: 2000).wait(
        every: 1000, for: { () throws(SystemError) in try ledger.tryLock() })
    else { throw SystemError(code: EBUSY) }
    defer { ledger.unlock() }
    var (total, counted) = Self.read(ledger)
    let now = Timestamp.now.seconds
    if total + bytes > maximumBytes || abs(now - counted) > 86400 {
      (total, counted) = (
        sweep(to: total + bytes > maximumBytes ? maximumBytes / 10 * 9 - bytes : .max, now: now), now
      )
    }
    try ledger.write(Self.bytes(total + bytes, counted), at: 0)
  }

  /// What all pictures take, as far as is known without looking at each.
  var totalBytes: Int64 {
    guard let ledger = try? Descriptor(opening: ledgerPath, O_RDONLY) else { return 0 }
    return Self.read(ledger).total
  }

  private static func read(_ ledger: borrowing Descriptor) -> (total: Int64, counted: Int64) {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { buffer in
      guard (try? ledger.read(into: buffer, at: 0)) == 16 else { return (0, 0) }
      let (total, counted) = (buffer.load(as: Int64.self), buffer.load(fromByteOffset: 8, as: Int64.self))
      guard total >= 0, total < 1 << 50, counted >= 0, counted < 1 << 50 else { return (0, 0) }
      return (Int64(littleEndian: total), Int64(littleEndian: counted))
    }
  }

  private static func bytes(_ numbers: Int64...) -> [UInt8] {
    numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
  }

  private struct Kept {
    let path: String
    let bytes: Int64
    let used: Int
  }

  /// Removes what nobody finished, and the least recently used until the rest takes no more than that.
  ///
  /// - Returns: what is left.
  private func sweep(to limit: Int64, now: Int64) -> Int64 {
    var kept: [Kept] = []
    for account in Folder.names(in: path) where FieldRule.graphID.accepts(account) {
      for name in Folder.names(in: "\(path)/\(account)") {
        let path = "\(path)/\(account)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        if name.hasSuffix(".torso") {
          if abs(now - Int64(status.st_mtim.tv_sec)) > 600 { unlink(path) }
        } else {
          kept.append(Kept(path: path, bytes: Int64(status.st_size), used: status.st_mtim.tv_sec))
        }
      }
    }
    var total = kept.reduce(0) { $0 + $1.bytes }
    guard total > limit else { return total }
    kept.sort { $0.used < $1.used }
    for file in kept {
      if total <= limit { break }
      if unlink(file.path) == 0 || errno == ENOENT { total -= file.bytes }
    }
    return total
  }

  /// Removes the pictures of accounts that nobody shows any more, since another machine has removed the last mapping; once
  /// a day, so long may they lie here unseen.
  func tidyIfDue(isShown: (_ account: String) throws -> Bool) rethrows {
    let mark = path + "/tidied"
    let last = fileStatus(of: mark).map { Int64($0.st_mtim.tv_sec) } ?? 0
    guard abs(Timestamp.now.seconds - last) > 86400, SmallFile.write([], to: mark, replacing: true) else {
      return
    }
    for account in Folder.names(in: path) where FieldRule.graphID.accepts(account) {
      if try !isShown(account) { remove(account: account) }
    }
  }

  /// Removes everything; how many pictures that was.
  func clear() -> Int {
    var removed = 0
    for account in Folder.names(in: path) where FieldRule.graphID.accepts(account) {
      removed += Folder.names(in: "\(path)/\(account)").count
      remove(account: account)
    }
    unlink(ledgerPath)
    return removed
  }
}
