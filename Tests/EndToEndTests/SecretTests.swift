import Foundation
import GraphSimulator
import HTTPClient
import JSON
import TestSupport
import Testing

/// Secrets are planted everywhere, everything is done with them that can be done and can go wrong, and then every
/// place is searched in which one must not be (API.md, section 4).
@Suite struct SecretTests {
  @Test func `a planted secret is found nowhere`() throws {
    let world = World.demo
    let site = try Site(
      processes: 2,
      settings: [
        "META_APP_ID": world.appID, "META_APP_SECRET": world.appSecret, "META_LOG_LEVEL": "trace",
        "META_GRAPH_TIMEOUT": "3",
      ])
    var answers = ""
    func send(_ method: String, _ path: String, _ json: String? = nil, headers: [(String, String)] = [])
      throws
    {
      for process in 0..<2 {
        let reply = try site.send(method, "/api/meta" + path, json, headers: headers, process: process)
        answers += "\(reply.headers) \(reply.text)\n"
      }
    }
    func token(_ label: String) -> String { site.simulator.token(label) }
    func verify(_ token: String) throws {
      try send("POST", "/verify-user/", #"{"access_token":"\#(token)"}"#)
    }

    // What works.
    try site.addToken("john")
    try site.addToken("maria")
    try send("POST", "/tokens/", #"{"access_token":"\#(token("short"))","account_label":"short"}"#)
    try verify(token("yusuf"))
    try send("GET", "/pages/")
    try send("POST", "/sync/", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    try send("GET", "/instagram/c/")
    try send("GET", "/post/17999999999999999/")
    try send("GET", "/post/180120000000000000/")
    for path in ["/tokens/", "/mappings/", "/events/", "/health/", "/session/"] { try send("GET", path) }
    try send("POST", "/tokens/1/check/")

    // What Graph refuses, in words that repeat the token.
    for state in TokenState.allCases.reversed() {
      site.simulator.setState(state, ofToken: "yusuf")
      try verify(token("yusuf"))
    }
    site.simulator.setState(.malformed, ofToken: "john")
    for path in ["/pages/", "/post/17888888888888888/", "/post/17000000000000000/"] { try send("GET", path) }
    try send("POST", "/mappings/1/refresh/")
    site.simulator.setState(.active, ofToken: "john")
    try send("PATCH", "/tokens/1/", #"{"status":"active"}"#)

    // What goes wrong.
    let echo =
      #"{"error":{"message":"\#(token("john"))","type":"\#(token("john"))","code":1,"fbtrace_id":"\#(token("john"))"}}"#
    for fault in [
      Fault.Kind.raw(status: 500, headers: [:], body: Array(echo.utf8)), .html(status: 500),
      .reset(afterBytes: nil),
      .throttled(code: 4, minutes: 1), .wrongTypes, .hang,
      .redirect(location: "http://127.0.0.1:9/?access_token=\(token("john"))"),
    ] {
      site.simulator.clearFaults()
      site.simulator.addFault(Fault(fault))
      try verify(token("maria"))
      try send("GET", "/pages/")
      try send("GET", "/post/17999999999999999/")
      try send("POST", "/sync/", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    }
    site.simulator.clearFaults()

    // What a client does wrong, with the token where it does not belong.
    let stray = token("john")
    try verify(stray + "é")
    try verify(stray + #"","x":"# + stray)
    try send("POST", "/verify-user/", "{\"access_token\":\"\(stray)\"")
    try send("POST", "/sync/", #"{"client_id":"\#(stray)","fb_page_id":"\#(stray)","token_id":"\#(stray)"}"#)
    try send("POST", "/tokens/", #"{"access_token":["\#(stray)"],"account_label":true,"status":"\#(stray)"}"#)
    try send("GET", "/instagram/\(stray)/?access_token=\(stray)")
    try send("GET", "/post/\(stray)/")
    try send("GET", "/\(stray)/")
    try send(
      "GET", "/health/",
      headers: [("X-Request-Id", stray), ("Authorization", "Bearer \(stray)"), ("Cookie", stray)])

    // Credentials, right and wrong.
    let password = "correct horse battery staple 42"
    try site.metactl(["admin", "set-password"], input: password + "\n" + password)
    let key = try #require(
      site.metactl(["apikey", "create", "--label", "k", "--scope", "admin"]).split(
        whereSeparator: \.isWhitespace
      )
      .map(String.init).first { $0.hasPrefix("mm_") })
    try send("GET", "/tokens/", headers: [("X-API-Key", key)])
    try send("GET", "/tokens/", headers: [("Authorization", "Bearer \(key)x")])
    try send(
      "POST", "/session/", #"{"password":"\#(password)"}"#, headers: [("Sec-Fetch-Site", "same-origin")])
    try send(
      "POST", "/session/", #"{"password":"\#(password)!"}"#, headers: [("Sec-Fetch-Site", "same-origin")])

    let fernet = site.contents("data/fernet.keys").trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(fernet.utf8.count == 44)
    let users = ["john", "maria", "yusuf", "short", "short-long"].map(token)
    let pages = ["john", "maria", "short-long"].map { site.simulator.pageToken($0, page: "104567890123") }
    let others = [world.appSecret, password, fernet, key]
    #expect(users.allSatisfy { $0.utf8.count > 100 })

    // A body that was sent may come back to its sender in an error's text; none of ours does. So every token is
    // searched for in answers, too.
    for secret in users + pages + others {
      #expect(!answers.contains(secret), "an answer has \(secret.prefix(8))…")
      for process in 0..<2 {
        #expect(!site.programLog(process).contains(secret), "a log has \(secret.prefix(8))…")
      }
      #expect(!site.contents("nginx.log").contains(secret) || secret == stray)
    }
    // Whatever is in the request line, is in it because the client put it there.
    for process in 0..<2 { #expect(!site.programLog(process).contains("access_token")) }

    // On disk tokens are sealed, keys and passwords hashed, and the app's secret is in its own file only.
    for file in try Self.files(below: "\(site.folder.path)/data") where !file.hasSuffix("/fernet.keys") {
      let bytes = try Data(contentsOf: URL(filePath: file))
      for secret in users + pages + others {
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file) has \(secret.prefix(8))…")
      }
    }
    // And it is indeed the database that was searched.
    let database = try ["meta.sqlite3", "meta.sqlite3-wal"].map {
      try Data(contentsOf: URL(filePath: "\(site.folder.path)/data/\($0)"))
    }
    #expect(database.contains { $0.range(of: Data("gAAAAA".utf8)) != nil })

    for program in site.programs {
      for name in ["cmdline", "comm", "environ"] {
        let text = try String(
          decoding: Data(contentsOf: URL(filePath: "/proc/\(program.pid)/\(name)")), as: UTF8.self)
        for secret in users + pages + others { #expect(!text.contains(secret)) }
      }
    }
  }

  @Test func `the session's cookie is not stored as it is`() throws {
    let site = try Site()
    let password = "correct horse battery staple 42"
    try site.metactl(["admin", "set-password"], input: password + "\n" + password)
    let reply = try site.send(
      "POST", "/api/meta/session/", #"{"password":"\#(password)"}"#,
      headers: [("Sec-Fetch-Site", "same-origin")])
    #expect(reply.status == 200)
    let cookie = try #require(reply.headers["Set-Cookie"])
    #expect(cookie.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"))
    let value = try #require(cookie.split(separator: ";").first?.split(separator: "=").last.map(String.init))
    #expect(value.utf8.count == 43)
    #expect(!reply.text.contains(value))
    let signedIn = try site.send("GET", "/api/meta/tokens/", headers: [("Cookie", "meta_session=\(value)")])
    #expect(signedIn.status == 200)
    for file in try Self.files(below: "\(site.folder.path)/data") {
      #expect(try Data(contentsOf: URL(filePath: file)).range(of: Data(value.utf8)) == nil)
    }
    #expect(!site.programLog().contains(value))
  }

  private static func files(below folder: String) throws -> [String] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    let files = paths.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }
    #expect(files.contains { $0.hasSuffix("meta.sqlite3") })
    return files
  }
}
