import FastCGI
import Glibc
import Testing

/// Workers: how they start and how they end.
@Suite struct ServerTests {
  private struct NoDatabase: Error {}

  @Test func `when no worker can start, run says why`() throws {
    let server = try RunningServer(makeHandler: { throw NoDatabase() })
    guard case .failure(.workerFailed(let error)) = server.waitForEnd() else {
      Issue.record("run did not fail")
      return
    }
    #expect(error is NoDatabase)
    #expect(!server.folder.exists(server.path))
  }

  @Test func `when a later worker cannot start, the others go on`() throws {
    let counter = Seen()
    let server = try RunningServer(
      workers: 4,
      makeHandler: {
        counter.add("attempt")
        if counter.all.count > 1 { throw NoDatabase() }
        return Handlers.path
      })
    let path = server.path
    let texts = concurrently(8) { _ in (try? Client.exchange(path, Wire.request("/x")).text) ?? "-" }
    #expect(texts == [String](repeating: "/x", count: 8))
    #expect(counter.all.count == 2)
    #expect(try server.stop()?.get() == 0)
  }

  @Test func `threads are started as they are needed, up to the limit`() throws {
    let handlers = Seen()
    let server = try RunningServer(
      workers: 3,
      makeHandler: {
        handlers.add("one more")
        return { exchange in
          usleep(100_000)
          exchange.write([], [65])
        }
      })
    let path = server.path
    while handlers.all.isEmpty { usleep(1000) }
    usleep(20_000)
    #expect(handlers.all.count == 1)
    let texts = concurrently(12) { _ in (try? Client.exchange(path, Wire.request("/")).text) ?? "-" }
    #expect(texts == [String](repeating: "A", count: 12))
    #expect(handlers.all.count == 3)
  }

  @Test func `a stop finishes what is in flight and what waits in the queue`() throws {
    let started = Seen()
    let server = try RunningServer(workers: 2) { exchange in
      started.add("")
      usleep(200_000)
      exchange.write([], Array("done".utf8))
    }
    let clients = try (0..<8).map { _ in try Client(server.path) }
    for client in clients { client.send(Wire.request("/", keep: true)) }
    while started.all.isEmpty { usleep(1000) }
    let kept = try Client(server.path)
    #expect(try server.stop()?.get() == 0)
    for client in clients { #expect(Wire.answer(in: client.readAnswer()) == ("done", 0)) }
    #expect(kept.readToEnd() == [])
    #expect(!server.folder.exists(server.path))
    #expect(throws: Client.Refused.self) { try Client(server.path) }
  }

  @Test func `a stop does not wait for ever`() throws {
    let hang = Seen()
    let server = try RunningServer(timeouts: ServerTimeouts(shutdown: .milliseconds(300))) { exchange in
      hang.add("")
      sleep(3)
      exchange.write([], [65])
    }
    let client = try Client(server.path)
    client.send(Wire.request("/"))
    while hang.all.isEmpty { usleep(1000) }
    #expect(try server.stop()?.get() == 1)
    // What was left behind still ends well.
    #expect(Wire.answer(in: client.readAnswer()).text == "A")
  }
}
