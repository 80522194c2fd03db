@testable import FastCGI
import Glibc
import Testing

/// Requests that come once more in a moment, without a thread meanwhile.
@Suite struct PostponedTests {
  private final class Gate: Sendable {
    private let isOpen = Guarded(false)
    func open() { isOpen.withLock { $0 = true } }
    var mayPass: Bool { isOpen.withLock { $0 } }
  }

  /// Answers what waits for the gate once it is open.
  private static func handler(_ gate: Gate, _ seen: Seen = Seen()) -> SharedHandler {
    { exchange in
      let path = exchange.parameter("PATH_INFO") ?? "-"
      if path == "/open" { gate.open() }
      if path.hasPrefix("/wait"), !gate.mayPass {
        seen.add(exchange.firstCame == nil ? "new" : "again")
        if exchange.postpone() { return }
        return _ = exchange.write([], Array("refused".utf8))
      }
      let value = exchange.parameter("HTTP_X") ?? ""
      exchange.write([], Array("\(path) \(value)".utf8))
    }
  }

  @Test(arguments: [false, true]) func `a hundred of them hold no worker`(isKept: Bool) throws {
    let server = try RunningServer(workers: 1, handler: Self.handler(Gate()))
    let values = (0..<100).map { String(repeating: "ä", count: $0 * 3) }
    let clients = try values.enumerated().map { place, value in
      let client = try Client(server.path)
      client.send(Wire.request("/wait\(place)", keep: isKept, more: [("HTTP_X", value)]))
      return client
    }
    #expect(try Client.exchange(server.path, Wire.request("/other")).text == "/other ")
    #expect(try Client.exchange(server.path, Wire.request("/open")).text == "/open ")
    for (place, client) in clients.enumerated() {
      #expect(Wire.answer(in: client.readAnswer()) == ("/wait\(place) \(values[place])", 0))
      guard isKept else { continue }
      client.send(Wire.request("/next"))
      #expect(Wire.answer(in: try #require(client.readToEnd())) == ("/next ", 0))
    }
  }

  @Test func `one whose client has left does not come again`() throws {
    let (gate, seen) = (Gate(), Seen())
    let server = try RunningServer(workers: 1, handler: Self.handler(gate, seen))
    do {
      let client = try Client(server.path)
      client.send(Wire.request("/wait"))
      while !seen.all.contains("again") { usleep(1000) }
    }
    // Long enough for many more, had it not been noticed; a slow machine only sees fewer of them.
    var (before, after) = (-1, seen.all.count)
    while before < after {
      before = after
      usleep(600_000)
      after = seen.all.count
    }
    #expect(try Client.exchange(server.path, Wire.request("/open")).text == "/open ")
  }

  @Test func `it is answered when its time is over`() throws {
    let seen = Seen()
    let server = try RunningServer(
      timeouts: ServerTimeouts(postpone: .milliseconds(200)), handler: Self.handler(Gate(), seen))
    #expect(try Client.exchange(server.path, Wire.request("/wait")).text == "refused")
    #expect(seen.all.first == "new" && seen.all.count > 1)
    #expect(!seen.all.dropFirst().contains("new"))
  }

  @Test func `one with a body is answered at once`() throws {
    let server = try RunningServer(handler: Self.handler(Gate()))
    #expect(try Client.exchange(server.path, Wire.request("/wait", body: "x")).text == "refused")
  }

  @Test func `one with something behind it is answered at once`() throws {
    let server = try RunningServer(handler: Self.handler(Gate()))
    let client = try Client(server.path)
    client.send(Wire.request("/wait", keep: true) + Wire.request("/wait", keep: true))
    #expect(Wire.answer(in: client.readAnswer()) == ("refused", 0))
  }

  @Test func `all are answered when the server ends`() throws {
    let seen = Seen()
    let server = try RunningServer(workers: 2, handler: Self.handler(Gate(), seen))
    let clients = try (0..<50).map { _ in
      let client = try Client(server.path)
      client.send(Wire.request("/wait"))
      return client
    }
    while seen.all.filter({ $0 == "new" }).count < 50 { usleep(1000) }
    #expect(try server.stop()?.get() == 0)
    for client in clients { #expect(Wire.answer(in: client.readAnswer()) == ("refused", 0)) }
  }

  @Test func `there are no more of them than there is memory for`() throws {
    let server = try RunningServer(workers: 2, handler: Self.handler(Gate()))
    let long = String(repeating: "x", count: 120_000)
    let clients = try (0..<60).map { place in
      let client = try Client(server.path)
      client.send(Wire.request("/wait", more: [("HTTP_X", long)]))
      return client
    }
    // 4 MiB are some 34 of them: one of the others was refused.
    let refused = clients.suffix(1).map { Wire.answer(in: $0.readAnswer()).text }
    #expect(refused == ["refused"])
    #expect(try Client.exchange(server.path, Wire.request("/open")).text == "/open ")
  }
}
