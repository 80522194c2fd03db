import Foundation
import GraphSimulator
import HTTPClient
import JSON
import TestSupport
import Testing

/// How the program starts, ends, and what it writes down.
@Suite struct LifecycleTests {
  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1])
  func `a request in flight is finished, and then the program ends with 0`(
    signal: Int32
  ) throws {
    let site = try Site()
    try site.addClient()
    site.simulator.addFault(Fault(.latency(milliseconds: 1500)))
    nonisolated(unsafe) let shared = site
    let slow = Background { try? shared.send("GET", "/api/meta/instagram/client_001/") }
    #expect(Wait.until { site.simulator.calls().count == 1 })
    site.programs[0].send(signal: signal)
    let reply = try #require(slow.result() ?? nil)
    #expect(reply.status == 200)
    #expect(reply.json["media"]?.array?.count == 25)
    #expect(site.programs[0].status() == 0)
    #expect(try site.send("GET", "/api/meta/health/").status == 502, "nobody is there any more")
    try site.startProgram(0)
    #expect(try site.send("GET", "/api/meta/instagram/client_001/").headers["X-Cache"] == "hit")
  }

  /// It has a thread of its own before it serves, and that one must not be told in the place of the server. Nobody listens at
  /// the address: the thread is there all the same.
  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1])
  func `it ends as well when it watches a server`(signal: Int32) throws {
    let site = try Site(settings: [
      "META_DATABASE_URL": "postgresql://meta@127.0.0.1:1/meta",
      "META_FERNET_KEYS": "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    ])
    let threads = "/proc/\(site.programs[0].pid)/task"
    for thread in try FileManager.default.contentsOfDirectory(atPath: threads) {
      let status = try String(contentsOfFile: "\(threads)/\(thread)/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
      let blocked = try #require(UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16))
      for number in [SIGTERM, SIGINT, SIGUSR1] {
        #expect(blocked >> UInt64(number - 1) & 1 == 1, "thread \(thread), signal \(number)")
      }
    }
    site.programs[0].send(signal: signal)
    #expect(site.programs[0].status() == 0)
  }

  @Test
  func `a server starts itself once more, as the same process, with more of malloc's small blocks at hand`()
    throws
  {
    let site = try Site()
    let process = "/proc/\(site.programs[0].pid)"
    let environment = try String(contentsOfFile: "\(process)/environ", encoding: .utf8).split(separator: "\0")
    // glibc has ended it behind the first setting.
    #expect(environment.contains { $0.hasPrefix("GLIBC_TUNABLES=glibc.malloc.tcache_count=32") })
    #expect(try String(contentsOfFile: "\(process)/comm", encoding: .utf8) == "meta.fcgi\n")
    #expect(try site.send("GET", "/api/meta/health/").status == 200)
  }

  @Test func `each request is one line of JSON with the promised fields`() throws {
    let site = try Site()
    try site.addClient()
    let id = "my-request.1"
    #expect(
      try site.send("GET", "/api/meta/instagram/client_001/?x=1", headers: [("X-Request-Id", id)])
        .headers["X-Request-Id"] == id)
    #expect(try site.send("GET", "/api/meta/instagram/client_001/").status == 200)
    #expect(try site.send("GET", "/api/meta/instagram/nobody/").status == 404)
    site.simulator.addFault(Fault(.error(GraphError(code: 2))))
    #expect(try site.send("POST", "/api/meta/verify-user/", #"{"access_token":"x"}"#).status == 502)
    #expect(Wait.until { Self.lines(site).count == 5 })
    let lines = Self.lines(site)
    for line in lines {
      let keys = try #require(line.object?.keys)
      let promised: [String] = [
        "time", "level", "message", "request_id", "method", "route", "status", "ms", "graph_calls",
      ]
      #expect(keys.filter(promised.contains) == promised, "\(keys)")
      #expect(line["message"] == "request")
      #expect(line["time"]?.string?.utf8.count == 20)
      #expect(line["ms"]?.number != nil)
    }
    let miss = try #require(lines.first { $0["request_id"] == .string(id) })
    #expect(miss["method"] == "GET")
    #expect(miss["route"] == "/instagram/<client_id>/")
    #expect(miss["status"] == 200)
    #expect(miss["cache"] == "miss")
    #expect(miss["graph_calls"] == 1)
    #expect(miss["level"] == "info")
    #expect(miss["reason"] == nil)
    #expect(lines[2]["cache"] == "hit")
    #expect(lines[2]["graph_calls"] == 0)
    #expect(lines[3]["reason"] == "mapping_not_found")
    #expect(lines[4]["status"] == 502)
    #expect(lines[4]["level"] == "error")
    #expect(lines[4]["reason"] == "upstream_error")
    #expect(lines[4]["graph_calls"] == 4)
    #expect(lines[4]["graph_traces"]?.array?.isEmpty == false)
  }

  @Test func `a log that nobody reads stops no request and no end, and says later what is missing in it`()
    throws
  {
    let site = try Site()
    let path = "\(site.folder.path)/log.pipe"
    #expect(mkfifo(path, 0o600) == 0)
    let pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    defer { close(pipe) }
    site.programs[0].end()
    try site.startProgram(0, errorsTo: path)
    // Twice as much as the pipe and the program keep together.
    for _ in 0..<5 {
      let replies = try site.sendAtOnce(1000, "GET", "/api/meta/health/")
      try #require(replies.map(\.status) == [Int](repeating: 200, count: 1000))
    }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    #expect(
      Wait.until {
        while case let count = read(pipe, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self).contains(#""lost":"#)
      })
    let lines = try text.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    let lost = lines.compactMap { $0["lost"]?.int64 }.reduce(0, +)
    #expect(lines.filter { $0["message"] == "request" }.count + Int(lost) == 5000)

    #expect(try site.sendAtOnce(500, "GET", "/api/meta/health/").count == 500)
    site.programs[0].send(signal: SIGTERM)
    #expect(site.programs[0].status() == 0)
  }

  /// What a library does that calls setenv() before our first line, and a system without /proc: Swift's own list of
  /// arguments is empty.
  @Test func `arguments arrive although a preloaded library has moved the environment`() throws {
    let folder = try TemporaryFolder()
    let source = "\(folder.path)/moved.c"
    try Data("static char *moved[] = {\"HOME=/nonexistent\", 0}; char **environ = moved;\n".utf8)
      .write(to: URL(filePath: source))
    let library = "\(folder.path)/moved.so"
    let compiled = try ChildProcess.run("cc", ["-shared", "-fPIC", "-o", library, source])
    try #require(compiled.status == 0, "\(compiled.output)")
    let preloaded = ["LD_PRELOAD": library]

    let version = try ChildProcess.run(ChildProcess.ours("meta.fcgi"), ["--version"], environment: preloaded)
    #expect(version.output.hasPrefix("meta.fcgi "))
    let absent = "\(folder.path)/absent.conf"
    let told = try ChildProcess.run(
      ChildProcess.ours("meta.fcgi"), ["--listen", "unix:\(folder.path)/s", "--config", absent],
      environment: preloaded)
    #expect(told.status == 1)
    #expect(told.output.contains(absent))
    let added = try ChildProcess.run(
      ChildProcess.ours("metactl"), ["token", "add", "--label", "x"], environment: preloaded)
    // It was understood as far as the token, which is read from standard input, and nobody gave one.
    #expect(added.status == 1)
    #expect(added.output.contains("standard input"))
    // It has nothing on its standard input, where it looks for a picture of the width that it was told.
    let made = try ChildProcess.run(
      ChildProcess.ours("meta-image"), ["320", "webp"], environment: preloaded)
    #expect(made.status == 65, "\(made.output)")
  }

  @Test func `the log says what is wrong at start, with what to do, and the answers do not`() throws {
    let site = try Site()
    try site.addToken()
    site.programs[0].end()
    try Data("\(Self.newKey())\n".utf8).write(to: URL(filePath: "\(site.folder.path)/data/fernet.keys"))
    try site.startProgram(0)
    #expect(Wait.until { site.programLog().contains("critical") })
    let line = try #require(Self.lines(site).first)
    #expect(line["level"] == "critical")
    #expect(line["message"]?.string?.contains("Fernet key") == true)
    let health = try site.send("GET", "/api/meta/health/")
    #expect(health.status == 503)
    #expect(health.json["checks"]?["key"]?["status"] == "error")
    #expect(try site.send("GET", "/api/meta/pages/").status == 503)
    #expect(Wait.until { Self.lines(site).contains { $0["reason"] == "unavailable" } })
  }

  @Test func `a second one on the same socket says so and leaves the first alone`() throws {
    let site = try Site()
    let (status, output) = try ChildProcess.run(
      ChildProcess.ours("meta.fcgi"), ["--listen", "unix:\(site.folder.path)/0.sock"],
      environment: site.environment)
    #expect(status == 1)
    #expect(output.contains("0.sock"))
    #expect(try site.send("GET", "/api/meta/health/").status == 200)
  }

  @Test(arguments: [
    ("META_CACHE_TTL", "soon"), ("META_CACHE_TTL", "0"), ("META_RETRIES", "-1"), ("META_WORKERS", "0"),
    ("META_GRAPH_URL", "http://graph.facebook.com"), ("META_GRAPH_URL", "ftp://127.0.0.1"),
    ("META_GRAPH_URL", "https://user@graph.facebook.com"), ("META_GRAPH_VERSION", "26"),
    ("META_LOG_LEVEL", "loud"),
    ("META_DATA_DIR", "relative/path"), ("META_APP_SECRET", "x"), ("META_REQUEST_BUDGET", "١٠"),
  ])
  func `a setting that makes no sense stops the program with one line that names it`(
    name: String, value: String
  ) throws {
    let folder = try TemporaryFolder()
    var environment = ["META_DATA_DIR": "\(folder.path)/data", "HOME": folder.path]
    environment[name] = value
    let (status, output) = try ChildProcess.run(
      ChildProcess.ours("meta.fcgi"), ["--listen", "unix:\(folder.path)/s"], environment: environment)
    #expect(status == 1)
    #expect(output.split(separator: "\n").count == 1)
    #expect(output.contains(name))
  }

  static func lines(_ site: Site, process: Int = 0) -> [JSONValue] {
    site.programLog(process).split(separator: "\n").compactMap { try? JSONValue(parsing: Array($0.utf8)) }
  }

  private static func newKey() throws -> String {
    try Python.lines("import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())")[0]
  }
}
