import FastCGI
import Glibc
import System
import Testing
import TestSupport

/// Connections that are kept, abused, silent, or gone.
@Suite struct ConnectionTests {
  @Test func `a kept connection serves one request after the other`() throws {
    let server = try RunningServer(workers: 1, handler: Handlers.body)
    let client = try Client(server.path)
    for number in 1...50 {
      client.send(Wire.request("/", body: "\(number)", keep: true, id: number))
      let records = Wire.records(in: client.readAnswer())
      #expect(
        records.first == Wire.Record(type: Wire.stdout, id: number, content: Array("complete:\(number)".utf8))
      )
    }
    client.send(Wire.request("/", keep: false))
    #expect(Wire.answer(in: try #require(client.readToEnd())).text == "complete:")
  }

  @Test func `more kept connections than threads do not starve each other`() throws {
    let server = try RunningServer(workers: 2, handler: Handlers.path)
    let clients = try (0..<40).map { _ in try Client(server.path) }
    for round in 0..<3 {
      for (index, client) in clients.enumerated() {
        client.send(Wire.request("/\(round)/\(index)", keep: true))
        #expect(Wire.answer(in: client.readAnswer()).text == "/\(round)/\(index)")
      }
    }
    #expect(try Client.exchange(server.path, Wire.request("/new")).text == "/new")
  }

  /// A body whose bytes are themselves a request, from this machine's own address.
  private static let forged = Wire.request("/forged", more: [("REMOTE_ADDR", "127.0.0.1")])

  /// The forged request at several places in the records around it.
  @Test(arguments: [0, 1, 7, 8, 5000, 8192, 70_000])
  func `an unread body does not become a request`(_ offset: Int) throws {
    let seen = Seen()
    let server = try RunningServer(workers: 1) { exchange in
      seen.add(exchange.parameter("PATH_INFO") ?? "-")
      exchange.write([], Array("unread".utf8))
    }
    for _ in 0..<20 {
      let client = try Client(server.path)
      let body = [UInt8](repeating: 0, count: offset) + Self.forged
      client.send(
        Wire.begin(keep: true)
          + Wire.parameters([("PATH_INFO", "/outer"), ("CONTENT_LENGTH", "\(body.count)")])
          + Wire.stream(Wire.stdin, body))
      let answer = Wire.answer(in: try #require(client.readToEnd()))
      #expect(answer == ("unread", 0))
    }
    #expect(Set(seen.all) == ["/outer"])
    #expect(seen.all.count == 20)
  }

  @Test(arguments: ["5", "999999", "x", ""])
  func `neither does one that is longer, larger or falsely announced`(_ length: String) throws {
    let seen = Seen()
    let server = try RunningServer(workers: 1) { exchange in
      seen.add(exchange.parameter("PATH_INFO") ?? "-")
      Handlers.body(&exchange)
    }
    let client = try Client(server.path)
    client.send(
      Wire.begin(keep: true) + Wire.parameters([("PATH_INFO", "/outer"), ("CONTENT_LENGTH", length)])
        + Wire.stream(Wire.stdin, Self.forged))
    #expect(client.readToEnd() != nil)
    #expect(seen.all == ["/outer"])
  }

  @Test func `a silent peer holds no worker, and is dropped after the timeout`() throws {
    let server = try RunningServer(
      workers: 1, timeouts: ServerTimeouts(receive: .seconds(1)), handler: Handlers.path)
    let silent = try (0..<10).map { _ in try Client(server.path) }
    #expect(try Client.exchange(server.path, Wire.request("/meanwhile")).text == "/meanwhile")
    for client in silent { #expect(client.readToEnd() == []) }
  }

  /// Beginnings of a request.
  private static let beginnings: [[UInt8]] = [
    Array(Wire.begin().prefix(3)),
    Wire.begin(),
    Wire.begin() + Wire.parameters([("A", "b")]).prefix(10),
    // Between two parameters: nothing shows that there should be more but the missing end.
    Wire.begin() + Wire.record(Wire.params, Wire.pair([65], [66])),
    Wire.begin() + Wire.parameters([("CONTENT_LENGTH", "5")]) + Wire.record(Wire.stdin, [1]),
    // Everything but the end of the body.
    Wire.request("/", body: "hello").dropLast(8),
  ]

  /// A server that notes every request which reaches its handler.
  private func listening(_ seen: Seen, workers: Int = 1, receive: Duration = .seconds(30)) throws
    -> RunningServer
  {
    try RunningServer(workers: workers, timeouts: ServerTimeouts(receive: receive)) { exchange in
      seen.add(exchange.parameter("PATH_INFO") ?? "-")
      Handlers.body(&exchange)
    }
  }

  @Test(arguments: beginnings)
  func `a peer that falls silent half-way is dropped after the timeout`(_ bytes: [UInt8]) throws {
    let seen = Seen()
    let server = try listening(seen, receive: .seconds(1))
    let client = try Client(server.path)
    client.send(bytes)
    #expect(client.readToEnd() == [])
    #expect(seen.all.isEmpty)
    #expect(try Client.exchange(server.path, Wire.request("/after")).text == "complete:")
  }

  @Test(arguments: beginnings)
  func `a peer that leaves half-way starts nothing`(_ bytes: [UInt8]) throws {
    let seen = Seen()
    let server = try listening(seen)
    let client = try Client(server.path)
    client.send(bytes)
    client.finishSending()
    #expect(client.readToEnd() == [])
    #expect(seen.all.isEmpty)
    #expect(try Client.exchange(server.path, Wire.request("/after")).text == "complete:")
  }

  /// Where each of them may stop for a while: in the parameters, and in the body.
  @Test func `requests that come slowly hold no worker, and are answered when they are whole`() throws {
    let seen = Seen()
    let server = try listening(seen, workers: 2)
    let request = Wire.request("/slow", body: "hello", keep: true)
    let clients = try (0..<60).map { _ in try Client(server.path) }
    for (index, client) in clients.enumerated() {
      client.send(Array(request.prefix(request.count * (index % 10) / 10 + 1)))
    }
    for number in 0..<20 {
      #expect(try Client.exchange(server.path, Wire.request("/quick/\(number)")).text == "complete:")
    }
    #expect(!seen.all.contains("/slow"))
    // The rest in three pieces, the last of which is the last byte.
    for (index, client) in clients.enumerated() {
      let rest = request.dropFirst(request.count * (index % 10) / 10 + 1)
      client.send(Array(rest.prefix(rest.count / 2)))
      client.send(Array(rest.dropFirst(rest.count / 2).dropLast()))
    }
    #expect(try Client.exchange(server.path, Wire.request("/quick")).text == "complete:")
    #expect(!seen.all.contains("/slow"))
    for client in clients {
      client.send(Array(request.suffix(1)))
      #expect(Wire.answer(in: client.readAnswer()) == ("complete:hello", 0))
      // The connection is clean: it serves the next one.
      client.send(Wire.request("/next", keep: true))
      #expect(Wire.answer(in: client.readAnswer()) == ("complete:", 0))
    }
  }

  /// Never silent for as long as the timeout, and whole in the end, but far too late.
  @Test(arguments: [2, 40])
  func `there is one deadline for a whole request, however often a byte comes`(_ atOnce: Int) throws {
    let seen = Seen()
    let server = try listening(seen, receive: .milliseconds(300))
    let client = try Client(server.path)
    // In pieces of two bytes it is still at its parameters then, in pieces of forty at its body.
    var rest = Wire.request("/drip", body: String(repeating: "b", count: 2000))[...]
    var isOpen = true
    while isOpen, !rest.isEmpty {
      isOpen = client.send(Array(rest.prefix(atOnce)))
      rest = rest.dropFirst(atOnce)
      usleep(20_000)
    }
    #expect(!isOpen)
    #expect(client.readToEnd() == [])
    #expect(seen.all.isEmpty)
  }

  @Test func `a body that is too large is answered before it is there, and its rest holds no worker`() throws
  {
    let server = try RunningServer(workers: 1, handler: Handlers.body)
    let clients = try (0..<20).map { _ in try Client(server.path) }
    for client in clients {
      client.send(
        Wire.begin(keep: true) + Wire.parameters([("CONTENT_LENGTH", "5000000")])
          + Wire.record(Wire.stdin, [UInt8](repeating: 65, count: 65_000)))
      client.send(Wire.record(Wire.stdin, [UInt8](repeating: 65, count: 65_000)))
    }
    for client in clients { #expect(Wire.answer(in: client.readAnswer()).text == "too large") }
    #expect(try Client.exchange(server.path, Wire.request("/after")).text == "complete:")
    // What still comes is thrown away, and the connection ends.
    for client in clients {
      client.send(Wire.record(Wire.stdin, [UInt8](repeating: 65, count: 65_000)))
      client.finishSending()
      #expect(client.readToEnd() == [])
    }
  }

  @Test func `all that is half there is bounded: the oldest goes`() throws {
    let server = try RunningServer(workers: 2) { exchange in
      if case .complete(let body) = exchange.readBody(limit: 65536) {
        exchange.write([], Array("\(body.count)".utf8))
      }
    }
    let request = Wire.request("/", body: String(repeating: "b", count: 60_000))
    let clients = try (0..<400).map { _ in
      let client = try Client(server.path)
      client.send(Array(request.dropLast()))
      return client
    }
    #expect(try Client.exchange(server.path, request).text == "60000")
    #expect(clients[0].readToEnd() == [])
    for client in clients.suffix(20) {
      client.send(Array(request.suffix(1)))
      #expect(Wire.answer(in: client.readAnswer()).text == "60000")
    }
  }

  @Test func `a kept connection is closed when it is idle for too long`() throws {
    let server = try RunningServer(timeouts: ServerTimeouts(idle: .seconds(1)), handler: Handlers.path)
    let client = try Client(server.path)
    client.send(Wire.request("/", keep: true))
    #expect(Wire.answer(in: try #require(client.readToEnd())) == ("/", 0))
  }

  @Test func `clients that leave in mid-answer concern nobody else`() throws {
    let server = try RunningServer(workers: 2, handler: Handlers.size)
    for index in 0..<300 {
      let client = try Client(server.path)
      client.send(Wire.request("/5000000", keep: index % 2 == 0))
    }
    #expect(try Client.exchange(server.path, Wire.request("/3")).text == "xxx")
  }

  @Test func `a client that takes nothing is given up after the timeout`() throws {
    let server = try RunningServer(
      workers: 1, timeouts: ServerTimeouts(send: .seconds(1)), handler: Handlers.size)
    let client = try Client(server.path)
    client.send(Wire.request("/5000000"))
    #expect(try Client.exchange(server.path, Wire.request("/3")).text == "xxx")
    #expect(Wait.until { client.isClosed })
    #expect(Wire.answer(in: try #require(client.readToEnd())).protocolStatus == nil)
  }

  @Test func `answers that are taken slowly hold no worker, and arrive whole`() throws {
    let server = try RunningServer(workers: 2, handler: Handlers.size)
    let clients = try (0..<12).map { _ in try Client(server.path) }
    for (index, client) in clients.enumerated() {
      client.send(Wire.request("/\(500_000 + index)", keep: index % 2 == 0))
    }
    for _ in 0..<20 { #expect(try Client.exchange(server.path, Wire.request("/3")).text == "xxx") }
    for (index, client) in clients.enumerated() {
      let answer = Wire.answer(in: client.readAnswer())
      #expect(answer.text.utf8.count == 500_000 + index)
      #expect(answer.protocolStatus == 0)
      guard index % 2 == 0 else { continue }
      client.send(Wire.request("/4"))
      #expect(Wire.answer(in: try #require(client.readToEnd())).text == "xxxx")
    }
  }

  /// Where all that waits would be more than is kept, a worker waits instead.
  @Test func `an answer of any size arrives at a peer that takes its time`() throws {
    let server = try RunningServer(workers: 4, handler: Handlers.size)
    let clients = try (0..<4).map { _ in try Client(server.path) }
    for client in clients { client.send(Wire.request("/5000000")) }
    for client in clients.reversed() {
      #expect(Wire.answer(in: try #require(client.readToEnd())).text.utf8.count == 5_000_000)
    }
  }

  @Test func `over TCP the whole answer arrives, although the body was not read`() throws {
    let port = UInt16(FreePort.find())
    let server = try RunningServer(workers: 1, port: port, handler: Handlers.size)
    for _ in 0..<5 {
      let client = try Client(port: port)
      client.send(Wire.request("/2000000", body: String(repeating: "b", count: 60_000)))
      usleep(20_000)
      let answer = Wire.answer(in: try #require(client.readToEnd()))
      #expect(answer.text.utf8.count == 2_000_000)
      #expect(answer.protocolStatus == 0)
    }
    #expect(try server.stop()?.get() == 0)
  }

  @Test func `many clients at once are all answered`() throws {
    let server = try RunningServer(workers: 8, handler: Handlers.body)
    let path = server.path
    let counts = concurrently(16) { index -> Int in
      var count = 0
      guard let kept = try? Client(path) else { return -1 }
      for round in 0..<50 {
        let body = "\(index):\(round)"
        if index % 2 == 0 {
          kept.send(Wire.request("/", body: body, keep: true))
          if Wire.answer(in: kept.readAnswer()) == ("complete:\(body)", 0) { count += 1 }
        } else if let answer = try? Client.exchange(path, Wire.request("/", body: body)),
          answer == ("complete:\(body)", 0)
        {
          count += 1
        }
      }
      return count
    }
    #expect(counts == [Int](repeating: 50, count: 16))
  }
}
