import Cryptography
import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import Store

/// The Fernet key is missing, wrong, or another one than yesterday (API.md, section 5).
@Suite struct KeyTests {
  private static func replaceKey(_ harness: Harness, with text: String) throws {
    let path = harness.application.configuration.keyFilePath
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// Every row of every table, as text.
  private static func dump(_ harness: Harness) throws -> [String] {
    try Python.lines(
      """
      import sqlite3, sys
      for line in sqlite3.connect(sys.argv[1]).iterdump(): print(repr(line))
      """, arguments: [harness.application.configuration.databasePath])
  }

  @Test func `the wrong key at start changes not one row, and health says so`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.addToken("maria")
    harness.simulator.setState(.expired, ofToken: "maria")
    let before = try Self.dump(harness)
    try Self.replaceKey(harness, with: FernetKey.generate().revealed() + "\n")

    let restarted = try harness.another()
    restarted.prepare()
    func send(_ method: String, _ target: String, _ json: String? = nil) -> Answer {
      Answer(restarted.respond(to: Request(method, target, json: json)))
    }
    harness.simulator.clearCalls()
    let token = harness.simulator.token("yusuf")
    for (method, target, json) in [
      ("GET", "/pages/", nil), ("GET", "/instagram/client_001/", nil),
      ("GET", "/post/17999999999999999/", nil),
      ("POST", "/sync/", #"{"client_id":"new","fb_page_id":"104567890123","token_id":1}"#),
      ("POST", "/tokens/1/check/", nil),
      ("POST", "/tokens/", #"{"access_token":"\#(token)","account_label":"y"}"#),
      ("PATCH", "/tokens/1/", #"{"access_token":"\#(harness.simulator.token("forever"))"}"#),
    ] as [(String, String, String?)] {
      let answer = send(method, target, json)
      #expect(answer.status == 503, "\(method) \(target)")
      #expect(answer.header("Retry-After") == "60")
      #expect(answer.detail?.hasPrefix("The Fernet key is not the one") == true)
    }
    let health = send("GET", "/health/")
    #expect(health.status == 503)
    #expect(health.json["status"] == "unavailable")
    #expect(health.json["checks"]?["key"]?["status"] == "error")
    #expect(health.json["checks"]?["database"]?["status"] == "ok")
    let rows = send("GET", "/tokens/").json["tokens"]?.array
    #expect(rows?.map { $0["status_reason"] } == ["key_missing", "key_missing"])
    #expect(rows?.map { $0["status"] } == ["active", "active"])
    #expect(send("GET", "/mappings/").json["mappings"]?.array?.count == 1)
    #expect(try Self.dump(harness) == before)
  }

  @Test func `with the right key back everything works, without a restart`() throws {
    let harness = try Harness()
    harness.addClient()
    let right = try String(contentsOfFile: harness.application.configuration.keyFilePath, encoding: .utf8)
    try Self.replaceKey(harness, with: FernetKey.generate().revealed() + "\n")
    #expect(harness.send("GET", "/pages/").status == 503)
    try Self.replaceKey(harness, with: right)
    #expect(harness.send("GET", "/pages/").status == 200)
    #expect(harness.send("GET", "/health/").status == 200)
  }

  @Test func `a new key in front of the old one is used for what is written from now on`() throws {
    let harness = try Harness()
    harness.addClient()
    let old = try String(contentsOfFile: harness.application.configuration.keyFilePath, encoding: .utf8)
    let new = try FernetKey.generate()
    try Self.replaceKey(harness, with: "# rotated today\n\(new.revealed())\n\n\(old)")
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    harness.sync("second")
    let ring = try KeyRing([new])
    #expect(throws: CryptographyError.self) { try ring.open(harness.token(1)?.sealedToken ?? "") }
    #expect(try ring.open(harness.mapping("second")?.sealedPageToken ?? "").isEmpty == false)
    // The new one alone is one that the database knows by now, and does not open what is older.
    try Self.replaceKey(harness, with: new.revealed())
    let pages = harness.send("GET", "/pages/")
    #expect(pages.json["warnings"]?[0]?["token_id"] == 1)
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `the key may come from the environment`() throws {
    let key = try FernetKey.generate()
    let settings = ["META_FERNET_KEYS": key.revealed()]
    let harness = try Harness(settings: settings)
    harness.addClient()
    #expect(!FileManager.default.fileExists(atPath: harness.application.configuration.keyFilePath))
    let opened = try KeyRing([key]).open(harness.token(1)?.sealedToken ?? "")
    #expect(String(decoding: opened, as: UTF8.self) == harness.simulator.token("john"))
    let another = try harness.another(settings: ["META_FERNET_KEYS": FernetKey.generate().revealed()])
    #expect(Answer(another.respond(to: Request("GET", "/pages/"))).status == 503)
  }

  @Test func `the first start makes a key that only we can read`() throws {
    let harness = try Harness()
    harness.application.prepare()
    let path = harness.application.configuration.keyFilePath
    #expect(permissions(of: path) == 0o600)
    #expect(permissions(of: harness.application.configuration.dataDirectory) == 0o700)
    #expect(permissions(of: harness.application.configuration.databasePath) == 0o600)
    let key = try String(contentsOfFile: path, encoding: .utf8)
    harness.application.prepare()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == key)
  }

  @Test func `tokens are stored as Fernet text and nowhere in clear`() throws {
    let harness = try Harness()
    harness.addClient()
    let row = try #require(try harness.token(1))
    #expect(row.sealedToken.hasPrefix("gAAAAA"))
    let dump = try Self.dump(harness).joined()
    for token in [harness.simulator.token("john"), harness.simulator.pageToken("john", page: "104567890123")]
    {
      #expect(!dump.contains(token))
    }
  }
}
