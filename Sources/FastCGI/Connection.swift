internal import CFastCGI
internal import Glibc

/// An accepted connection in the hands of the one worker that serves it.
struct Connection {
  let descriptor: Int32
  /// Whether the epoll instance knows it, from an earlier wait.
  var isWatched: Bool

  /// Closes at once. Right where nothing that the peer sent is unread.
  func close() {
    _ = Glibc.close(descriptor)
  }

  /// Closes after the peer has had time to take the answer: to close while something is unread makes the
  /// kernel throw away, on TCP, what the peer has not read yet. At most a second and 16 MiB of unread body.
  func closeAfterLinger() {
    shutdown(descriptor, Int32(SHUT_WR))
    let deadline = Deadline.after(milliseconds: 1000)
    withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { buffer in
      for _ in 0..<1024 {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, deadline.remainingMilliseconds) > 0,
          recv(descriptor, buffer.baseAddress, buffer.count, 0) > 0
        else { return }
      }
    }
    close()
  }
}
