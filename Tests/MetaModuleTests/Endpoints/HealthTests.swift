import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import System
@testable import Text

/// `GET /health/`: whether requests can be answered, for everyone, and nothing else.
@Suite struct HealthTests {
  private static func words(_ answer: Answer) -> [String] {
    ["database", "key", "cache", "graph"].map { answer.json["checks"]?[$0]?["status"]?.string ?? "" }
  }

  @Test func `a fresh installation is well`() throws {
    let harness = try Harness()
    let answer = harness.send("GET", "/health/")
    #expect(answer.status == 200)
    #expect(answer.json.object?.keys == ["status", "version", "checks"])
    #expect(answer.json["status"] == "ok")
    #expect(answer.json["version"] == .string(version))
    #expect(answer.json["checks"]?.object?.keys == ["database", "key", "cache", "graph"])
    #expect(Self.words(answer) == ["ok", "ok", "ok", "ok"])
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `a Graph that fails is a warning, until it answers again`() throws {
    let harness = try Harness()
    let verify = #"{"access_token":"\#(harness.simulator.token("john"))"}"#
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    harness.send("POST", "/verify-user/", verify)
    let answer = Answer(try harness.another().respond(to: Request("GET", "/health/")))
    #expect(answer.status == 200)
    #expect(answer.json["status"] == "degraded")
    #expect(Self.words(answer) == ["ok", "ok", "ok", "warning"])
    harness.simulator.clearFaults()
    harness.send("POST", "/verify-user/", verify)
    #expect(harness.send("GET", "/health/").json["status"] == "ok")
  }

  @Test func `a token that is held back says nothing of Graph`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 3000), count: 2))
    harness.send("GET", "/pages/")
    harness.simulator.clearFaults()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2))))
    harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    harness.simulator.clearCalls()
    let other = try harness.another()
    #expect(Answer(other.respond(to: Request("GET", "/pages/"))).status == 429)
    #expect(harness.simulator.calls().isEmpty)
    #expect(Answer(other.respond(to: Request("GET", "/health/"))).json["status"] == "degraded")
  }

  @Test func `that Graph refuses a token is an answer like any other`() throws {
    let harness = try Harness()
    harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(harness.send("GET", "/health/").json["status"] == "ok")
  }

  @Test func `a cache that cannot be used is a warning`() throws {
    let harness = try Harness(settings: ["META_CACHE_DIR": "/etc/passwd"])
    let answer = harness.send("GET", "/health/")
    #expect(answer.status == 200)
    #expect(Self.words(answer) == ["ok", "ok", "warning", "ok"])
  }

  @Test(.enabled(if: CacheDisk.isPossible, "mounting a tmpfs needs root"))
  func `a full disk is told, although what is stored can be read`() throws {
    let disk = try CacheDisk()
    let harness = try Harness(settings: ["META_DATA_DIR": disk.path + "/data"])
    #expect(harness.send("GET", "/health/").json["status"] == "ok")
    let filler = open(disk.path + "/filler", O_WRONLY | O_CREAT, 0o600)
    defer { close(filler) }
    let block = [UInt8](repeating: 1, count: 4096)
    while write(filler, block, block.count) > 0 {}
    // Another process: each asks its disk every few seconds only.
    #expect(StorageProbe.look(in: disk.path + "/data") == .full)
    let other = try Harness(settings: [
      "META_DATA_DIR": disk.path + "/data/.", "META_CACHE_DIR": disk.path + "/data/cache/.",
    ])
    let answer = other.send("GET", "/health/")
    #expect(answer.json["status"] == "degraded")
    #expect(
      answer.json["checks"]?["database"]?["detail"]?.string?.contains("The disk is full") == true,
      "\(answer.text)")
    #expect(Self.words(answer) == ["warning", "ok", "warning", "ok"])
    #expect(harness.application.status().contains { $0.level == .trouble && $0.detail.contains("is full") })
  }

  @Test func `a cache that was removed is none that cannot be used`() throws {
    let harness = try Harness()
    try FileManager.default.removeItem(atPath: harness.application.configuration.cacheDirectory)
    #expect(Self.words(harness.send("GET", "/health/")) == ["ok", "ok", "ok", "ok"])
  }

  @Test func `asking for health does not write each time`() throws {
    let harness = try Harness()
    harness.send("GET", "/health/")
    chmod(harness.application.configuration.dataDirectory, 0o500)
    defer { chmod(harness.application.configuration.dataDirectory, 0o700) }
    #expect(
      harness.send("GET", "/health/").json["status"] == "ok", "what was found a moment ago still counts")
  }

  @Test func `without a database nothing works, and the key is not looked at`() throws {
    let harness = try Harness()
    let path = harness.application.configuration.databasePath
    try Data(repeating: 0x41, count: 4096).write(to: URL(filePath: path))
    let answer = harness.send("GET", "/health/")
    #expect(answer.status == 503)
    #expect(answer.header("Retry-After") == "30")
    #expect(answer.json["status"] == "unavailable")
    #expect(Self.words(answer) == ["error", "warning", "ok", "ok"])
    try FileManager.default.removeItem(atPath: path)
    #expect(harness.send("GET", "/health/").status == 200, "put right, it is well without a restart")
  }

  @Test func `it reveals neither paths nor names nor numbers of ours`() throws {
    let harness = try Harness()
    harness.addClient("very-secret-client")
    harness.simulator.setState(.expired, ofToken: "john")
    harness.send("GET", "/pages/")
    let answer = harness.send("GET", "/health/")
    for word in ["/", "very-secret-client", "john", "104567890123", "EAA", "meta-module"] {
      #expect(!answer.text.contains(word))
    }
  }
}
