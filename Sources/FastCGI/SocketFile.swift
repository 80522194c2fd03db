internal import CFastCGI
internal import Glibc
internal import Synchronization
internal import System

/// The unix socket that we made: its file, its folder, and the duty to remove it at the end.
///
/// Made once at start, removed once at the end. Both happen under a lock on the folder, so that two programs
/// that start at once, or one that ends while its successor starts, never remove each other's socket. The
/// lock is on the folder itself: a lock file of our own would have to stay for ever.
struct SocketFile: ~Copyable, Sendable {
  private let folder: Descriptor
  private let name: String
  private let identity: FileIdentity
  private let isRemoved = Atomic<Bool>(false)

  /// Binds `socket` to `path`, unless something lives there, and listens. The file is 0660 before anyone can
  /// connect.
  /// - Throws: `alreadyInUse`, `notASocket` or `system`.
  init(binding socket: borrowing Descriptor, to path: String) throws(FastCGIError) {
    let folderPath = Folder.holding(path)
    let name =
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    let folder = try Descriptor(
      open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC), action: "open the folder", subject: folderPath)
    try Self.lock(folder, folderPath)
    identity = FileIdentity(try Self.bind(socket, path, in: folder, name))
    folder.unlock()
    self.folder = folder
    self.name = name
  }

  deinit { remove() }

  /// Removes the file, once, and only if it is still ours: an operator may have put another in its place.
  /// While our socket is open, its inode's number is given to no other file.
  borrowing func remove() {
    guard !isRemoved.exchange(true, ordering: .relaxed) else { return }
    guard (try? Self.lock(folder, name)) != nil else { return }
    defer { folder.unlock() }
    var status = stat()
    guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      FileIdentity(status) == identity
    else { return }
    unlinkat(folder.number, name, 0)
  }

  private static func bind(
    _ socket: borrowing Descriptor, _ path: String, in folder: borrowing Descriptor, _ name: String
  ) throws(FastCGIError) -> stat {
    try removeStale(path, in: folder, name)
    guard cfastcgi_bind_unix(socket.number, path) == 0 else {
      throw .system(action: "listen at", subject: path, errno: errno)
    }
    // Nobody can connect before listen(). The umask does not apply to chmod. All under the lock: a socket
    // which does not listen yet looks stale to a second start.
    var status = stat()
    guard fchmodat(folder.number, name, 0o660, 0) == 0,
      fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      listen(socket.number, Listener.backlog) == 0
    else {
      let reason = errno
      unlinkat(folder.number, name, 0)
      throw .system(action: "listen at", subject: path, errno: reason)
    }
    return status
  }

  /// Waits up to five seconds for another start or end in the same folder; it takes microseconds.
  private static func lock(_ folder: borrowing Descriptor, _ path: String) throws(FastCGIError) {
    do throws(SystemError) {
      let isTaken = try Deadline.after(milliseconds: 5000).wait(every: 10_000) { () throws(SystemError) in
        try folder.tryLock()
      }
      guard isTaken else { throw SystemError(code: EWOULDBLOCK) }
    } catch {
      throw .system(action: "lock the folder", subject: path, errno: error.code)
    }
  }

  /// Makes room at `path`: a socket that refuses connections was left by a crash.
  private static func removeStale(
    _ path: String, in folder: borrowing Descriptor, _ name: String
  ) throws(FastCGIError) {
    var status = stat()
    guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return }
      throw .system(action: "look at", subject: path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }

    let probe = try Descriptor(cfastcgi_socket(AF_UNIX), action: "make a socket for", subject: path)
    if cfastcgi_connect_unix(probe.number, path) == 0 { throw .alreadyInUse("unix:\(path)") }
    switch errno {
    case ECONNREFUSED: break
    // EAGAIN: somebody lives there, with a full queue. EPROTOTYPE: with another kind of socket.
    case EAGAIN, EINPROGRESS, EPROTOTYPE: throw .alreadyInUse("unix:\(path)")
    case let reason: throw .system(action: "tell whether somebody listens at", subject: path, errno: reason)
    }
    guard unlinkat(folder.number, name, 0) == 0 || errno == ENOENT else {
      throw .system(action: "remove the stale socket", subject: path, errno: errno)
    }
  }
}
