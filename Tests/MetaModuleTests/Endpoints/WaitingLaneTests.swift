import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import System

/// Waiting has places of its own, beside the workers; when all are taken, nobody waits.
@Suite struct WaitingLaneTests {
  /// One worker's two places, and their holders.
  private static func whileAllWait(_ harness: Harness, _ body: () throws -> Void) throws {
    let lane = harness.application.shared.lanes.waiting
    guard lane.places == 2, let first = lane.tryEnter(), let second = lane.tryEnter() else {
      Issue.record("not two places")
      return
    }
    try body()
    _ = consume first
    _ = consume second
  }

  private static func harness() throws -> Harness {
    let harness = try Harness(settings: ["META_WORKERS": "1"])
    harness.addClient()
    return harness
  }

  @Test func `a cold grid is refused at once`() throws {
    let harness = try Self.harness()
    try Self.whileAllWait(harness) {
      let answer = harness.send("GET", "/instagram/client_001/")
      #expect(answer.status == 503)
      #expect(answer.header("Retry-After") == "2")
    }
    #expect(harness.simulator.calls().isEmpty)
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
  }

  @Test func `fewer grids are fetched at a time than there are workers, and others wait on top`() throws {
    let harness = try Self.harness()
    let lanes = harness.application.shared.lanes
    #expect(lanes.fetching.places == 1)
    #expect(Lanes(workers: 32).fetching.places == 24)
    guard let fetching = lanes.fetching.tryEnter() else {
      Issue.record("no place is free")
      return
    }
    #expect(harness.send("GET", "/instagram/client_001/").status == 503)
    #expect(harness.send("GET", "/pages/").status == 200)
    _ = consume fetching
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    #expect(lanes.waiting.places == 2)
  }

  @Test func `an expired grid is served at once, a warm one and health as ever`() throws {
    let harness = try Self.harness()
    harness.send("GET", "/instagram/client_001/")
    try Self.whileAllWait(harness) {
      #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
      try harness.age(seconds: 400)
      #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "stale")
      #expect(harness.send("GET", "/health/").status == 200)
    }
    #expect(harness.simulator.calls().count == 1)
  }

  @Test(
    arguments: [
      ("GET", "/pages/", nil), ("GET", "/post/17999999999999999/", nil),
      ("POST", "/verify-user/", #"{"access_token":"x"}"#), ("POST", "/mappings/1/refresh/", nil),
      ("POST", "/sync/", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#),
      ("POST", "/tokens/", #"{"access_token":"x","account_label":"a"}"#), ("POST", "/tokens/1/check/", nil),
    ] as [(String, String, String?)])
  func `so is everything else that asks Graph`(_ method: String, _ target: String, _ json: String?) throws {
    let harness = try Self.harness()
    try Self.whileAllWait(harness) {
      #expect(harness.send(method, target, json).status == 503)
      #expect(harness.simulator.calls().isEmpty)
    }
    #expect(harness.send(method, target, json).status != 503)
  }

  @Test func `a place is given back after each request`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 10))))
    for _ in 0..<3 { #expect(harness.send("GET", "/instagram/client_001/").status == 400) }
    harness.simulator.clearFaults()
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
  }

  @Test func `whoever waits leaves every worker to the others`() {
    for workers in 1...64 {
      let lanes = Lanes(workers: workers)
      #expect(
        lanes.threads - lanes.waiting.places - lanes.signIns.places - lanes.pictures.places == workers,
        "\(workers)")
    }
  }
}
