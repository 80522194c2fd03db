internal import CSQLite
internal import Glibc
package import System
internal import Text

/// Where the database stands, and what has to be true of its folder and its file system.
package struct DatabaseFile {
  /// The database itself: `meta.sqlite3` in the data directory.
  package let path: String
  /// Whether the file system carries a WAL, which lives in memory shared by all processes.
  package let carriesWAL: Bool

  package init(folder: String, carriesWAL: Bool? = nil) {
    path = "\(folder)/\(Self.name)"
    self.carriesWAL = carriesWAL ?? !FileSystem.isShared(folder)
    self.folder = folder
  }

  let folder: String
  static let name = "meta.sqlite3"

  /// The permanent file behind `WriteLock`.
  var lockPath: String { path + ".lock" }

  /// The journal mode to use.
  package var journalMode: String { carriesWAL ? "wal" : "delete" }

  /// Whether writes need `WriteLock`: with a WAL, and a SQLite that has the WAL-reset bug.
  package var needsWriteLock: Bool { carriesWAL && Self.hasResetBug }

  /// Whether this SQLite can corrupt a WAL that is written and checkpointed at the same moment.
  static var hasResetBug: Bool { sqlite3_libversion_number() < 3_051_003 }

  /// Which file stands at `path` now; `nil` where there is none.
  package var identity: FileIdentity? { Self.identity(of: path) }

  static func identity(of path: String) -> FileIdentity? { look(at: path)?.identity }

  static func size(of path: String) -> Int64 { look(at: path)?.size ?? 0 }

  /// `stat` only: closing a descriptor of our own would drop the locks that SQLite holds on the same file.
  static func look(at path: String) -> (identity: FileIdentity, size: Int64)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (FileIdentity(status), Int64(status.st_size))
  }

  /// How large the WAL has grown, in bytes.
  var sizeOfWAL: Int64 { Self.size(of: path + "-wal") }

  /// Refuses files that somebody else could change, and links through which they could.
  func checkTrust() throws(StoreError) {
    do throws(Distrust) {
      try PathTrust(folder: folder).check(
        in: folder, ["", "-wal", "-shm", "-journal", ".lock"].map { Self.name + $0 })
    } catch { throw .untrusted(error.sentence) }
  }

  /// Whether another process has the database open with a WAL: as long as it has, it holds SQLite's shared lock. To be
  /// asked by a process that has not.
  func isOpenElsewhere(_ descriptor: Int32) -> Bool {
    var header = [UInt8](repeating: 0, count: 20)
    // Byte 18 of a database with a WAL; SHARED_FIRST and SHARED_SIZE (SQLite, "Database File Format", and os.h).
    guard pread(descriptor, &header, 20, 0) == 20, header[18] == 2 else { return false }
    var lock = Glibc.flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0x4000_0002, l_len: 510, l_pid: 0)
    return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  /// Throws where a database was made in this folder before and is not there now, or is empty.
  func refuseIfLost() throws(StoreError) {
    let wasMade = Self.size(of: lockPath) > 0 || sizeOfWAL > 0
    // Looked at last: whoever makes one makes the database first.
    guard wasMade, Self.size(of: path) == 0 else { return }
    throw .lost(path: path, .gone)
  }

  /// Writes down, in the lock file, that a database was made here.
  func noteThatItWasMade() {
    guard Self.size(of: lockPath) == 0, let file = try? Descriptor(opening: lockPath, O_WRONLY) else {
      return
    }
    try? file.write(Array("1".utf8), at: 0)
  }

  /// Makes the folder (0700) and an empty database file (0600) where they are missing, whatever the umask
  /// adds.
  ///
  /// SQLite gives the WAL and its index the database's permissions.
  package func create() throws(StoreError) {
    do { try Folder.make(folder) } catch { throw StoreError.system(error.code, path: folder) }
    // mknod makes the file without opening it: closing a descriptor would drop another thread's SQLite locks.
    guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
      throw StoreError.system(errno, path: path)
    }
    FileOwner.inherit(path)
  }

  /// What stands in the folder and begins with this path.
  func files(named beginning: String) -> [String] {
    Folder.names(in: folder).map { folder + "/" + $0 }.filter { $0.hasPrefix(beginning) }.sorted()
  }

  /// Whether two copies are of the same state. What only counts changes, or names the library that made it, is left out
  /// (SQLite, "Database File Format", 1.3).
  static func areSame(_ one: String, _ other: String) -> Bool {
    let count = Int(size(of: one))
    guard size(of: other) == count, let first = try? Descriptor(opening: one, O_RDONLY | O_NONBLOCK),
      let second = try? Descriptor(opening: other, O_RDONLY | O_NONBLOCK)
    else { return false }
    let (part, twin) = (
      FilePart(of: first, from: 0, count: count), FilePart(of: second, from: 0, count: count)
    )
    let counters = [24..<28, 40..<44, 92..<100]
    for offset in stride(from: 0, to: count, by: 1 << 16) {
      guard let bytes = try? part.bytes(from: offset, atMost: 1 << 16),
        let others = try? twin.bytes(from: offset, atMost: 1 << 16)
      else { return false }
      for index in bytes.indices where bytes[index] != others[index] {
        guard offset == 0, counters.contains(where: { $0.contains(index) }) else { return false }
      }
    }
    return true
  }

  /// Renames an unusable database, so that a new one can take its place and this one can still be looked at.
  ///
  /// The WAL goes first: a new database must never find the WAL of an old one.
  func setAside() throws(StoreError) {
    let suffix = ".unusable-\(Timestamp.now.seconds)"
    for part in ["-wal", "-shm", "-journal", ""] where access(path + part, F_OK) == 0 {
      guard rename(path + part, path + suffix + part) == 0 else { throw StoreError.system(errno, path: path) }
    }
  }
}
