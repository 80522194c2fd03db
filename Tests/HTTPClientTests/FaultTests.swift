import Glibc
import HTTPClient
import TestSupport
import Testing

/// Servers that answer wrongly, slowly, without end or not at all.
struct FaultTests {
  /// Asks a server that runs `serve` once per connection.
  private func outcome(
    options: ClientOptions = ClientOptions(), timeout: Duration = .seconds(20),
    _ serve: @escaping @Sendable (RawConnection) -> Void
  ) throws -> TransferError? {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      serve(connection)
    }
    var client = HTTPClient(options: options)
    do throws(TransferError) {
      _ = try client.perform(HTTPRequest(url: server.url(), timeout: timeout))
      return nil
    } catch {
      return error
    }
  }

  @Test func `a body shorter than announced is broken`() throws {
    let error = try outcome { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") }
    #expect(error == .broken)
    #expect(error?.mayRetry == true)
  }

  @Test(arguments: [
    Sample("nothing", ""), Sample("half a chunk", "4\r\nab"), Sample("no end", "4\r\nabcd\r\n"),
    Sample("half an end", "4\r\nabcd\r\n0"), Sample("no size", "zz\r\nabcd\r\n0\r\n\r\n"),
    Sample("size of 68 bits", "fffffffffffffffff\r\na"),
  ])
  func `a chunked body that stops or is malformed is broken`(sample: Sample) throws {
    #expect(
      try outcome { $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + sample.text) }
        == .broken)
  }

  @Test(arguments: [
    Sample("at once", ""), Sample("in the header", "HTTP/1.1 200 OK\r\n"),
    Sample("in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"),
  ])
  func `a reset at any point is broken`(sample: Sample) throws {
    #expect(
      try outcome {
        $0.send(sample.text)
        $0.reset()
      } == .broken)
  }

  @Test(arguments: [
    Sample("a word", "hello"),
    Sample("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
    Sample("zeros", "\u{0}\u{0}\u{0}"),
    Sample("unknown version", "HTTP/9.9 200 OK\r\n\r\n"),
    Sample("status without digits", "HTTP/1.1 abc\r\n\r\n"),
    Sample("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    Sample("length without digits", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc"),
    Sample("another protocol from here", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    Sample("not gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
  ])
  func `what is not HTTP is broken`(sample: Sample) throws {
    #expect(try outcome { $0.send(sample.text) } == .broken)
  }

  @Test func `a server that never answers is left at the timeout`() throws {
    let error = try outcome(timeout: .milliseconds(200)) { $0.waitForEnd() }
    #expect(error == .timedOut)
    #expect(error?.mayRetry == false)
  }

  @Test func `a server that drips is ended by the timeout of the whole`() throws {
    #expect(
      try outcome(timeout: .milliseconds(500)) { connection in
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while connection.send("x") { usleep(20_000) }
      } == .timedOut)
  }

  @Test func `a header without end is cut off`() throws {
    #expect(
      try outcome { connection in
        connection.send("HTTP/1.1 200 OK\r\n")
        while connection.send("X-More: \(String(repeating: "y", count: 1000))\r\n") {}
      } == .tooLarge(limit: 65_536))
  }

  @Test func `interim answers without end are cut off`() throws {
    #expect(
      try outcome { connection in
        while connection.send("HTTP/1.1 103 Early Hints\r\nX-More: y\r\n\r\n") {}
      } == .tooLarge(limit: 65_536))
  }

  @Test func `a body of exactly the limit passes and one byte more does not`() throws {
    let options = ClientOptions(maximumBodyBytes: 100_000)
    let body = String(repeating: "x", count: 100_000)
    #expect(try outcome(options: options) { $0.answer(body) } == nil)
    #expect(try outcome(options: options) { $0.answer(body + "x") } == .tooLarge(limit: 100_000))
  }

  @Test func `a chunked body without end stops at the limit`() throws {
    let sent = Counter()
    let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
    let error = try outcome { connection in
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      while connection.send(chunk) { sent.add(65_536) }
    }
    #expect(error == .tooLarge(limit: 4 << 20))
    // What the two sockets hold comes on top of the limit.
    #expect(sent.value < 64 << 20)
  }

  @Test func `a body of 4 GB stops at the limit`() throws {
    let sent = Counter()
    let piece = [UInt8](repeating: 120, count: 65_536)
    let error = try outcome { connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(4 << 30)\r\n\r\n")
      while connection.send(piece) { sent.add(piece.count) }
    }
    #expect(error == .tooLarge(limit: 4 << 20))
    #expect(sent.value < 64 << 20)
  }

  @Test func `a gzip bomb stops at the limit`() throws {
    let bomb = gzipBomb(runs: 1_000_000)
    #expect(bomb.count < 2 << 20)
    let error = try outcome { connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n")
      connection.send(bomb)
    }
    #expect(error == .tooLarge(limit: 4 << 20))
  }

  @Test(arguments: [
    Sample("one line", "Content-Encoding: gzip, gzip\r\n"),
    Sample("two lines", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"),
    Sample("two kinds", "Transfer-Encoding: gzip, chunked\r\nContent-Encoding: gzip\r\n"),
  ])
  func `a body packed twice is refused unseen`(sample: Sample) throws {
    #expect(try outcome { $0.send("HTTP/1.1 200 OK\r\n\(sample.text)\r\n") } == .broken)
  }

  @Test func `a peer that resets while a body is sent does not end the process`() throws {
    let server = try RawServer { connection in
      _ = connection.read()
      connection.reset()
    }
    var client = HTTPClient()
    let body = [UInt8](repeating: 0, count: 8 << 20)
    for _ in 0..<20 {
      let error = #expect(throws: TransferError.self) {
        try client.perform(HTTPRequest(method: "POST", url: server.url(), body: body))
      }
      #expect(error == .broken)
    }
  }

  @Test func `a port where nobody listens refuses`() throws {
    let server = try RawServer { _ in }
    let url = server.url()
    server.stop()
    var client = HTTPClient()
    let error = #expect(throws: TransferError.self) { try client.perform(HTTPRequest(url: url)) }
    #expect(error == .refused)
    #expect(error?.mayRetry == true)
  }

  @Test func `a name that does not exist is unresolved`() throws {
    var client = HTTPClient()
    let error = #expect(throws: TransferError.self) {
      try client.perform(HTTPRequest(url: "http://nonexistent.invalid/"))
    }
    #expect(error == .unresolved)
  }

  @Test func `a server that takes no connection is left after the connect timeout`() throws {
    // A listening socket whose queue is full answers no further SYN: a black hole without a network.
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var fillers: [Int32] = []
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, size)
        _ = listen(listener, 0)
        _ = getsockname(listener, $0, &size)
        for _ in 0..<4 {
          let filler = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
          _ = connect(filler, $0, size)
          fillers.append(filler)
        }
      }
    }
    defer { for filler in fillers { close(filler) } }
    var client = HTTPClient(options: ClientOptions(connectTimeout: .milliseconds(200)))
    let port = UInt16(bigEndian: address.sin_port)
    let error = #expect(throws: TransferError.self) {
      try client.perform(HTTPRequest(url: "http://127.0.0.1:\(port)/", timeout: .seconds(600)))
    }
    #expect(error == .timedOut)
  }

  @Test func `after any fault the client goes on`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        switch request.target {
        case "/reset": return connection.reset()
        case "/half": return _ = connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        case "/hang": return connection.waitForEnd()
        case "/huge": return _ = connection.answer(String(repeating: "x", count: 5 << 20))
        default: connection.answer("ok")
        }
      }
    }
    var client = HTTPClient()
    for path in ["/reset", "/half", "/hang", "/huge", "/reset"] {
      #expect(throws: TransferError.self) {
        try client.perform(HTTPRequest(url: server.url(path), timeout: .milliseconds(300)))
      }
      #expect(try client.perform(HTTPRequest(url: server.url())).body == Array("ok".utf8))
    }
  }
}
