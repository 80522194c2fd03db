import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// meta.fcgi as a web server's CGI program: environment, standard input and standard output, and nothing else.
@Suite struct CGITests {
  private final class Program {
    let simulator: GraphSimulator.Server
    let folder: TemporaryFolder

    init() throws {
      simulator = try Server.start()
      folder = try TemporaryFolder()
    }

    deinit { simulator.stop() }

    /// One request; the answer as it was printed, and the exit status.
    func run(
      _ method: String, _ path: String, _ body: String = "", length: String? = nil,
      more: [String: String] = [:],
      arguments: [String] = []
    ) throws -> (status: Int32, output: String) {
      try ChildProcess.run(
        ChildProcess.ours("meta.fcgi"), arguments, environment: environment(method, path, body, length, more),
        input: Array(body.utf8))
    }

    /// What a web server puts into the environment.
    func environment(
      _ method: String, _ path: String, _ body: String = "", _ length: String? = nil,
      _ more: [String: String] = [:]
    ) -> [String: String] {
      var environment = [
        "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method, "SCRIPT_NAME": "/cgi-bin/meta.fcgi",
        "PATH_INFO": path, "REQUEST_URI": "/cgi-bin/meta.fcgi\(path)", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost", "SERVER_PROTOCOL": "HTTP/1.1", "META_DATA_DIR": "\(folder.path)/data",
        "META_GRAPH_URL": simulator.url, "META_LOG_LEVEL": "critical",
      ]
      if !body.isEmpty || length != nil {
        environment["CONTENT_TYPE"] = "application/json"
        environment["CONTENT_LENGTH"] = length ?? String(body.utf8.count)
      }
      return environment.merging(more) { _, new in new }
    }
  }

  @Test func `the answer begins with its status and has the body behind an empty line`() throws {
    let (status, output) = try Program().run("GET", "/pages/")
    #expect(status == 0)
    let parts = output.components(separatedBy: "\r\n\r\n")
    #expect(parts.count == 2)
    #expect(parts[1] == #"{"pages":[]}"#)
    let lines = parts[0].components(separatedBy: "\r\n")
    #expect(lines[0] == "Status: 200 OK")
    #expect(lines.contains("Content-Type: application/json"))
    #expect(lines.contains("Content-Length: 12"))
    #expect(lines.contains("Cache-Control: no-store"))
    #expect(lines.contains("X-Content-Type-Options: nosniff"))
    #expect(lines.contains { $0.hasPrefix("X-Request-Id: ") })
  }

  @Test func `the workflow works one process at a time`() throws {
    let program = try Program()
    let token = program.simulator.token("john")
    func body(_ method: String, _ path: String, _ json: String = "") throws -> JSONValue {
      let (_, output) = try program.run(method, path, json)
      return try JSONValue(parsing: Array((output.components(separatedBy: "\r\n\r\n").last ?? "").utf8))
    }
    #expect(try body("POST", "/tokens/", #"{"access_token":"\#(token)","account_label":"a"}"#)["id"] == 1)
    let sync = #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#
    #expect(try body("POST", "/sync/", sync) == ["success": true, "created": true])
    #expect(try body("POST", "/sync", sync) == ["success": true, "created": false])
    program.simulator.clearCalls()
    #expect(try body("GET", "/instagram/c/")["media"]?.array?.count == 25)
    #expect(try body("GET", "/instagram/c/")["media"]?.array?.count == 25)
    #expect(program.simulator.calls().count == 1, "the cache outlives the process")
    #expect(try body("GET", "/post/17999999999999999/")["like_count"] == 234)
  }

  @Test func `an expired grid is answered while Graph is still asked, and its answer is kept`() throws {
    let program = try Program()
    let token = program.simulator.token("john")
    _ = try program.run("POST", "/tokens/", #"{"access_token":"\#(token)","account_label":"a"}"#)
    _ = try program.run("POST", "/sync/", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    _ = try program.run("GET", "/instagram/c/", more: ["META_CACHE_TTL": "1"])
    // So that the entry is over, whatever the second it was stored in.
    PlainThread.pause(milliseconds: 2100)
    program.simulator.addFault(Fault(.held))
    let child = try ChildProcess(
      ChildProcess.ours("meta.fcgi"), environment: program.environment("GET", "/instagram/c/"),
      log: program.folder.path + "/early")
    #expect(Wait.until { child.output.contains("X-Cache: stale") && child.output.hasSuffix("}") })
    #expect(child.isRunning, "it waits for Graph")
    program.simulator.clearFaults()
    #expect(child.status() == 0)
    #expect(try program.run("GET", "/instagram/c/").output.contains("X-Cache: hit"))
  }

  @Test(arguments: [
    ("15", #"{"client_id":"#), ("100", #"{"client_id":"c"}"#), ("-5", "{}"), ("x", "{}"), ("1e3", "{}"),
    ("99999999999999999999", "{}"),
  ])
  func `a body that is not as long as announced does nothing`(length: String, body: String) throws {
    let program = try Program()
    let (_, output) = try program.run("POST", "/sync/", body, length: length)
    let status = output.components(separatedBy: "\r\n")[0]
    #expect(["Status: 400 Bad Request", "Status: 413 Content Too Large"].contains(status), "\(status)")
    #expect(!output.contains("client_id"))
    #expect(program.simulator.calls().isEmpty)
  }

  /// Apache hands chunked bodies on without a length; other servers say -1.
  @Test(arguments: [["CONTENT_LENGTH": "-1"], ["CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"]])
  func `a body whose length nobody tells is refused with a sentence`(variables: [String: String]) throws {
    let program = try Program()
    let body = #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#
    let (_, output) = try program.run("POST", "/sync/", body, more: variables)
    #expect(output.hasPrefix("Status: 411 Length Required\r\n"))
    #expect(
      output.hasSuffix(#"{"detail":"The request body must be sent with a Content-Length, not chunked."}"#))
    #expect(program.simulator.calls().isEmpty)
  }

  @Test func `proxies in the environment are not used`() throws {
    let program = try Program()
    let nowhere = "http://127.0.0.1:9"
    let (_, output) = try program.run(
      "POST", "/verify-user/", #"{"access_token":"\#(program.simulator.token("john"))"}"#,
      more: ["HTTP_PROXY": nowhere, "http_proxy": nowhere, "https_proxy": nowhere, "ALL_PROXY": nowhere])
    #expect(output.hasPrefix("Status: 200 OK\r\n"))
  }

  @Test(arguments: [
    "mm_NoKeyIsAMethod", String(repeating: "EAAB", count: 15_000), "GET\r\nX: y", "get", "\u{1b}[2J", "",
  ])
  func `a method that there is none of is not written to the log`(method: String) throws {
    // when
    let (_, output) = try Program().run(
      method, "/pages/", more: ["META_LOG_LEVEL": "info", "HTTP_X_HTTP_METHOD_OVERRIDE": "mm_NoOverride"])

    // then
    let lines = output.components(separatedBy: "\n").filter { $0.hasPrefix(#"{"time":"#) }
    let request = try #require(lines.last { $0.contains(#""message":"request""#) })
    #expect(try JSONValue(parsing: request)["method"] == "-")
    #expect(
      method.isEmpty || lines.allSatisfy { !$0.contains(method.prefix(8)) && !$0.contains("mm_NoOverride") })
  }

  @Test func `the log has the method that a request means`() throws {
    let (_, output) = try Program().run(
      "POST", "/pages/", more: ["META_LOG_LEVEL": "info", "HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"])
    #expect(output.contains(#""method":"DELETE","route":"/pages/","status":405"#))
  }

  @Test func `what a client puts into the query is no argument of the program's`() throws {
    let (status, output) = try Program().run("GET", "/health/", arguments: ["--version"])
    #expect(status == 0)
    #expect(output.hasPrefix("Status: 200 OK\r\n"))
  }
}
