internal import CFastCGI
internal import Glibc
internal import System

/// A descriptor that becomes readable when any thread says so: what `poll` and epoll wait for beside sockets.
final class WakeUp: Sendable {
  let descriptor: Descriptor

  init() throws(FastCGIError) {
    descriptor = try Descriptor(cfastcgi_eventfd(), action: "make", subject: "an eventfd")
  }

  /// Makes it readable until it is cleared.
  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor.number, &one, MemoryLayout.size(ofValue: one))
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor.number, &count, MemoryLayout.size(ofValue: count))
  }

  /// Waits until it is readable, for so many milliseconds at most.
  func wait(milliseconds: Int32) {
    var event = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    poll(&event, 1, milliseconds)
  }
}
