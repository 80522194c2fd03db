internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Puts one reply on the wire in the way its delivery says.
///
/// The bytes are written here and not by an HTTP encoder, which would not lie about lengths, let a body end
/// half-way, or keep the order and the case of Meta's headers.
final class ReplyWriter {
  private let context: ChannelHandlerContext
  private let reply: Reply
  private let keepsAlive: Bool
  private let hasBody: Bool
  private let done: () -> Void

  init(
    context: ChannelHandlerContext, reply: Reply, keepsAlive: Bool, hasBody: Bool, done: @escaping () -> Void
  ) {
    self.context = context
    self.reply = reply
    self.keepsAlive = keepsAlive
    self.hasBody = hasBody
    self.done = done
  }

  func start() {
    let body = hasBody ? reply.body : []
    switch reply.delivery {
    case .whole:
      send(head(length: reply.body.count) + body) { [self] in
        guard keepsAlive else { return close() }
        done()
      }
    case .truncated(let count): send(head(length: body.count) + body.prefix(count)) { [self] in close() }
    case .resetBefore: reset()
    case .resetAfter(let count):
      send(head(length: body.count) + body.prefix(count)) { [self] in
        // Time for the bytes to arrive: a reset overtakes what is still in flight.
        after(milliseconds: 50) { [self] in reset() }
      }
    case .drip(let milliseconds):
      drip(ArraySlice(head(length: body.count) + body), milliseconds: milliseconds)
    case .hang: break
    case .endless(let count):
      let announced = "Transfer-Encoding: chunked"
      send(head(framing: announced)) { [self] in stream(count) }
    case .notHTTP: send(body) { [self] in close() }
    }
  }

  private func head(length: Int) -> [UInt8] { head(framing: "Content-Length: \(length)") }

  private func head(framing: String) -> [UInt8] {
    var text = "HTTP/1.1 \(reply.status) \(Self.reason(reply.status))\r\n"
    for header in reply.headers { text += "\(header.name): \(header.value)\r\n" }
    text += "Date: \(GraphTime.header(GraphTime.now()))\r\n\(framing)\r\n"
    text += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
    return Array(text.utf8)
  }

  /// Chunks of 64 KiB, each when the one before has left, so that a slow client costs no memory.
  private func stream(_ remaining: Int) {
    guard remaining > 0 else { return send(Array("0\r\n\r\n".utf8)) { [self] in close() } }
    let count = min(remaining, 1 << 16)
    let chunk = Array((String(count, radix: 16) + "\r\n").utf8) + [UInt8](repeating: 0x20, count: count)
    send(chunk + [13, 10]) { [self] in stream(remaining - count) }
  }

  private func drip(_ bytes: ArraySlice<UInt8>, milliseconds: Int) {
    guard let first = bytes.first else { return close() }
    send([first]) { [self] in
      after(milliseconds: milliseconds) { [self] in drip(bytes.dropFirst(), milliseconds: milliseconds) }
    }
  }

  /// Writes, and goes on when the bytes are with the kernel. A client that has left ends the matter.
  private func send(_ bytes: [UInt8], then next: @escaping () -> Void) {
    guard context.channel.isActive else { return }
    let written: EventLoopFuture<Void> = context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)))
    written.assumeIsolated().whenSuccess(next)
  }

  private func after(milliseconds: Int, _ next: @escaping () -> Void) {
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds)), next)
  }

  private func close() { context.close(promise: nil) }

  /// Closing with a linger time of zero sends RST instead of FIN.
  private func reset() {
    guard let socket = context.channel as? any SocketOptionProvider else { return close() }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { [self] _ in close() }
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 302: "Found"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }
}
