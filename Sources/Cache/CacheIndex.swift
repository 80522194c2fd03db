internal import Glibc
package import System

/// The one permanent file of the cache, `ledger`: every lock is a byte of it, and it says of each subfolder what no
/// single entry can say. Never renamed, never unlinked by us.
///
/// One byte of 2^63 is locked, so that every key has a lock of its own in a single file: no slow call for one key holds
/// up another that happens to share its lock file, and there are no lock files to pile up.
///
/// The file has 32 bytes for each of the 256 subfolders, then 24 for the sweep and 16 for the tally. Nothing in it is
/// trusted: a damaged one costs an extra fetch or an early sweep. It is allocated in full when it is made, so that on a
/// full disk it can still be written.
package struct CacheIndex: ~Copyable {
  package enum Lock {
    /// One flight at a time for a key: held as long as Graph takes.
    case flight(CacheKey)
    /// One change at a time in a subfolder: held for microseconds.
    case shard(Int)
    /// One file more at a time, so that the bound is kept by all together: held while it is written.
    case room
    case sweep
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

  /// A number in the file; 0 where nothing was written yet.
  package enum Number {
    /// A random one, another one after each removal: who fetched before a removal must not publish after it.
    case generation(Int)
    /// The bytes in the subfolder, as good as known since it was last counted.
    case bytes(Int)
    /// A random one, another one after each fetched body that could not be stored: nobody should wait for it.
    case trouble(Int)
    /// When the last sweep began, in unix seconds.
    case sweepBegan
    /// The subfolder at which the next sweep goes on.
    case nextShard
    /// Not 0: the last sweep left more than there may be, and the next one will hardly do better.
    case sweptInVain
    /// Two numbers of whoever keeps them here. The tally's lock must be held to change them.
    case tallyCount, tallyMoment

    fileprivate var offset: Int {
      switch self {
      case .generation(let shard): shard * recordLength
      case .bytes(let shard): shard * recordLength + 8
      case .trouble(let shard): shard * recordLength + 16
      case .sweepBegan: recordsLength
      case .nextShard: recordsLength + 8
      case .sweptInVain: recordsLength + 16
      case .tallyCount: recordsLength + 24
      case .tallyMoment: recordsLength + 32
      }
    }
  }

  private static let recordLength = 32
  private static let recordsLength = CacheDirectory.shardCount * recordLength
  private static let length = recordsLength + 40

  private let file: Descriptor
  private let directory: CacheDirectory
  private var path: String { directory.path + "/" + CacheDirectory.indexName }

  /// Opens the file, making it and the directory where they are missing.
  package init(in directory: CacheDirectory) throws(CacheError) {
    self.directory = directory
    let path = directory.path + "/" + CacheDirectory.indexName
    do throws(SystemError) {
      file = try Self.opened(path)
    } catch {
      guard error.code == ENOENT else { throw error.during("open", path) }
      let root = try directory.make()
      do { file = try Self.opened(CacheDirectory.indexName, in: root.number) } catch {
        throw error.during("open", path)
      }
    }
  }

  deinit { file.unlockBytes() }

  private static func opened(
    _ path: String, in folder: Int32 = AT_FDCWD
  ) throws(SystemError) -> Descriptor {
    // O_NONBLOCK: should somebody have put a FIFO here, opening it must not wait.
    let file = try Descriptor(opening: path, O_RDWR | O_CREAT | O_NONBLOCK, in: folder)
    let status = try file.status()
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(code: EINVAL) }
    // On a full disk this fails, and the records that need a new block then do too, each by itself.
    if status.st_size < length { _ = posix_fallocate(file.number, 0, off_t(length)) }
    return file
  }

  /// Whether the path still leads to this file. It does not after somebody removed the directory: then our
  /// locks are locks among those who opened the same removed file, and no longer everybody's.
  var isCurrent: Bool { file.isStill(at: path) }

  /// Takes a lock if it is free.
  func tryToLock(_ lock: Lock) throws(SystemError) -> Bool { try file.tryLock(byte: lock.offset) }

  /// Gives a lock back; the end of the index does that for all of its locks.
  func unlock(_ lock: Lock) { file.unlock(byte: lock.offset) }

  /// Waits for a lock that is held for microseconds only, at most a second: its holder may have been stopped.
  package func lock(_ lock: Lock) throws(CacheError) {
    let path = if case .shard(let shard) = lock { directory.path(of: shard) } else { directory.path }
    do throws(SystemError) {
      let isTaken = try Deadline.after(milliseconds: 1000).wait(every: 100) { () throws(SystemError) in
        try tryToLock(lock)
      }
      guard !isTaken else { return }
    } catch {
      throw .failed(operation: "lock", path: path, errno: ENOLCK)
    }
    throw .busy(path: path)
  }

  /// `nil` when it cannot be read.
  package func read(_ number: Number) -> UInt64? {
    var value: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &value) {
      pread(file.number, $0.baseAddress, $0.count, off_t(number.offset))
    }
    // 0 bytes are the end of a file that could not be allocated, on a full disk.
    return count == 8 ? UInt64(littleEndian: value) : count == 0 ? 0 : nil
  }

  package func write(_ value: UInt64, to number: Number) throws(SystemError) {
    try file.write(withUnsafeBytes(of: value.littleEndian) { Array($0) }, at: number.offset)
  }

  /// Another number than the one that was there.
  func renew(_ number: Number) throws(SystemError) {
    try write(UInt64.random(in: .min ... .max), to: number)
  }

  /// Adds to what the subfolder is said to hold. The shard's lock must be held.
  func add(bytes: Int64, to shard: Int) {
    let known = Int64(bitPattern: read(.bytes(shard)) ?? 0)
    let (sum, overflow) = known.addingReportingOverflow(bytes)
    // A count is not worth an error: the next sweep puts it right.
    try? write(overflow ? 0 : UInt64(max(0, sum)), to: .bytes(shard))
  }

  /// The bytes of all subfolders together.
  func totalBytes() -> Int64 {
    withUnsafeTemporaryAllocation(byteCount: Self.recordsLength, alignment: 8) { records in
      records.initializeMemory(as: UInt8.self, repeating: 0)
      // What cannot be read counts as nothing; the sweep, which comes once a minute anyway, counts for itself.
      pread(file.number, records.baseAddress, records.count, 0)
      return (0..<CacheDirectory.shardCount).reduce(into: 0) { total, shard in
        let bytes = Int64(
          littleEndian: records.load(fromByteOffset: Number.bytes(shard).offset, as: Int64.self))
        // More than a petabyte in one subfolder is a damaged record; so sums cannot overflow either.
        if bytes > 0, bytes < 1 << 50 { total += bytes }
      }
    }
  }
}

/// Two numbers beside the entries, shared by all processes: cheap to read, and changed by one at a time.
extension FileCache {
  /// `nil` when they cannot be read.
  package func tally() -> (count: UInt64, moment: UInt64)? {
    guard let index = try? CacheIndex(in: directory) else { return nil }
    return (index.read(.tallyCount) ?? 0, index.read(.tallyMoment) ?? 0)
  }

  /// `nil` when nothing can be locked.
  @discardableResult
  package func changeTally<Result>(_ change: (inout (count: UInt64, moment: UInt64)) -> Result) -> Result? {
    guard let index = try? CacheIndex(in: directory), (try? index.lock(.tally)) != nil else { return nil }
    defer { index.unlock(.tally) }
    var tally = (count: index.read(.tallyCount) ?? 0, moment: index.read(.tallyMoment) ?? 0)
    let result = change(&tally)
    try? index.write(tally.count, to: .tallyCount)
    try? index.write(tally.moment, to: .tallyMoment)
    return result
  }
}
