/// How long the server waits for whom. Web servers on the same machine answer in microseconds, so that each
/// of these is met only when something is broken.
package struct ServerTimeouts: Sendable {
  /// For a whole request, from its first byte to its last; and for the first byte on a new connection. It costs no thread.
  package var receive: Duration
  /// For the web server to take the answer, or the next part of it.
  package var send: Duration
  /// For the next request on a connection that the web server keeps (`fastcgi_keep_conn on`). It costs no
  /// thread, only a descriptor. Longer than nginx's own 60 seconds, so that it is nginx which ends it.
  package var idle: Duration
  /// For requests in flight when the program is told to end. Supervisors kill after 5 seconds or more.
  package var shutdown: Duration

  /// For a request that comes again and again, all in all.
  package var postpone: Duration

  /// The defaults suit nginx on the same machine.
  package init(
    receive: Duration = .seconds(30), send: Duration = .seconds(30), idle: Duration = .seconds(75),
    shutdown: Duration = .milliseconds(4500), postpone: Duration = .seconds(10)
  ) {
    self.receive = receive
    self.send = send
    self.idle = idle
    self.shutdown = shutdown
    self.postpone = postpone
  }
}

/// The same as whole milliseconds, computed once: what the kernel and `Deadline` take.
struct Limits: Sendable {
  let receive: Int32
  let send: Int32
  let idle: Int32
  let shutdown: Int32
  let postpone: Int32

  init(_ timeouts: ServerTimeouts) {
    receive = Self.milliseconds(timeouts.receive)
    send = Self.milliseconds(timeouts.send)
    idle = Self.milliseconds(timeouts.idle)
    shutdown = Self.milliseconds(timeouts.shutdown)
    postpone = Self.milliseconds(timeouts.postpone)
  }

  /// At least one millisecond, since 0 means "for ever" to the kernel; at most 23 days.
  private static func milliseconds(_ duration: Duration) -> Int32 {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0 else { return 1 }
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    return max(1, Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
  }
}
