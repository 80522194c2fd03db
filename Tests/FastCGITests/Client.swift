import Glibc

/// A web server's end of one connection.
final class Client {
  private let descriptor: Int32

  /// Connects to a unix socket, and gives up on anything that takes longer than a minute.
  convenience init(_ path: String) throws {
    var address = sockaddr_un()
    address.sun_family = UInt16(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    try self.init(AF_UNIX, address)
  }

  /// Connects to a port of this machine.
  convenience init(port: UInt16) throws {
    var address = sockaddr_in()
    address.sin_family = UInt16(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    try self.init(AF_INET, address)
  }

  private init<Address>(_ family: Int32, _ address: Address) throws {
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout.size(ofValue: limit)))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout.size(ofValue: limit)))
    let isConnected = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard isConnected == 0 else { throw Refused(errno: errno) }
  }

  struct Refused: Error { let errno: Int32 }

  deinit { close(descriptor) }

  /// Sends all of it; false when the peer went away.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let step = Glibc.send(
          descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        if step <= 0 { return false }
        sent += step
      }
      return true
    }
  }

  /// Says that nothing more will come.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Whether the peer has closed; nothing of what it sent is read.
  var isClosed: Bool {
    var event = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&event, 1, 0) == 1 && event.revents & Int16(POLLHUP) != 0
  }

  /// Everything until the peer closes. `nil`: it had not after a minute.
  func readToEnd() -> [UInt8]? {
    var bytes: [UInt8] = []
    while let part = read() {
      if part.isEmpty { return bytes }
      bytes += part
    }
    return nil
  }

  /// Everything until the request is ended; the connection may stay open.
  func readAnswer() -> [UInt8] {
    var bytes: [UInt8] = []
    while !Wire.records(in: bytes).contains(where: { $0.type == Wire.end }), let part = read(), !part.isEmpty
    {
      bytes += part
    }
    return bytes
  }

  private func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { return errno == ECONNRESET ? [] : nil }
    return Array(buffer.prefix(count))
  }

  /// One request on a connection of its own: what was answered, and how it ended.
  static func exchange(_ path: String, _ bytes: [UInt8]) throws -> (text: String, protocolStatus: UInt8?) {
    let client = try Client(path)
    client.send(bytes)
    return Wire.answer(in: client.readAnswer())
  }
}
