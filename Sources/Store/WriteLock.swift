internal import Glibc
internal import System

/// The lock that is held around every write transaction and its checkpoint, by all threads of all processes.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL when one connection checkpoints it at the very moment another
/// one writes to it (the "WAL-reset bug", https://sqlite.org/wal.html). SQLite's own locks do not prevent
/// it; this one does.
///
/// `flock`, not `fcntl`: it belongs to the open file, so it works between threads, and it dies with its
/// holder. The file is permanent: an unlinked lock file is a lock that two can hold.
package struct WriteLock: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// `F_OFD_SETLK` of linux/fcntl.h, which Swift's Glibc lacks.
  private static let setLockOfOpenFile: Int32 = 37

  /// Opens the lock file at `path`, making it where it is missing.
  init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw StoreError.system(errno, path: path) }
    FileOwner.inherit(path)
  }

  deinit { close(descriptor) }

  /// Waits for the lock; throws `busy` when somebody else still holds it at `deadline`.
  ///
  /// Polled: a blocking `flock` has no deadline, and the signal that could end it belongs to the whole
  /// process. Polling alone is unfair, though: a writer that comes back at once always finds the lock free,
  /// while those who sleep between two looks starved for five seconds under three writers. So whoever wants
  /// the lock first takes the only place in the queue, and nobody overtakes who stands there.
  borrowing func acquire(until deadline: Deadline) throws(StoreError) {
    try poll(until: deadline) { lockPlace(Int16(F_WRLCK)) }
    defer { _ = lockPlace(Int16(F_UNLCK)) }
    try poll(until: deadline) { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
  }

  private borrowing func poll(until deadline: Deadline, _ attempt: () -> Bool) throws(StoreError) {
    while !attempt() {
      guard errno == EWOULDBLOCK || errno == EACCES || errno == EINTR else {
        throw StoreError.system(errno, path: path)
      }
      guard !deadline.isPast else { throw .busy }
      // All wait equally long, wherever they come from; a commit takes about as long.
      usleep(500)
    }
  }

  /// Takes or leaves the place in the queue: byte 0 of the same file, by a lock that belongs to the open
  /// file as `flock` does, and is independent of it.
  private borrowing func lockPlace(_ kind: Int16) -> Bool {
    var place = Glibc.flock(l_type: kind, l_whence: Int16(SEEK_SET), l_start: 0, l_len: 1, l_pid: 0)
    return fcntl(descriptor, Self.setLockOfOpenFile, &place) == 0
  }

  /// Lets the next one in.
  package borrowing func release() { flock(descriptor, LOCK_UN) }
}
