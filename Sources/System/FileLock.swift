internal import Glibc

/// A file that one process at a time holds; given back by `release`, or by its end, however it ends.
package final class FileLock {
  private let descriptor: Int32

  /// Takes an open file; closes it where it cannot be had, with `errno` telling why.
  package init?(taking descriptor: Int32) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let failure = errno
      close(descriptor)
      errno = failure
      return nil
    }
    self.descriptor = descriptor
  }

  /// Lets the next one in.
  package func release() { close(descriptor) }

  /// Opens the file, making it (0600) where it is missing. Made by root it is given to the owner of the folder, who
  /// could otherwise never lock it.
  package static func open(_ path: String, in folder: String) -> Int32? {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return nil }
    FileOwner.inherit(path)
    return descriptor
  }
}
