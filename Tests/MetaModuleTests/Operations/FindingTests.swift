import Cryptography
import Foundation
import GraphSimulator
import Testing

@testable import Cache
@testable import MetaModule
@testable import Store

@Suite struct FindingTests {
  private func settings(_ harness: Harness, _ extra: [String: String] = appSettings) throws -> Configuration {
    var environment = [
      "HOME": harness.folder.path, "META_DATA_DIR": harness.data, "META_GRAPH_URL": harness.simulator.url,
      "META_LOG_LEVEL": "critical",
    ]
    environment.merge(extra) { $1 }
    return try Configuration(environment: environment)
  }

  @Test func `a healthy installation has nothing to complain about`() throws {
    let harness = try Harness()
    harness.addClient()
    let findings = Doctor(try settings(harness)).findings()
    #expect(findings.worst == .ok, "\(findings.filter { $0.level != .ok })")
    #expect(
      Set(findings.map(\.check))
        == [
          "settings", "data folder", "files", "file system", "space", "sqlite", "database", "key", "access",
          "cache", "pictures",
          "libcurl", "graph", "clock", "app", "tokens",
        ])
  }

  @Test func `a doctor makes nothing`() throws {
    let harness = try Harness()
    try FileManager.default.removeItem(atPath: harness.data)
    let findings = Doctor(try settings(harness)).findings()
    #expect(findings.worst == .ok, "\(findings.filter { $0.level != .ok })")
    #expect(!FileManager.default.fileExists(atPath: harness.data))
  }

  @Test func `a file system that machines share is named with its remedy`() throws {
    let harness = try Harness()
    let finding = Doctor(try settings(harness), carriesWAL: { _ in false }).fileSystem()
    #expect(finding.level == .warning)
    #expect(finding.detail.contains("NFS"))
    #expect(finding.remedy?.contains("META_DATA_DIR") == true)
  }

  @Test func `every finding that is not fine has a remedy`() throws {
    let harness = try Harness()
    harness.addToken("no-business")
    _ = try harness.application.refreshTokens()
    try harness.application.rooms.keyRingFile.replaceFile(with: [.generate()])
    let findings = Doctor(try settings(harness, ["META_GRAPH_URL": "http://127.0.0.1:1"])).findings()
    #expect(findings.worst == .trouble)
    for finding in findings where finding.level != .ok {
      #expect(finding.remedy?.isEmpty == false, "\(finding)")
    }
    #expect(findings.contains { $0.check == "graph" && $0.level == .trouble })
    #expect(findings.contains { $0.check == "key" && $0.level == .trouble })
  }

  @Test func `what a token lacks is told with what will not work`() throws {
    let harness = try Harness()
    harness.addToken("no-business")
    _ = try harness.another(settings: appSettings).refreshTokens()
    let findings = Doctor(try settings(harness)).findings().filter { $0.check == "scopes" }
    #expect(findings.count == 1)
    #expect(
      findings.first?.detail.contains("business_management: Pages that belong to a Business portfolio")
        == true)
  }

  @Test func `an app secret that Graph refuses is named`() throws {
    let harness = try Harness()
    let wrong = ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": "wrong"]
    #expect(Doctor(try settings(harness, wrong)).app(isReachable: true).level == .trouble)
    #expect(Doctor(try settings(harness)).app(isReachable: true).level == .ok)
  }

  @Test func `status warns of tokens that end soon and is troubled by dead ones`() throws {
    let harness = try Harness()
    #expect(harness.application.status().worst == .ok)
    harness.addToken("maria")  // Ends in five days, as its app would say.
    _ = try harness.another(settings: appSettings).refreshTokens()
    #expect(harness.application.status(warnDays: 10).worst == .warning)
    #expect(harness.application.status(warnDays: 3).worst == .ok)
    #expect(
      harness.application.status(warnDays: 10).contains {
        $0.detail.contains("4 days") || $0.detail.contains("5 days")
      })
    _ = try harness.store().updateToken(1, status: .invalid, reason: "revoked")
    let findings = harness.application.status()
    #expect(findings.worst == .trouble)
    #expect(
      findings.contains { $0.detail.contains("revoked") && $0.remedy?.contains("token replace 1") == true })
  }

  @Test func `settings tell their origin and never a secret`() throws {
    let harness = try Harness()
    let file = harness.folder.appending(path: "meta.conf").path
    try "META_RETRIES=5\nMETA_APP_SECRET=hush-hush\nMETA_APP_ID=1\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    let key = try FernetKey.generate().revealed()
    let found = try settings(harness, ["META_CONFIG": file, "META_APP_ID": "2", "META_FERNET_KEYS": key])
      .settings
    let byName = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0) })
    #expect(found.map(\.name) == Setting.names)
    for (name, value, origin) in [
      ("META_RETRIES", "5", file), ("META_APP_ID", "2", "environment"), ("META_WORKERS", "32", "default"),
    ] {
      #expect(byName[name]?.value == value)
      #expect(byName[name]?.origin == origin)
    }
    #expect(byName["META_APP_SECRET"]?.value == "<redacted>")
    #expect(byName["META_FERNET_KEYS"]?.value == "<redacted>")
  }

  @Test func `the cache is counted and cleared`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    #expect(try harness.application.cacheStatistics().entries >= 1)
    #expect(try harness.application.clearCache() >= 1)
    #expect(try harness.application.cacheStatistics().entries == 0)
    #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "miss")
  }
}
