internal import Glibc

/// A file that is ours alone until it is released, or until this process ends: whoever else wants it is told.
package final class FileClaim {
  private let descriptor: Int32

  /// Makes the file (0600) where it is missing, and takes it. `nil` with `errno`: `EWOULDBLOCK` where somebody has it.
  package init?(_ path: String, patience: Int32 = 0) {
    let deadline = Deadline(in: patience)
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { return nil }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        var (held, present) = (stat(), stat())
        // Whoever had it may have removed it before they let go: then this is not the file of that name any more.
        if fstat(descriptor, &held) == 0, stat(path, &present) == 0, held.st_ino == present.st_ino {
          self.descriptor = descriptor
          return
        }
        close(descriptor)
        continue
      }
      let failure = errno
      close(descriptor)
      errno = failure
      guard failure == EWOULDBLOCK, !deadline.isPast else { return nil }
      usleep(1000)
    }
  }

  /// Lets the next one have it.
  package func release() { close(descriptor) }
}
