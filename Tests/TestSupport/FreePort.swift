internal import Glibc

/// A port of 127.0.0.1 that nobody listens on at the moment.
package enum FreePort {
  /// Below those that outgoing connections get (Linux: from 32768 on). What the system gives for 0 is of theirs, and may be
  /// given again before it is used: a test then talks to another one's server.
  private static let all = 10_240..<32_768
  private static let next = Guarded(Int.random(in: all))

  /// Finds one, and never the same again in this process. Another process may take it before it is used.
  package static func find() -> Int {
    while true {
      let port = next.withLock { next in
        defer { next = next + 1 == all.upperBound ? all.lowerBound : next + 1 }
        return next
      }
      if isFree(port) { return port }
    }
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
