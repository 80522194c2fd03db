internal import Synchronization
internal import System

/// `meta.lock` in the data directory: shared by every process that serves requests, exclusive for the one that
/// replaces the database. It dies with its holder: no process can leave the mark of a life that has ended.
enum InstallationLock {
  /// Folders that this process has marked: its workers share one mark, which only the end of the process removes.
  private static let marked = Mutex<Set<String>>([])

  /// Marks this process as one that is serving requests. Waits a moment for a restore that is going on.
  ///
  /// - Returns: `false` where it could not: a read-only folder, a file system without locks, a restore that lasts.
  @discardableResult
  static func markAsRunning(in folder: String, patience: Int32 = 5000) -> Bool {
    marked.withLock { marked in
      if marked.contains(folder) { return true }
      guard let lock = try? Descriptor(lockFile: path(in: folder)) else { return false }
      let isTaken = try? Deadline.after(milliseconds: patience).wait(every: 10_000) {
        () throws(SystemError) in
        try lock.tryLock(isShared: true)
      }
      guard isTaken == true else { return false }
      _ = lock.surrender()
      marked.insert(folder)
      return true
    }
  }

  static func path(in folder: String) -> String { folder + "/meta.lock" }
}

extension Descriptor {
  /// Takes the lock file `path`.
  ///
  /// - Parameter busy: what to say when somebody else holds it.
  static func hold(_ path: String, busy: String) throws(OperationError) -> Descriptor {
    let lock: Descriptor
    do { lock = try Descriptor(lockFile: path) } catch {
      throw .trouble("\(path) cannot be opened: \(error).")
    }
    let isTaken: Bool
    do { isTaken = try lock.tryLock() } catch { throw .trouble("\(path) cannot be locked: \(error).") }
    guard isTaken else { throw .refused(busy) }
    return lock
  }
}
