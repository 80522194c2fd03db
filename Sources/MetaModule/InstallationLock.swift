internal import Glibc
internal import Synchronization
internal import System

/// `meta.lock` in the data directory: shared by every process that serves requests, exclusive for the one that
/// replaces the database.
///
/// `flock`, since it dies with its holder: no process can leave the mark of a life that has ended.
enum InstallationLock {
  /// Per folder, for the whole process: its workers share one mark, which only the end of the process removes.
  private static let marks = Mutex<[String: Int32]>([:])

  /// Marks this process as one that is serving requests. Waits a moment for a restore that is going on.
  ///
  /// - Returns: `false` where it could not: a read-only folder, a file system without locks, a restore that lasts.
  @discardableResult
  static func markAsRunning(in folder: String, patience: Int32 = 5000) -> Bool {
    marks.withLock { marks in
      if marks[folder] != nil { return true }
      guard let descriptor = FileLock.open(path(in: folder), in: folder) else { return false }
      let deadline = Deadline(in: patience)
      while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
        guard errno == EWOULDBLOCK || errno == EINTR, !deadline.isPast else {
          close(descriptor)
          return false
        }
        usleep(10_000)
      }
      marks[folder] = descriptor
      return true
    }
  }

  /// The lock file of that data directory.
  static func path(in folder: String) -> String { folder + "/meta.lock" }
}

extension FileLock {
  /// Takes the lock file `path` of the data directory `folder`.
  ///
  /// - Parameter busy: what to say when somebody else holds it.
  static func hold(_ path: String, in folder: String, busy: String) throws(OperationError) -> FileLock {
    guard let descriptor = open(path, in: folder) else {
      throw .trouble("\(path) cannot be opened: \(SmallFile.lastError()).")
    }
    if let lock = FileLock(taking: descriptor) { return lock }
    guard errno == EWOULDBLOCK else { throw .trouble("\(path) cannot be locked: \(SmallFile.lastError()).") }
    throw .refused(busy)
  }
}
