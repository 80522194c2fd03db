import Glibc
import GraphSimulator
import JSON
import MetaModule
import Testing

@Suite struct InstagramProfileTests {
  @Test func `a cold grid costs one call and a warm one none`() throws {
    let harness = try Harness()
    harness.addClient()
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "miss")
    #expect(harness.simulator.calls().count == 1)
    let warm = harness.send("GET", "/instagram/client_001/")
    #expect(warm.header("X-Cache") == "hit")
    #expect(harness.simulator.calls().count == 1)
    #expect(warm.json["profile"]?["followers_count"]?.int64 == 5432)
    #expect(warm.json["media"]?[0]?["thumbnail_url"] == .null)
    #expect(warm.json["media"]?.array?.count == 25)
  }

  @Test func `an expired grid stands in for a Graph that fails, throttles or hangs, without retries`() throws
  {
    for fault in [Fault.Kind.throttled(code: 4, minutes: 0), .error(GraphError(code: 2, status: 500)), .hang]
    {
      let harness = try Harness(settings: [
        "META_CACHE_TTL": "1", "META_GRAPH_TIMEOUT": "1", "META_BACKOFF_UNIT_MS": "1000",
      ])
      harness.addClient()
      harness.send("GET", "/instagram/client_001/")
      harness.simulator.clearCalls()
      harness.simulator.addFault(Fault(fault))
      sleep(2)
      let stale = harness.send("GET", "/instagram/client_001/")
      #expect(stale.status == 200)
      #expect(stale.header("X-Cache") == "stale")
      #expect(harness.simulator.calls().count == 1)
    }
  }

  @Test func `a refused page token is fetched anew with the user's token`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(
      Fault(
        .error(GraphError(code: 190, subcode: 463, status: 400)), match: .init(endpoint: .instagram), count: 1
      ))
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    #expect(harness.simulator.calls().count == 3)
  }
}
