internal import Glibc
internal import JSON

/// A connection that shows bytes as they are: what a client library hides is what these tests are about.
final class WireConnection {
  /// How a connection ended, when it did.
  enum End: Equatable { case open, closed, reset, timedOut }

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private(set) var end = End.open

  /// Connects; reading gives up after `timeout` milliseconds without a byte.
  init(port: Int, timeout: Int = 30_000) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: timeout / 1000, tv_usec: timeout % 1000 * 1000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let outcome = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    precondition(outcome == 0, "nothing listens on port \(port)")
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Sends a request without a body.
  func get(_ target: String, headers: [String] = [], method: String = "GET") {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1"] + headers
    send(lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  /// Everything until the end, or until `limit` bytes are there.
  func readAll(limit: Int = .max) -> [UInt8] {
    while end == .open, buffer.count < limit { fill() }
    defer { buffer = [] }
    return buffer
  }

  /// Reads one reply with a `Content-Length`; what was there of it when the connection ended before.
  func reply(hasBody: Bool = true) -> WireReply {
    while end == .open, headEnd == nil { fill() }
    guard let headEnd else { return WireReply(head: "", body: []) }
    let head = String(decoding: buffer[..<headEnd], as: UTF8.self)
    var reply = WireReply(head: head, body: [])
    buffer.removeFirst(headEnd + 4)
    let length = hasBody ? reply.headers["content-length"].flatMap { Int($0) } ?? 0 : 0
    while end == .open, buffer.count < length { fill() }
    reply.body = Array(buffer.prefix(length))
    buffer.removeFirst(reply.body.count)
    return reply
  }

  private var headEnd: Int? {
    let mark: [UInt8] = [13, 10, 13, 10]
    guard buffer.count >= 4 else { return nil }
    return (0...buffer.count - 4).first { Array(buffer[$0..<$0 + 4]) == mark }
  }

  private func fill() {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &part, part.count, 0)
    if count > 0 {
      buffer += part[..<count]
    } else if count == 0 {
      end = .closed
    } else {
      end = errno == ECONNRESET ? .reset : .timedOut
    }
  }
}

/// A reply, taken apart.
struct WireReply {
  var head: String
  var body: [UInt8]

  var status: Int { head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }

  /// By lower-case name.
  var headers: [String: String] {
    var headers: [String: String] = [:]
    for line in head.split(separator: "\r\n").dropFirst() {
      let halves = line.split(separator: ":", maxSplits: 1)
      if halves.count == 2 { headers[halves[0].lowercased()] = String(halves[1].drop { $0 == " " }) }
    }
    return headers
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  var json: JSONValue { (try? JSONValue(parsing: body)) ?? nil }

  /// The `error` of the body.
  var error: JSONValue? { json["error"] }
}
