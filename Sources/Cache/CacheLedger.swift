internal import Glibc
package import System

/// The one permanent file of the cache: every lock is a byte of it, and it says of each subfolder what no
/// single entry can say. Never renamed, never unlinked by us.
///
/// One byte of 2^63 is locked, so that every key has a lock of its own in a single file: no slow call for one key holds
/// up another that happens to share its lock file, and there are no lock files to pile up.
///
/// The file has 32 bytes for each of the 256 subfolders, then 24 for the sweep and 16 for the tally. Nothing in it is trusted: a
/// damaged ledger costs an extra fetch or an early sweep. It is allocated in full when it is made, so that on
/// a full disk it can still be written.
package struct CacheLedger: ~Copyable {
  /// What can be locked.
  package enum Lock {
    /// One flight at a time for a key: held as long as Graph takes.
    case flight(CacheKey)
    /// One change at a time in a subfolder: held for microseconds.
    case shard(Int)
    /// One file more at a time, so that the bound is kept by all together: held while it is written.
    case room
    /// One sweep at a time.
    case sweep
    /// One change of the tally at a time.
    case tally

    fileprivate var offset: Int {
      switch self {
      case .flight(let key): (1 << 32) &+ Int(truncatingIfNeeded: key.hash >> 2)
      case .shard(let shard): 0x1_0000 + shard
      case .sweep: 0x2_0000
      case .room: 0x2_0001
      case .tally: 0x2_0002
      }
    }
  }

  /// What came of trying to lock.
  package enum Attempt: Equatable { case taken, busy, impossible }

  /// A field of a subfolder's record.
  package enum Field: Int {
    /// A random number, another one after each removal: who fetched before a removal must not publish after
    /// it.
    case generation = 0
    /// The bytes in the subfolder, as good as known since it was last counted.
    case bytes = 8
    /// A random number, another one after each fetched body that could not be stored: nobody should wait for
    /// it.
    case trouble = 16
  }

  private static let recordLength = 32
  private static let sweepOffset = CacheDirectory.shardCount * recordLength
  private static let tallyOffset = sweepOffset + 24
  private static let length = tallyOffset + 16

  private let file: Descriptor
  private let path: String

  /// Opens the ledger, making it and the directory where they are missing.
  package init(in directory: CacheDirectory) throws(CacheError) {
    path = directory.path + "/" + CacheDirectory.ledgerName
    file = try Self.open(path, in: directory)
  }

  deinit { file.unlockBytes() }

  private static func open(_ path: String, in directory: CacheDirectory) throws(CacheError) -> Descriptor {
    do throws(SystemError) {
      return try allocated(Descriptor(opening: path, flags))
    } catch {
      guard error.code == ENOENT else { throw error.during("open", path) }
    }
    let root = try directory.make()
    do throws(SystemError) {
      return try allocated(Descriptor(opening: CacheDirectory.ledgerName, flags, in: root.number))
    } catch {
      throw error.during("open", path)
    }
  }

  /// O_NONBLOCK: should somebody have put a FIFO here, opening it must not wait.
  private static let flags = O_RDWR | O_CREAT | O_NONBLOCK

  private static func allocated(_ file: consuming Descriptor) throws(SystemError) -> Descriptor {
    let status = try file.status()
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(code: EINVAL) }
    // On a full disk this fails, and the records that need a new block then do too, each by itself.
    if status.st_size < length { _ = posix_fallocate(file.number, 0, off_t(length)) }
    return file
  }

  /// Whether the path still leads to this file. It does not after somebody removed the directory: then our
  /// locks are locks among those who opened the same removed file, and no longer everybody's.
  var isCurrent: Bool {
    var named = stat()
    guard let own = try? file.status(), lstat(path, &named) == 0 else { return false }
    return own.st_dev == named.st_dev && own.st_ino == named.st_ino
  }

  /// Takes a lock if it is free.
  func tryToLock(_ lock: Lock) -> Attempt {
    do { return try file.tryLock(byte: lock.offset) ? .taken : .busy } catch { return .impossible }
  }

  /// Gives a lock back; the end of the ledger does that for all of its locks.
  func unlock(_ lock: Lock) { file.unlock(byte: lock.offset) }

  /// Waits for a lock that is held for microseconds only, at most a second: its holder may have been stopped.
  package func lockBriefly(_ lock: Lock) -> Attempt {
    let deadline = ContinuousClock.now + .seconds(1)
    var pause: UInt32 = 50
    while true {
      let attempt = tryToLock(lock)
      guard attempt == .busy, ContinuousClock.now < deadline else { return attempt }
      usleep(pause)
      pause = min(pause &* 2, 2000)
    }
  }

  /// A field of a subfolder's record, 0 where nothing was written yet; `nil` when it cannot be read.
  package func read(_ field: Field, of shard: Int) -> UInt64? {
    read(at: shard * Self.recordLength + field.rawValue)
  }

  /// Writes a field of a subfolder's record.
  package func write(_ value: UInt64, to field: Field, of shard: Int) throws(SystemError) {
    try write(value, at: shard * Self.recordLength + field.rawValue)
  }

  /// Adds to what the subfolder is said to hold. The shard's lock must be held.
  package func add(bytes: Int64, to shard: Int) {
    let known = Int64(bitPattern: read(.bytes, of: shard) ?? 0)
    let (sum, overflow) = known.addingReportingOverflow(bytes)
    // A count is not worth an error: the next sweep puts it right.
    try? write(UInt64(bitPattern: overflow ? 0 : max(0, sum)), to: .bytes, of: shard)
  }

  /// Notes what the subfolder was counted to hold. The shard's lock must be held.
  package func set(bytes: Int64, of shard: Int) {
    try? write(UInt64(bitPattern: bytes), to: .bytes, of: shard)
  }

  /// The bytes of all subfolders together.
  func totalBytes() -> Int64 {
    let number = file.number
    var records = [UInt8](repeating: 0, count: Self.sweepOffset)
    // What cannot be read counts as nothing; the sweep, which comes once a minute anyway, counts for itself.
    _ = records.withUnsafeMutableBytes { pread(number, $0.baseAddress, $0.count, 0) }
    return records.withUnsafeBytes { records in
      var total: Int64 = 0
      for shard in 0..<CacheDirectory.shardCount {
        let place = shard * Self.recordLength + Field.bytes.rawValue
        let bytes = Int64(littleEndian: records.loadUnaligned(fromByteOffset: place, as: Int64.self))
        // More than a petabyte in one subfolder is a damaged record; so sums cannot overflow either.
        if bytes > 0, bytes < 1 << 50 { total += bytes }
      }
      return total
    }
  }

  /// When the last sweep began, in unix seconds, and at which subfolder the next one goes on.
  package var sweep: (began: Int64, next: Int) {
    let next = read(at: Self.sweepOffset + 8) ?? 0
    return (Int64(bitPattern: read(at: Self.sweepOffset) ?? 0), Int(next % UInt64(CacheDirectory.shardCount)))
  }

  /// Notes that a sweep begins now and where the next one goes on.
  func noteSweep(began: Int64, next: Int) {
    // If this cannot be written, the next sweep merely comes early and begins where this one did.
    try? write(UInt64(bitPattern: began), at: Self.sweepOffset)
    try? write(UInt64(truncatingIfNeeded: next), at: Self.sweepOffset + 8)
  }

  /// Whether the last sweep left more than there may be: then the next one will hardly do better.
  var isSweepInVain: Bool {
    get { read(at: Self.sweepOffset + 16) ?? 0 > 0 }
    nonmutating set { try? write(newValue ? 1 : 0, at: Self.sweepOffset + 16) }
  }

  /// Two numbers that mean something to whoever keeps them here. The tally's lock must be held to change them.
  package var tally: (count: UInt64, moment: UInt64) {
    get { (read(at: Self.tallyOffset) ?? 0, read(at: Self.tallyOffset + 8) ?? 0) }
    nonmutating set {
      try? write(newValue.count, at: Self.tallyOffset)
      try? write(newValue.moment, at: Self.tallyOffset + 8)
    }
  }

  private func read(at offset: Int) -> UInt64? {
    let number = file.number
    var value: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &value) { pread(number, $0.baseAddress, $0.count, off_t(offset)) }
    // 0 bytes are the end of a file that could not be allocated, on a full disk.
    return count == 8 ? UInt64(littleEndian: value) : count == 0 ? 0 : nil
  }

  private func write(_ value: UInt64, at offset: Int) throws(SystemError) {
    try file.write(withUnsafeBytes(of: value.littleEndian) { Array($0) }, at: offset)
  }
}
