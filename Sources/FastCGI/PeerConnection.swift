internal import CFastCGI
internal import Glibc

/// An accepted connection in the hands of the one worker that has it at the moment.
struct PeerConnection {
  let descriptor: Int32
  /// Whether the epoll instance knows it, from an earlier wait.
  var isWatched = false
  /// Whether it has had a request: its peer expects that it may be closed between two.
  var isServed = false
  /// What it waits for.
  var pending: Pending?
  /// Something follows the request already. What is behind a request is never taken for the next one: a client chooses
  /// the bytes of a body.
  var hasMore = false

  /// Closes at once. Right where nothing that the peer sent is unread.
  func close() {
    _ = Glibc.close(descriptor)
  }
}
