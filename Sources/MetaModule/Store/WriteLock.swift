internal import Glibc

/// The lock that is held around every write transaction and its checkpoint, by all threads of all processes.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL when one connection checkpoints it at the very moment another
/// one writes to it (the "WAL-reset bug", https://sqlite.org/wal.html). SQLite's own locks do not prevent
/// it; this one does.
///
/// `flock`, not `fcntl`: it belongs to the open file, so it works between threads, and it dies with its
/// holder. The file is permanent: an unlinked lock file is a lock that two can hold.
struct WriteLock: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Opens the lock file at `path`, making it where it is missing.
  init(path: String) throws(StoreError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw StoreError.system(errno, path: path) }
  }

  deinit { close(descriptor) }

  /// Waits for the lock; throws `busy` when somebody else still holds it at `deadline`.
  ///
  /// Polled: a blocking `flock` has no deadline, and the signal that could end it belongs to the whole process.
  borrowing func acquire(until deadline: Deadline) throws(StoreError) {
    var pause: useconds_t = 200
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw StoreError.system(errno, path: path) }
      guard !deadline.isPast else { throw .busy }
      usleep(pause)
      pause = min(pause * 2, 5000)
    }
  }

  /// Lets the next one in.
  borrowing func release() { flock(descriptor, LOCK_UN) }
}
