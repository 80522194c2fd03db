import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import Graph
@testable import MetaModule
@testable import Text

/// Graph as a whole fails again and again: it is left alone but once a second (API.md, section 2).
@Suite struct BreakerTests {
  private static func harness() throws -> Harness {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addClient()
    return harness
  }

  private static func open(_ harness: Harness) {
    for _ in 0..<5 { harness.application.rooms.graphBreaker.note(GraphFailure(.timedOut)) }
  }

  @Test func `after five failures in a row it is asked once a second, and nobody waits`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    let begin = ContinuousClock.now
    let answers = (0..<40).map { _ in harness.send("GET", "/instagram/client_001/") }
    let seconds = Int((ContinuousClock.now - begin).components.seconds)
    #expect(answers.prefix(5).map(\.status) == [502, 502, 502, 502, 502])
    #expect(answers.dropFirst(5).allSatisfy { $0.status == 503 || $0.status == 502 })
    #expect(answers.contains { $0.status == 503 && $0.header("Retry-After") == "5" })
    #expect(harness.simulator.calls().count <= 5 + seconds + 1)
  }

  @Test func `every process knows, and the first answer closes it`() throws {
    let harness = try Self.harness()
    let other = try harness.another()
    Self.open(harness)
    #expect(other.rooms.graphBreaker.isOpen)
    // Now and then one may try.
    Wait.until { other.respond(to: Request("GET", "/instagram/client_001/")).status == 200 }
    #expect(!harness.application.rooms.graphBreaker.isOpen)
  }

  @Test func `an expired grid is served without a call, and a call of the operator's is the probe`() throws {
    let harness = try Self.harness()
    harness.send("GET", "/instagram/client_001/")
    try harness.age(seconds: 400)
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.held))
    Self.open(harness)
    // Within the second in which it rests; a slow machine is at the probe already, and has to be told again.
    Wait.until {
      Self.open(harness)
      let isResting = harness.application.rooms.graphBreaker.isResting
      guard isResting else { return false }
      harness.simulator.clearCalls()
      let answer = harness.send("GET", "/instagram/client_001/")
      return answer.header("X-Cache") == "stale" && harness.simulator.calls().isEmpty
    }
    #expect(harness.simulator.calls().isEmpty)
    harness.simulator.clearFaults()
    let token = harness.simulator.token("john")
    #expect(harness.send("POST", "/verify-user/", #"{"access_token":"\#(token)"}"#).status == 200)
    #expect(!harness.application.rooms.graphBreaker.isOpen)
  }

  @Test func `nothing is repeated while it is open`() throws {
    let harness = try Harness(settings: ["META_BACKOFF_UNIT_MS": "1", "META_RETRIES": "3"])
    harness.addClient()
    Self.open(harness)
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    let token = harness.simulator.token("john")
    harness.send("POST", "/verify-user/", #"{"access_token":"\#(token)"}"#)
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `that Graph refuses or throttles a token is an answer`() throws {
    let harness = try Self.harness()
    let breaker = harness.application.rooms.graphBreaker
    for kind in [
      GraphFailure.Kind.refused(.invalid), .throttled(seconds: 5), .permissionMissing, .notFound,
      .pageTokenRefused,
    ] {
      for _ in 0..<4 { breaker.note(GraphFailure(.failed)) }
      breaker.note(GraphFailure(kind))
      breaker.note(GraphFailure(.transient))
      #expect(!breaker.isOpen, "\(kind)")
      breaker.note(nil)
    }
  }

  @Test func `health and status say so`() throws {
    let harness = try Self.harness()
    Self.open(harness)
    harness.application.rooms.graphHealth.note(GraphFailure(.timedOut), at: .now)
    let graph = harness.send("GET", "/health/").json["checks"]?["graph"]
    #expect(graph?["status"] == "warning")
    #expect(graph?["detail"]?.string?.contains("again and again") == true)
    #expect(
      harness.application.status().contains { $0.level == .warning && $0.detail.contains("again and again") })
  }
}
