internal import Glibc

/// A server on a free port of 127.0.0.1 whose answers are written byte by byte by the test: whole, broken,
/// slow or not at all. One thread per connection; it ends with its last reference.
package final class RawServer: Sendable {
  /// The port it listens on.
  package let port: Int
  private let connections: ConnectionTable
  private let accepting: PlainThread

  /// Starts listening; `serve` runs once per connection, which is closed when it returns.
  /// - Throws: the system call that failed, with its `errno`.
  package init(_ serve: @escaping @Sendable (RawConnection) -> Void) throws(RawServerError) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw RawServerError(call: "socket", number: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 512) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    guard isListening else {
      let number = errno
      close(listener)
      throw RawServerError(call: "bind", number: number)
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    let connections = ConnectionTable(listener: listener)
    self.connections = connections
    accepting = PlainThread { connections.acceptUntilStopped(serve) }
  }

  deinit { stop() }

  /// `http://127.0.0.1:port` with this path.
  package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// How many connections there have been.
  package var accepted: Int { connections.counts.accepted }

  /// How many there are now.
  package var open: Int { connections.counts.open }

  /// How many there were at the same time, at the most.
  package var peak: Int { connections.counts.peak }

  /// Closes everything and waits for all threads. Not to be called by `serve`.
  package func stop() {
    connections.stop()
    accepting.join()
    connections.join()
  }
}

/// Why a server could not start.
package struct RawServerError: Error {
  /// The system call.
  package let call: String
  /// Its `errno`.
  package let number: Int32
}

/// What the threads of one server share.
private final class ConnectionTable: Sendable {
  struct Counts { var accepted = 0, open = 0, peak = 0 }
  private struct Content {
    var counts = Counts()
    var isStopped = false
    var connections: [Int: RawConnection] = [:]
    var threads: [Int: PlainThread] = [:]
    var ended: [Int] = []
  }

  private let listener: Int32
  private let content = Guarded(Content())

  init(listener: Int32) { self.listener = listener }

  var counts: Counts { content.withLock { $0.counts } }

  func acceptUntilStopped(_ serve: @escaping @Sendable (RawConnection) -> Void) {
    while true {
      let descriptor = accept(listener, nil, nil)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        reap()
        begin(RawConnection(descriptor), serve)
      } else if content.withLock({ $0.isStopped }) {
        break
      } else {
        usleep(1000)
      }
    }
    close(listener)
  }

  private func begin(_ connection: RawConnection, _ serve: @escaping @Sendable (RawConnection) -> Void) {
    let name = content.withLock {
      $0.counts.accepted += 1
      let name = $0.counts.accepted
      $0.counts.open += 1
      $0.counts.peak = max($0.counts.peak, $0.counts.open)
      $0.connections[name] = connection
      if $0.isStopped { connection.wake() }
      return name
    }
    let thread = PlainThread { [self] in
      serve(connection)
      connection.close()
      content.withLock {
        $0.counts.open -= 1
        $0.connections[name] = nil
        $0.ended.append(name)
      }
    }
    content.withLock { $0.threads[name] = thread }
  }

  /// Joins the threads that have ended, whose stacks would stay otherwise. Runs on the thread that starts them.
  private func reap() {
    let threads = content.withLock { content in
      defer { content.ended = [] }
      return content.ended.compactMap { content.threads.removeValue(forKey: $0) }
    }
    for thread in threads { thread.join() }
  }

  func stop() {
    content.withLock {
      guard !$0.isStopped else { return }
      $0.isStopped = true
      // On Linux this wakes accept(2).
      shutdown(listener, Int32(SHUT_RDWR))
      for connection in $0.connections.values { connection.wake() }
    }
  }

  func join() {
    for thread in content.withLock({ Array($0.threads.values) }) { thread.join() }
  }
}
