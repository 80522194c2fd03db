import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule

/// Two machines on one PostgreSQL, each with a cache of its own.
@Suite struct `Many machines` {
  private let address: String
  private let folders: [TemporaryFolder]

  init() throws {
    address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    folders = [try TemporaryFolder(), try TemporaryFolder()]
  }

  /// A worker of the machine whose folder that is.
  private func worker(_ folder: TemporaryFolder, _ harness: Harness, shared: Shared? = nil) throws
    -> Application
  {
    Application(
      configuration: try Configuration(environment: [
        "HOME": folder.path, "META_DATA_DIR": folder.path + "/data", "META_DATABASE_URL": address,
        "META_FERNET_KEYS": "cJ5s4hVhXb0JIoOK0mXyFQ1oTAYTlXMXQ7mIEbOPfgM=",
        "META_GRAPH_URL": harness.simulator.url,
        "META_LOG_LEVEL": "critical", "META_GRAPH_TIMEOUT": "25", "META_REQUEST_BUDGET": "25",
      ]), shared: shared, isServing: true)
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
}
