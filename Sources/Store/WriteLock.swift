internal import Glibc
internal import System

/// The lock that is held around every write transaction and its checkpoint, by all threads of all processes.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL when one connection checkpoints it at the very moment another
/// one writes to it (the "WAL-reset bug", https://sqlite.org/wal.html). SQLite's own locks do not prevent
/// it; this one does.
package struct WriteLock: ~Copyable {
  private let file: Descriptor
  private let path: String

  /// Opens the lock file at `path`, making it where it is missing.
  init(path: String) throws(StoreError) {
    self.path = path
    do { file = try Descriptor(lockFile: path) } catch { throw StoreError.system(error.code, path: path) }
  }

  /// Waits for the lock; throws `busy` when somebody else still holds it at `deadline`.
  ///
  /// Polling alone is unfair: a writer that comes back at once always finds the lock free, while those who sleep between
  /// two looks starved for five seconds under three writers. So whoever wants the lock first takes the only place in the
  /// queue, which is byte 0 of the same file, and nobody overtakes who stands there.
  borrowing func acquire(until deadline: Deadline) throws(StoreError) {
    do throws(SystemError) {
      // All wait equally long, wherever they come from; a commit takes about as long.
      guard try deadline.wait(every: 500, for: { () throws(SystemError) in try file.tryLock(byte: 0) }) else {
        throw SystemError(code: EWOULDBLOCK)
      }
      defer { file.unlock(byte: 0) }
      guard try deadline.wait(every: 500, for: { () throws(SystemError) in try file.tryLock() }) else {
        throw SystemError(code: EWOULDBLOCK)
      }
    } catch {
      throw error.code == EWOULDBLOCK ? .busy : StoreError.system(error.code, path: path)
    }
  }

  /// Lets the next one in.
  borrowing func release() { file.unlock() }
}
