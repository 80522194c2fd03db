internal import Glibc

/// One connection of a ``RawServer``, used by the thread that serves it.
package final class RawConnection: Sendable {
  private let descriptor: Guarded<Int32?>
  private let unread = Guarded<[UInt8]>([])

  init(_ descriptor: Int32) { self.descriptor = Guarded(descriptor) }

  /// The next bytes; empty when the client has closed its side or the server stops.
  package func read() -> [UInt8] {
    let kept = unread.withLock { bytes in
      defer { bytes = [] }
      return bytes
    }
    guard kept.isEmpty, let descriptor = descriptor.withLock({ $0 }) else { return kept }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, count)))
  }

  /// One whole request; `nil` when the client leaves first.
  package func readRequest() -> RawRequest? {
    var bytes: [UInt8] = []
    while true {
      if let (request, rest) = RawRequest.split(bytes) {
        unread.withLock { $0 = rest }
        return request
      }
      let more = read()
      guard !more.isEmpty else { return nil }
      bytes += more
    }
  }

  /// Sends all bytes; `false` when the client has left.
  @discardableResult package func send(_ bytes: [UInt8]) -> Bool {
    guard let descriptor = descriptor.withLock({ $0 }) else { return false }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Sends a text as it is.
  @discardableResult package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends a whole answer with its length.
  @discardableResult package func answer(
    _ body: String = "", status: String = "200 OK", headers: [String] = []
  ) -> Bool {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
    return send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
  }

  /// Answers every request of the connection in the same way, until the client leaves.
  package func answerAll(_ body: String = "", headers: [String] = []) {
    while readRequest() != nil { answer(body, headers: headers) }
  }

  /// Whether the client is still there and the server not stopped; asked without taking bytes.
  package var isOpen: Bool {
    guard let descriptor = descriptor.withLock({ $0 }) else { return false }
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
  }

  /// Blocks until the client has left or the server stops.
  package func waitForEnd() { while !read().isEmpty {} }

  /// Ends the connection with a reset instead of an orderly close.
  package func reset() {
    descriptor.withLock {
      guard let descriptor = $0 else { return }
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
    close()
  }

  func close() {
    descriptor.withLock { if let descriptor = $0.take() { _ = Glibc.close(descriptor) } }
  }

  /// Lets a blocked read or send return.
  func wake() {
    descriptor.withLock { if let descriptor = $0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }
}
