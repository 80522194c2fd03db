internal import Glibc

/// Locks on single bytes of a file: places that all threads of all processes share. They die with their holder.
package struct ByteLocks: ~Copyable {
  private let descriptor: Int32

  /// `F_OFD_SETLK` of linux/fcntl.h, which Swift's Glibc lacks: the lock belongs to the open file, so it works between
  /// threads, too.
  private static let setLockOfOpenFile: Int32 = 37

  /// Opens the file of that name in the data directory, making it where it is missing; `nil` where it cannot be.
  package init?(_ name: String, in folder: String) {
    guard let descriptor = FileLock.open(folder + "/" + name, in: folder) else { return nil }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Takes the first of these bytes that is free.
  package func tryTake(oneOf bytes: Range<Int>) -> Bool {
    bytes.contains { byte in
      var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: byte, l_len: 1, l_pid: 0)
      return fcntl(descriptor, Self.setLockOfOpenFile, &lock) == 0
    }
  }
}
