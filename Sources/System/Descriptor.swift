package import Glibc

/// A system call's `errno`, before it is told together with what was tried.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  package static var last: SystemError { SystemError(code: errno) }

  // Unlike POSIX's, GNU's is safe between threads; before glibc 2.32 but for numbers that are no errno.
  package var description: String { String(cString: strerror(code)) }
}

/// A file, whatever its name.
package struct FileIdentity: Hashable, Sendable {
  private let device: dev_t
  private let inode: ino_t

  package init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }
}

/// Owns one file descriptor; closing it also drops the locks of its open file.
///
/// Not swift-system's `FileDescriptor`, which owns nothing: 1.8.1 opens relative to no folder, knows no lock, rename,
/// link, fsync or mkdir, and would add 0.4 MB to each program for `open`, `read` and `write`.
package struct Descriptor: ~Copyable, Sendable {
  package let number: Int32

  /// `openat`, always `O_CLOEXEC` and `O_NOFOLLOW`: no symbolic link is followed that stands where one
  /// of our files should.
  package init(
    opening path: UnsafePointer<CChar>, _ flags: Int32, mode: mode_t = 0o600, in directory: Int32 = AT_FDCWD
  ) throws(SystemError) {
    while true {
      let number = openat(directory, path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
      if number >= 0 {
        self.number = number
        return
      }
      // Network file systems can be interrupted while they open.
      guard errno == EINTR else { throw .last }
    }
  }

  /// Takes over a descriptor that nobody else will close.
  package init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Gives the descriptor away, to something that closes it.
  package consuming func surrender() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  package borrowing func status() throws(SystemError) -> stat {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw .last }
    return status
  }

  /// Whether the file at the path is this one.
  package borrowing func isStill(at path: String) -> Bool {
    var present = stat()
    guard let held = try? status(), lstat(path, &present) == 0 else { return false }
    return FileIdentity(held) == FileIdentity(present)
  }

  /// Writes everything, in as many steps as the system wants; at the file's position unless an offset is
  /// given.
  package borrowing func write(_ bytes: [UInt8], at offset: Int? = nil) throws(SystemError) {
    try Self.write(bytes, to: number, at: offset)
  }

  /// The same for a descriptor that somebody else closes, such as standard output.
  package static func write(_ bytes: [UInt8], to number: Int32, at offset: Int? = nil) throws(SystemError) {
    // The closure returns the error instead of throwing it: Swift 6.3.1 crashes when a closure throws a typed
    // error through a function that rethrows.
    let code: Int32 = bytes.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count =
          if let offset { pwrite(number, rest.baseAddress, rest.count, off_t(offset + written)) } else {
            Glibc.write(number, rest.baseAddress, rest.count)
          }
        if count > 0 {
          written += count
        } else if count == 0 || errno != EINTR {
          return count == 0 ? ENOSPC : errno
        }
      }
      return 0
    }
    guard code == 0 else { throw SystemError(code: code) }
  }

  /// Fills the buffer from the offset; the count is smaller only at the end of the file.
  package borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError)
    -> Int
  {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(number, rest.baseAddress, rest.count, off_t(offset + filled))
      if count > 0 {
        filled += count
      } else if count == 0 {
        break
      } else if errno != EINTR {
        throw .last
      }
    }
    return filled
  }

  /// Closes now and tells what closing says: NFS and quotas report a full disk only here.
  package consuming func closeReportingErrors() throws(SystemError) {
    let number = surrender()
    // EINTR: Linux has closed it all the same, and trying again could close somebody else's.
    guard close(number) == 0 || errno == EINTR else { throw .last }
  }
}
