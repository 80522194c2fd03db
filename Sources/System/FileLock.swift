internal import Glibc

/// Locks that belong to the open file: they work between threads and processes, and die with their holder, however it
/// ends. `F_SETLK` would belong to the process, and be dropped by closing any descriptor of the file.
extension Descriptor {
  /// `F_OFD_SETLK` of linux/fcntl.h, which Swift's Glibc lacks.
  private static let setLockOfOpenFile: Int32 = 37

  /// Opens a file that is there to be locked, making it (0600) where it is missing. Permanent, unless its holder removes
  /// it: an unlinked lock file is a lock that two can hold. Made by root it is given to the owner of its folder, who could
  /// otherwise never lock it.
  package init(lockFile path: String) throws(SystemError) {
    try self.init(opening: path, O_RDWR | O_CREAT)
    FileOwner.inherit(path)
  }

  /// Opens and takes a file that whoever held it may have removed before they let go; `nil`: somebody has it until the
  /// deadline.
  ///
  /// - Parameter byte: this one alone is taken, where others lock parts of the file meanwhile.
  package static func claim(
    _ path: String, byte: Int? = nil, until deadline: Deadline = .now
  ) throws(SystemError) -> Descriptor? {
    while true {
      let file = try Descriptor(lockFile: path)
      let isTaken = if let byte { try file.tryLock(byte: byte) } else { try file.tryLock() }
      if isTaken {
        if file.isStill(at: path) { return file }
        continue
      }
      if deadline.isPast { return nil }
      usleep(1000)
    }
  }

  /// Takes the whole file (`flock`); `false` while somebody else has it.
  package borrowing func tryLock(isShared: Bool = false) throws(SystemError) -> Bool {
    while flock(number, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      guard errno == EINTR else { throw .last }
    }
    return true
  }

  package borrowing func unlock() { flock(number, LOCK_UN) }

  /// Takes one byte of the file, which is independent of the whole; `false` while somebody else has it.
  package borrowing func tryLock(byte: Int) throws(SystemError) -> Bool {
    try set(F_WRLCK, from: byte, length: 1)
  }

  /// Takes the first of these bytes that is free.
  package borrowing func tryLock(oneOf bytes: Range<Int>) throws(SystemError) -> Bool {
    for byte in bytes where try tryLock(byte: byte) { return true }
    return false
  }

  package borrowing func unlock(byte: Int) { _ = try? set(F_UNLCK, from: byte, length: 1) }

  /// Gives every byte back. Closing does that too, but not at once while a process is being started: between `fork` and
  /// `exec` it has our open file, and with it our locks.
  package borrowing func unlockBytes() { _ = try? set(F_UNLCK, from: 0, length: 0) }

  private borrowing func set(_ type: Int32, from start: Int, length: Int) throws(SystemError) -> Bool {
    var lock = flock(
      l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: off_t(start), l_len: off_t(length), l_pid: 0)
    while fcntl(number, Self.setLockOfOpenFile, &lock) != 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN, EACCES: return false
      default: throw .last
      }
    }
    return true
  }
}

extension Deadline {
  /// Tries again and again; `false` when it has not been had by then.
  ///
  /// Polled: a blocking lock has no deadline, and the signal that could end it belongs to the whole process.
  package func wait(
    every microseconds: UInt32, for attempt: () throws(SystemError) -> Bool
  ) throws(SystemError) -> Bool {
    while try !attempt() {
      if isPast { return false }
      usleep(microseconds)
    }
    return true
  }
}
