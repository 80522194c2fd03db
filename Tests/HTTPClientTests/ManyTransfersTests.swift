import Glibc
import HTTPClient
import TestSupport
import Testing

/// Many transfers at the same time on one thread.
struct ManyTransfersTests {
  private typealias Outcome = Result<HTTPReply, TransferError>

  @Test func `transfers overlap`() throws {
    // Each answer is held back until all requests are there.
    let gate = Gate(expected: 20)
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.answer(gate.pass() ? "together" : "alone")
    }
    var client = HTTPClient()
    var bodies: [Int: String] = [:]
    client.performAll(
      (0..<20).map { Transfer(tag: $0, request: HTTPRequest(url: server.url("/\($0)"))) }, deadline: nil
    ) { tag, result in
      bodies[tag] = (try? result.get()).map { String(decoding: $0.body, as: UTF8.self) }
      return []
    }
    #expect(bodies == Dictionary(uniqueKeysWithValues: (0..<20).map { ($0, "together") }))
    #expect(server.peak == 20)
  }

  @Test func `at most 128 run at once and the others follow`() throws {
    let gate = Gate(expected: 128)
    let running = Counter()
    let server = try RawServer { connection in
      while connection.readRequest() != nil {
        running.add()
        gate.pass()
        usleep(20_000)  // Time for a 129th to show itself.
        running.add(-1)
        connection.answer("x")
      }
    }
    var client = HTTPClient()
    var tags: Set<Int> = []
    client.performAll(
      (0..<200).map { Transfer(tag: $0, request: HTTPRequest(url: server.url())) }, deadline: nil
    ) { tag, result in
      if case .success = result { tags.insert(tag) }
      return []
    }
    #expect(tags.count == 200)
    #expect(running.peak == 128)
  }

  @Test func `each result goes to its own tag`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        if request.target == "/7" { return connection.reset() }
        connection.answer(request.target)
      }
    }
    var client = HTTPClient()
    var wrong: [Int] = []
    client.performAll(
      (0..<100).map { Transfer(tag: $0, request: HTTPRequest(url: server.url("/\($0)"))) }, deadline: nil
    ) { tag, result in
      switch result {
      case .success(let reply): if reply.body != Array("/\(tag)".utf8) { wrong.append(tag) }
      case .failure: wrong.append(tag)
      }
      return []
    }
    #expect(wrong == [7])
  }

  @Test func `a hanging transfer does not hold back the others nor their next pages`() throws {
    let released = Counter()
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        if request.target == "/hang" {
          // Answers only when the others have got through all of their pages.
          while released.value == 0, connection.isOpen { usleep(1000) }
        }
        connection.answer(request.target)
      }
    }
    var client = HTTPClient()
    var seen: [String] = []
    let start = ["/hang", "/a1", "/b1"].map { Transfer(tag: $0, request: HTTPRequest(url: server.url($0))) }
    client.performAll(start, deadline: .now + .seconds(60)) { tag, result in
      guard case .success = result else { return [] }
      seen.append(tag)
      if seen.count == 6 { released.add() }
      guard let page = ["/a1": "/a2", "/a2": "/a3", "/b1": "/b2", "/b2": "/b3"][tag] else { return [] }
      return [Transfer(tag: page, request: HTTPRequest(url: server.url(page)))]
    }
    #expect(seen.count == 7)
    #expect(seen.last == "/hang")
    #expect(Set(seen) == ["/hang", "/a1", "/a2", "/a3", "/b1", "/b2", "/b3"])
  }

  @Test func `connections are kept between calls of both kinds`() throws {
    let server = try RawServer { $0.answerAll("x") }
    var client = HTTPClient()
    for _ in 0..<10 {
      _ = try client.perform(HTTPRequest(url: server.url()))
      client.performAll([Transfer(tag: 0, request: HTTPRequest(url: server.url()))], deadline: nil) { _, _ in
        []
      }
    }
    #expect(server.accepted == 1)
  }

  @Test func `after a timeout no kept connection is trusted`() throws {
    let server = try RawServer { $0.answerAll("x") }
    let silent = try RawServer { $0.waitForEnd() }
    var client = HTTPClient()
    let hang = HTTPRequest(url: silent.url(), timeout: .milliseconds(100))
    for _ in 0..<2 { _ = try client.perform(HTTPRequest(url: server.url())) }
    #expect(server.accepted == 1)
    #expect(throws: TransferError.timedOut) { try client.perform(hang) }
    _ = try client.perform(HTTPRequest(url: server.url()))
    #expect(server.accepted == 2)
    client.performAll([Transfer(tag: 0, request: hang)], deadline: .now + .milliseconds(300)) { _, _ in [] }
    _ = try client.perform(HTTPRequest(url: server.url()))
    #expect(server.accepted == 3)
  }

  @Test func `a delayed retry begins after its delay and not before`() throws {
    let attempts = Counter()
    let server = try RawServer { connection in
      while connection.readRequest() != nil {
        connection.answer("", status: attempts.add() < 3 ? "503 Busy" : "200 OK")
      }
    }
    var client = HTTPClient()
    var starts: [ContinuousClock.Instant] = []
    var statuses: [Int] = []
    let request = HTTPRequest(url: server.url())
    client.performAll([Transfer(tag: 0, request: request)], deadline: .now + .seconds(60)) { tag, result in
      starts.append(.now)
      guard case .success(let reply) = result else { return [] }
      statuses.append(reply.status)
      return reply.status == 503
        ? [Transfer(tag: tag + 1, request: request, delay: .milliseconds(100 << tag))] : []
    }
    #expect(statuses == [503, 503, 200])
    #expect(zip(starts, starts.dropFirst()).map { $1 - $0 >= .milliseconds(100) } == [true, true])
  }

  @Test func `at the deadline everything unfinished is reported, once, and nothing starts any more`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        if request.target == "/hang" { return connection.waitForEnd() }
        connection.answer("x")
      }
    }
    var client = HTTPClient()
    func transfer(_ tag: String, _ path: String, _ delay: Duration = .zero) -> Transfer<String> {
      Transfer(tag: tag, request: HTTPRequest(url: server.url(path), timeout: .seconds(600)), delay: delay)
    }
    var first = [transfer("quick", "/"), transfer("soon", "/", .milliseconds(400))]
    first += [transfer("late", "/", .seconds(300)), transfer("never", "/", .seconds(Int64.max / 1000))]
    first += (0..<70).map { transfer("hang \($0)", "/hang", .milliseconds(500)) }
    var outcomes: [String: [Outcome]] = [:]
    client.performAll(first, deadline: .now + .seconds(3)) { tag, result in
      outcomes[tag, default: []].append(result)
      // Retried by the caller in vain.
      return [transfer("again", "/hang")].filter { _ in result.isTimeout }
    }
    #expect(outcomes.count == 74)
    #expect(outcomes.values.allSatisfy { $0.count == 1 })
    for (tag, results) in outcomes {
      #expect(results[0].isTimeout == (tag != "quick" && tag != "soon"), "\(tag)")
    }
    // The client is as good as new, though many transfers were cut off.
    #expect(try client.perform(HTTPRequest(url: server.url())).status == 200)
  }

  @Test func `a delay that does not fit is reported at once`() throws {
    var client = HTTPClient()
    let begin = ContinuousClock.now
    var outcomes: [Outcome] = []
    let request = HTTPRequest(url: "http://127.0.0.1:1/")
    client.performAll(
      [Transfer(tag: 0, request: request, delay: .seconds(301))], deadline: begin + .seconds(300)
    ) { _, result in
      outcomes.append(result)
      return []
    }
    #expect(outcomes.map(\.isTimeout) == [true])
    #expect(ContinuousClock.now - begin < .seconds(100))
  }

  @Test func `what follows a success at the deadline is reported too`() throws {
    let server = try RawServer { $0.answerAll("x") }
    var client = HTTPClient()
    var outcomes: [Int: Bool] = [:]
    let request = HTTPRequest(url: server.url())
    let deadline = ContinuousClock.now + .seconds(2)
    client.performAll([Transfer(tag: 1, request: request)], deadline: deadline) {
      tag, result in
      outcomes[tag] = result.isTimeout
      while tag == 1, ContinuousClock.now < deadline { usleep(10_000) }
      return tag == 1 ? [Transfer(tag: 2, request: request)] : []
    }
    #expect(outcomes == [1: false, 2: true])
  }

  @Test func `with a deadline in the past nothing is sent`() throws {
    let server = try RawServer { $0.answerAll("x") }
    var client = HTTPClient()
    var outcomes: [Outcome] = []
    client.performAll(
      [Transfer(tag: 0, request: HTTPRequest(url: server.url()))], deadline: .now - .seconds(1)
    ) { _, result in
      outcomes.append(result)
      return []
    }
    #expect(outcomes.map(\.isTimeout) == [true])
    #expect(server.accepted == 0)
  }

  @Test func `a request that is not valid fails alone`() throws {
    let server = try RawServer { $0.answerAll("x") }
    var client = HTTPClient()
    var outcomes: [String: Int] = [:]
    let urls = ["bad": "ftp://127.0.0.1/", "good": server.url()]
    client.performAll(
      urls.map { Transfer(tag: $0.key, request: HTTPRequest(url: $0.value)) }, deadline: nil
    ) { tag, result in
      outcomes[tag] = (try? result.get())?.status ?? 0
      return []
    }
    #expect(outcomes == ["bad": 0, "good": 200])
  }

  @Test func `each thread has a client of its own`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() { connection.answer(request.target) }
    }
    let good = Counter()
    let threads = (0..<16).map { thread in
      PlainThread {
        guard var client = try? HTTPClient() else { return }
        for call in 0..<50 {
          let path = "/\(thread)/\(call)"
          if (try? client.perform(HTTPRequest(url: server.url(path))))?.body == Array(path.utf8) {
            good.add()
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(good.value == 16 * 50)
    #expect(server.accepted == 16)
  }
}

extension Result where Failure == TransferError {
  fileprivate var isTimeout: Bool {
    if case .failure(let error) = self { error == .timedOut } else { false }
  }
}
