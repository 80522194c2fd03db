import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import Store

/// An expired grid stands in for a Graph that does not give a new one (API.md, section 2).
@Suite struct StaleGridTests {
  private static func harness(_ settings: [String: String] = [:], seconds: Int64 = 400) throws -> Harness {
    let harness = try Harness(settings: settings)
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    try harness.age(seconds: seconds)
    harness.simulator.clearCalls()
    return harness
  }

  @Test(arguments: [
    Fault.Kind.throttled(code: 4, minutes: 0), .throttled(code: 80002, minutes: 5),
    .tooManyRequests(retryAfter: 1),
    .error(GraphError(code: 2)), .error(GraphError(code: 1)), .html(status: 500), .html(status: 200),
    .empty(status: 502),
    .reset(afterBytes: nil), .truncated(bytes: 30), .wrongTypes, .redirect(location: "/"), .notHTTP,
    .error(GraphError(code: 368)),
  ])
  func `it is served when Graph fails, and not held back by any retry`(fault: Fault.Kind) throws {
    // A retry would wait for a minute.
    let harness = try Self.harness(["META_BACKOFF_UNIT_MS": "60000"])
    harness.simulator.addFault(Fault(fault))
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 200)
    #expect(answer.header("X-Cache") == "stale")
    #expect(answer.header("Cache-Control") == "private, max-age=0")
    let age = try #require(answer.header("Age").flatMap { Int($0) })
    #expect((400...405).contains(age))
    #expect(answer.json["profile"]?["username"] == "mybusinessaccount")
    // libcurl asks once more where a kept connection was reset before it said anything, and code 1 is asked for less.
    #expect((1...3).contains(harness.simulator.calls().count))
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `it is served while Graph has not answered, and the answer is kept when it comes`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.held))
    var early: Answer?
    harness.application.respond(to: Request("GET", "/instagram/client_001/")) { response in
      early = Answer(response)
      harness.simulator.clearFaults()  // Only now does Graph answer.
    }
    #expect(early?.status == 200)
    #expect(early?.header("X-Cache") == "stale")
    #expect(early?.header("X-Request-Id") != nil)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `who comes while somebody waits for Graph gets it as well, and asks nobody`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.held))
    let first = try harness.another()
    let leader = Background { Answer(first.respond(to: Request("GET", "/instagram/client_001/"))) }
    Wait.until { !harness.simulator.calls().isEmpty }
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "stale")
    harness.simulator.clearFaults()
    #expect(leader.result()?.status == 200)
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `a token that is blocked costs no call`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.throttled(code: 80002, minutes: 0)))
    for _ in 0..<3 { #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "stale") }
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `it is replaced as soon as Graph answers`() throws {
    let harness = try Self.harness()
    let number = harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "stale")
    harness.simulator.removeFault(number)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "miss")
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
  }

  @Test func `If-None-Match works for it, too`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    let etag = try #require(harness.send("GET", "/instagram/client_001/").header("ETag"))
    var request = Request("GET", "/instagram/client_001/")
    request.take("HTTP_IF_NONE_MATCH", etag)
    let answer = harness.send(request)
    #expect(answer.status == 304)
    #expect(answer.header("X-Cache") == "stale")
  }

  /// `X-Cache` of ten workers' answers to the same request at the same moment.
  private static func cacheStates(ofTenAtOnce harness: Harness) throws -> [String] {
    let gate = Gate(expected: 10)
    let threads = try (0..<10).map { _ in
      let application = try harness.another()
      return Background {
        gate.pass()
        return Answer(application.respond(to: Request("GET", "/instagram/client_001/"))).header("X-Cache")
          ?? ""
      }
    }
    return threads.compactMap { $0.result() }
  }

  @Test func `many who find it expired make one call, and get what it brings`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.latency(milliseconds: 500)))
    let states = try Self.cacheStates(ofTenAtOnce: harness)
    // Nobody waits for longer than a second: on a busy machine some, or all, have the old one.
    #expect(states.count { $0 == "miss" } <= 1)
    #expect(states.allSatisfy { ["miss", "hit", "stale"].contains($0) }, "\(states)")
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `many who find it expired while Graph fails make one call, and get the expired one`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.latency(milliseconds: 500)))
    harness.simulator.addFault(Fault(.throttled(code: 80002, minutes: 0)))
    #expect(try Self.cacheStates(ofTenAtOnce: harness) == Array(repeating: "stale", count: 10))
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `a refused token is not covered up`() throws {
    let harness = try Self.harness()
    harness.simulator.setState(.revoked, ofToken: "john")
    let answer = harness.send("GET", "/instagram/client_001/")
    #expect(answer.status == 400)
    #expect(answer.reason == "revoked")
    #expect(try harness.token(1)?.status == .invalid)
  }

  @Test func `nor is a missing permission`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 10))))
    #expect(harness.send("GET", "/instagram/client_001/").reason == "permission_missing")
  }

  @Test func `after 24 hours it is served no more`() throws {
    let old = try Self.harness(seconds: 86_300)
    old.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(old.send("GET", "/instagram/client_001/").header("X-Cache") == "stale")
    let tooOld = try Self.harness(seconds: 86_500)
    tooOld.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(tooOld.send("GET", "/instagram/client_001/").status == 502)
    #expect(tooOld.simulator.calls().count == 4, "with nothing to serve, it is worth trying again")
  }

  @Test func `how long is a setting`() throws {
    let harness = try Self.harness(["META_CACHE_TTL": "10", "META_CACHE_STALE": "60"], seconds: 100)
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(harness.send("GET", "/instagram/client_001/").status == 502)
  }

  @Test(arguments: [10, 400])
  func `a refresh that fails leaves the cached grid in its place, and says so`(age: Int64) throws {
    let harness = try Self.harness(seconds: age)
    let number = harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    let refresh = harness.send("POST", "/mappings/1/refresh/")
    #expect(refresh.status == 200)
    #expect(refresh.json["refreshed"] == false)
    #expect(refresh.detail == "Meta Graph API error. The grid that is cached stays.")
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == (age < 300 ? "hit" : "stale"))
    harness.simulator.removeFault(number)
    #expect(harness.send("POST", "/mappings/1/refresh/").json["refreshed"] == true)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
  }

  @Test func `a refresh without a cached grid fails as it is`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(harness.send("POST", "/mappings/1/refresh/").status == 502)
  }
}
