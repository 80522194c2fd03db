internal import JSON
internal import TestSupport
internal import Testing

@testable import GraphSimulator

@Suite struct ConcurrencyTests {
  @Test func `two hundred connections are answered at the same time`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.latency(milliseconds: 400)))
    let port = graph.server.port
    let good = Counter()
    let threads = (0..<200).map { _ in
      PlainThread {
        let connection = WireConnection(port: port, timeout: 20_000)
        connection.get("/v26.0/me?access_token=your_token_here&fields=name")
        if connection.reply().json["name"] == "John Doe" { good.add() }
      }
    }
    for thread in threads { thread.join() }
    #expect(good.value == 200)
    #expect(graph.server.counts() == [.me: 200])
    #expect(graph.server.maximumInFlight() > 50)
  }

  @Test func `a count is kept to the letter when many threads use a fault up`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.empty(status: 503), count: 37))
    let port = graph.server.port
    let failed = Counter()
    let threads = (0..<8).map { _ in
      PlainThread {
        let connection = WireConnection(port: port)
        for _ in 0..<10 {
          connection.get("/v26.0/me?access_token=your_token_here")
          if connection.reply().status == 503 { failed.add() }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failed.value == 37)
  }

  @Test func `a client that leaves is not counted as being answered`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.hang, count: 3))
    for _ in 0..<3 {
      let connection = WireConnection(port: graph.server.port, timeout: 100)
      connection.get("/v26.0/me?access_token=your_token_here")
      _ = connection.readAll()
    }
    #expect(graph.get("/me").status == 200)
    graph.server.clearCalls()
    _ = graph.get("/me")
    #expect(graph.server.maximumInFlight() == 1)
  }

  @Test func `stopping ends the port and open connections, starting on a taken port fails`() throws {
    let server = try Server.start()
    let connection = WireConnection(port: server.port)
    #expect(throws: SimulatorError.self) { try Server.start(port: server.port) }
    server.stop()
    _ = connection.readAll()
    #expect(connection.end != .open)
    #expect(connection.end != .timedOut)
  }
}
