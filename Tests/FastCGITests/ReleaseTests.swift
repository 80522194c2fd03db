@testable import FastCGI
import Glibc
import System
import Testing

/// What a handler does after it has answered: nobody waits for it.
@Suite struct ReleaseTests {
  private final class Valve: Sendable {
    private let isOpen = Guarded(false)
    func open() { isOpen.withLock { $0 = true } }
    /// Ends after a minute, so that a failing test ends.
    func wait() { for _ in 0..<60_000 where !isOpen.withLock({ $0 }) { usleep(1000) } }
  }

  @Test func `a kept connection serves its next request while the handler of the last one goes on`() throws {
    let valve = Valve()
    let seen = Seen()
    let server = try RunningServer(workers: 2) { exchange in
      let path = exchange.parameter("PATH_INFO") ?? "-"
      exchange.write([], Array(path.utf8))
      exchange.release()
      guard path == "/long" else { return seen.add(path) }
      valve.wait()
      seen.add(path)
    }
    let client = try Client(server.path)
    client.send(Wire.request("/long", keep: true))
    #expect(Wire.answer(in: client.readAnswer()) == ("/long", 0))
    client.send(Wire.request("/next", keep: true))
    #expect(Wire.answer(in: client.readAnswer()) == ("/next", 0))
    for _ in 0..<60_000 where seen.all.isEmpty { usleep(1000) }
    #expect(seen.all == ["/next"])
    valve.open()
    #expect(try server.stop()?.get() == 0)
    #expect(seen.all == ["/next", "/long"])
  }

  @Test func `a connection that is not kept is closed while the handler goes on`() throws {
    let valve = Valve()
    let server = try RunningServer(workers: 1) { exchange in
      exchange.write([], [65])
      exchange.release()
      valve.wait()
    }
    let client = try Client(server.path)
    client.send(Wire.request("/"))
    #expect(Wire.answer(in: try #require(client.readToEnd())) == ("A", 0))
    valve.open()
  }

  @Test func `parameters are there until the handler ends, and a body is not`() throws {
    let seen = Seen()
    let server = try RunningServer(workers: 1) { exchange in
      exchange.write([], [65])
      exchange.release()
      seen.add(exchange.parameter("PATH_INFO") ?? "-")
      if case .incomplete = exchange.readBody(limit: 10) { seen.add("no body") }
    }
    let client = try Client(server.path)
    client.send(Wire.request("/x", body: "abc"))
    #expect(Wire.answer(in: client.readAnswer()) == ("A", 0))
    #expect(try server.stop()?.get() == 0)
    #expect(seen.all == ["/x", "no body"])
  }
}
