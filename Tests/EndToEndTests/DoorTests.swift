import Foundation
import GraphSimulator
import HTTPClient
import TestSupport
import Testing

/// Who gets in through a real nginx, and how often he may try.
@Suite struct DoorTests {
  @Test func `a stranger behind a plain proxy is not this machine`() throws {
    let site = try Site()
    #expect(try site.send("GET", "/api/meta/tokens/").status == 200)
    var client = HTTPClient()
    let url = "http://127.0.0.1:\(site.proxyPort)/api/meta"
    let answer = Reply(try client.perform(HTTPRequest(url: url + "/tokens/")))
    #expect(answer.status == 403)
    #expect(answer.text.contains("metactl"))
    #expect(try client.perform(HTTPRequest(url: url + "/health/")).status == 200)
  }

  @Test(arguments: [
    "/session/", "/session", "/api/meta/session/", "/api/meta/session", "/%73ession/", "/verify-user/",
    "/api/meta/api/meta/verify-user", "/api/%6deta/session/",
  ])
  func `every spelling that reaches an endpoint that costs is limited`(path: String) throws {
    let site = try Site()
    let answers = try site.sendAtOnce(250, "POST", "/api/meta" + path, "{}")
    #expect(answers.count == 250)
    let throttled = answers.filter { $0.status == 429 }
    #expect(throttled.count > 50)
    #expect(throttled.allSatisfy { $0.text.contains("throttled") })
    #expect(try site.send("GET", "/api/meta/session/").status == 200)
  }

  @Test func `wrong passwords at once take two hashes' memory, and give it back`() throws {
    let site = try Site()
    try site.metactl(["admin", "set-password"], input: "correct horse battery")
    let before = try Self.memory("VmRSS", of: site)
    for _ in 0..<4 {
      let answers = try site.sendAtOnce(16, "POST", "/api/meta/session/", #"{"password":"wrong password"}"#)
      #expect(answers.allSatisfy { [403, 429, 503].contains($0.status) })
    }
    // In MiB; a hash takes 16.
    #expect(try Self.memory("VmHWM", of: site) - before < 44)
    #expect(try Self.memory("VmRSS", of: site) - before < 12)
  }

  /// In MiB, from proc(5).
  private static func memory(_ name: String, of site: Site) throws -> Int {
    let lines = try String(contentsOfFile: "/proc/\(site.programs[0].pid)/status", encoding: .utf8)
    let line = try #require(lines.split(separator: "\n").first { $0.hasPrefix(name + ":") })
    return try #require(Int(line.filter(\.isNumber))) / 1024
  }

  @Test func `metactl admin reset brings protected mode back, and says so`() throws {
    let site = try Site()
    try site.metactl(["apikey", "create", "--label", "k", "--scope", "read"])
    #expect(try site.send("GET", "/api/meta/tokens/").status == 401)
    let told = try site.metactl(["apikey", "revoke", "1"])
    #expect(told.contains("nobody is served"))
    #expect(try site.send("GET", "/api/meta/tokens/").status == 401)
    let warned = #expect(throws: Site.Failure.self) { try site.metactl(["doctor"]) }
    #expect(warned?.description.contains("nobody is served") == true)
    #expect(try site.metactl(["admin", "reset"]).contains("served without a credential again"))
    #expect(try site.send("GET", "/api/meta/tokens/").status == 200)
  }
}
