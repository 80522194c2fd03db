import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import Cache
@testable import MetaModule
@testable import Store
@testable import Text

/// Two machines on one PostgreSQL, each with a cache of its own.
@Suite struct `Many machines` {
  private let address: String
  private let folders: [TemporaryFolder]

  init() throws {
    address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    folders = [try TemporaryFolder(), try TemporaryFolder()]
  }

  /// A worker of the machine whose folder that is.
  private func worker(
    _ folder: TemporaryFolder, _ harness: Harness, shared: Shared? = nil, settings: [String: String] = [:]
  ) throws -> Application {
    let environment = [
      "HOME": folder.path, "META_DATA_DIR": folder.path + "/data", "META_DATABASE_URL": address,
      "META_FERNET_KEYS": "cJ5s4hVhXb0JIoOK0mXyFQ1oTAYTlXMXQ7mIEbOPfgM=",
      "META_GRAPH_URL": harness.simulator.url,
      "META_LOG_LEVEL": "critical", "META_GRAPH_TIMEOUT": "25", "META_REQUEST_BUDGET": "25",
    ]
    return Application(
      configuration: try Configuration(environment: environment.merging(settings) { $1 }), shared: shared,
      isServing: true)
  }

  @Test func `a cold grid that both are asked for is one call to Graph, and the same answer`() throws {
    let harness = try Harness()
    let machines = try folders.map { try worker($0, harness) }
    func ask(_ application: Application, _ method: String, _ target: String, _ json: String? = nil) -> Answer
    {
      Answer(application.respond(to: Request(method, target, json: json)))
    }
    let token = ask(
      machines[0], "POST", "/tokens/",
      #"{"access_token":"\#(harness.simulator.token("john"))","account_label":"john"}"#
    ).json["id"]?.int64
    let mapping = #"{"client_id":"cold","fb_page_id":"104567890123","token_id":\#(token ?? 0)}"#
    #expect(ask(machines[1], "POST", "/sync/", mapping).status == 200)
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.latency(milliseconds: 500)))
    let gate = Gate(expected: 10)
    let threads = try (0..<10).map { number in
      let application = try worker(folders[number % 2], harness, shared: machines[number % 2].shared)
      return Background {
        gate.pass()
        return Answer(application.respond(to: Request("GET", "/instagram/cold/")))
      }
    }
    let answers = threads.compactMap { $0.result() }
    #expect(answers.map(\.status) == Array(repeating: 200, count: 10))
    #expect(Set(answers.map(\.text)).count == 1)
    #expect(Set(answers.compactMap { $0.header("ETag") }).count == 1)
    #expect(harness.simulator.calls().count == 1)
    #expect(machines.allSatisfy { ask($0, "GET", "/instagram/cold/").header("X-Cache") == "hit" })
  }

  /// The two, with a client whose grid was asked for on the first one.
  private func withGrid(_ harness: Harness, on second: [String: String] = [:]) throws -> [Application] {
    let machines = [try worker(folders[0], harness), try worker(folders[1], harness, settings: second)]
    func ask(_ method: String, _ target: String, _ json: String? = nil) -> Answer {
      Answer(machines[0].respond(to: Request(method, target, json: json)))
    }
    let body = #"{"access_token":"\#(harness.simulator.token("john"))","account_label":"john"}"#
    let token = ask("POST", "/tokens/", body).json["id"]?.int64 ?? 0
    let mapping = #"{"client_id":"c","fb_page_id":"104567890123","token_id":\#(token)}"#
    #expect(ask("POST", "/sync/", mapping).status == 200)
    #expect(ask("GET", "/instagram/c/").header("X-Cache") == "miss")
    return machines
  }

  @Test func `whoever has waited for a second already does not wait for another machine as well`() throws {
    // Given an expired grid, and another machine that asks for a new one.
    let harness = try Harness()
    let machines = try withGrid(harness)
    let cache = try #require(machines[0].rooms.cache)
    let keys = GridPart.allCases.compactMap { $0.key("17841405822348523") }
    let entry = try #require(cache.read(keys[0], now: .now))
    try cache.store(
      entry.body, etag: entry.etag, under: keys[0], now: Timestamp(seconds: Timestamp.now.seconds - 400),
      freshFor: 300, staleFor: 86400)
    let other = try machines[1].rooms.store()
    try other.forgetShared(keys.map(\.description))
    let lease = try #require(try other.takeLease(keys[0].description))
    defer { other.release(lease) }

    // When a request of a second ago comes to it.
    let services = Services(machines[0].rooms, start: .now - .seconds(1)) { Event(actor: "test", action: $0) }
    let mapping = try #require(try other.mappings(limit: 9).first)
    let start = ContinuousClock.now
    let grid = try services.grids.grid(of: mapping, "17841405822348523") { _ in }

    // Then it is served the expired one at once.
    #expect(grid.state == "stale")
    #expect(ContinuousClock.now - start < .seconds(1))
  }

  @Test func `a grid that another machine has made finds room like one of our own`() throws {
    let harness = try Harness()
    let machines = try withGrid(harness, on: ["META_CACHE_MAX_BYTES": "1048576"])
    let cache = try #require(machines[1].rooms.cache)
    #expect(throws: CacheError.full(maximumBytes: 1_048_576)) {
      for number in 0..<1000 {
        let key = try #require(CacheKey("filler_\(number)"))
        try cache.store([0], etag: #""x""#, under: key, now: .now, freshFor: 900, staleFor: 900)
      }
    }
    for _ in 0..<2 {
      let answer = Answer(machines[1].respond(to: Request("GET", "/instagram/c/")))
      #expect(answer.header("X-Cache") == "hit")
    }
    let key = try #require(GridPart.grid.key("17841405822348523"))
    #expect(cache.read(key, now: .now) != nil)
  }
}
