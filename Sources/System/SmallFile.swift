internal import Glibc

/// Files of a few kilobytes that are read and written whole: configuration, keys.
package enum SmallFile {
  /// The content, or `nil` with `errno` set; more than `limit` bytes are `EFBIG`.
  package static func read(_ path: String, limit: Int) -> [UInt8]? {
    // A FIFO that nobody writes to would be waited for; one that is handed over (`<(…)` of a shell) has its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO,
      !["/dev/fd/", "/proc/"].contains(where: { path.utf8.starts(with: $0.utf8) })
    {
      errno = EINVAL
      return nil
    }
    _ = fcntl(descriptor, F_SETFL, 0)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      bytes.append(contentsOf: chunk.prefix(count))
      guard bytes.count <= limit else {
        errno = EFBIG
        return nil
      }
    }
  }

  /// Writes a file of mode 0600 that is there completely or not at all, even after a power failure.
  ///
  /// - Parameter replacing: `false`: an existing file is left alone and `errno` is `EEXIST`.
  /// - Returns: `false` with `errno` set.
  package static func write(_ bytes: [UInt8], to path: String, replacing: Bool) -> Bool {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max))"
    do throws(SystemError) {
      let file = try Descriptor(opening: temporary, O_WRONLY | O_CREAT | O_EXCL)
      try file.write(bytes)
      if replacing { try keepOwner(of: path, on: file) } else { FileOwner.inherit(temporary) }
      guard fsync(file.number) == 0 else { throw .last }
      try file.closeReportingErrors()
      guard replacing ? rename(temporary, path) == 0 : publish(temporary, as: path, lock: path + ".lock")
      else {
        throw .last
      }
    } catch {
      unlink(temporary)
      errno = error.code
      return false
    }
    Folder.synchronize(holding: path)
    return true
  }

  /// Gives a file that is complete its name, if nothing bears that yet: then `errno` is `EEXIST`.
  ///
  /// Shares and some disks know no hard links, and say so in several ways. There whoever holds the lock looks and
  /// renames; without one, whoever calls holds another.
  package static func publish(_ temporary: String, as path: String, lock: String?) -> Bool {
    if link(temporary, path) == 0 {
      unlink(temporary)
      return true
    }
    guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { return false }
    guard let lock else { return renameWhereNothingIs(temporary, path) }
    guard let claim = try? Descriptor.claim(lock, until: .after(milliseconds: 5000)) else { return false }
    defer { claim.unlock() }
    return renameWhereNothingIs(temporary, path)
  }

  private static func renameWhereNothingIs(_ temporary: String, _ path: String) -> Bool {
    guard access(path, F_OK) != 0 else {
      errno = EEXIST
      return false
    }
    return rename(temporary, path) == 0
  }

  /// Gives the new file to the owner of the one it replaces: root must not take a key file away from the program.
  private static func keepOwner(of path: String, on file: borrowing Descriptor) throws(SystemError) {
    var present = stat()
    guard stat(path, &present) == 0, present.st_uid != geteuid() else { return }
    guard fchown(file.number, present.st_uid, present.st_gid) == 0 else { throw .last }
  }
}
