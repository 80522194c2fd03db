internal import CSQLite
internal import Glibc

/// A file, whatever its name.
struct FileIdentity: Hashable {
  let device: dev_t
  let inode: ino_t
}

/// Where the database stands, and what has to be true of its folder and its file system.
struct DatabaseFile {
  /// The database itself: `meta.sqlite3` in the data directory.
  let path: String
  /// Whether the file system carries a WAL, which lives in memory shared by all processes.
  let carriesWAL: Bool

  init(folder: String, carriesWAL: Bool? = nil) {
    path = folder + "/meta.sqlite3"
    self.carriesWAL = carriesWAL ?? !FileSystem.isShared(folder)
    self.folder = folder
  }

  private let folder: String

  /// The permanent file behind `WriteLock`.
  var lockPath: String { path + ".lock" }

  /// The journal mode to use.
  var journalMode: String { carriesWAL ? "wal" : "delete" }

  /// Whether writes need `WriteLock`: with a WAL, and a SQLite that has the WAL-reset bug.
  var needsWriteLock: Bool { carriesWAL && Self.hasResetBug }

  /// Whether this SQLite can corrupt a WAL that is written and checkpointed at the same moment.
  static var hasResetBug: Bool { sqlite3_libversion_number() < 3_051_003 }

  /// Which file stands at `path` now; `nil` where there is none.
  var identity: FileIdentity? {
    var status = stat()
    return stat(path, &status) == 0 ? FileIdentity(device: status.st_dev, inode: status.st_ino) : nil
  }

  /// How large the WAL has grown, in bytes. `stat` only: closing a descriptor of our own would drop the locks
  /// that SQLite holds on the same file for this process.
  var sizeOfWAL: Int64 {
    var status = stat()
    return stat(path + "-wal", &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Makes the folder (0700) and an empty database file (0600) where they are missing, whatever the umask
  /// adds.
  ///
  /// SQLite gives the WAL and its index the database's permissions.
  func create() throws(StoreError) {
    try Self.createFolder(folder)
    // mknod makes the file without opening it: closing a descriptor would drop another thread's SQLite locks.
    guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else {
      throw StoreError.system(errno, path: path)
    }
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

  private static func createFolder(_ folder: String) throws(StoreError) {
    if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = folder.utf8.lastIndex(of: UInt8(ascii: "/")), slash > folder.startIndex
    else { throw StoreError.system(errno, path: folder) }
    try createFolder(String(folder[..<slash]))
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw StoreError.system(errno, path: folder) }
  }
}
