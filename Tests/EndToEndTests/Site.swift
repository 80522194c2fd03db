import Foundation
import GraphSimulator
import HTTPClient
import JSON
import TestSupport

/// The whole thing: a simulated Graph, meta.fcgi in as many processes as wanted, and a real nginx in front with the
/// project's own site file. Everything listens on loopback, lives in one temporary folder, and ends with the test.
final class Site {
  /// How nginx reaches the program.
  enum Form: String, CaseIterable {
    /// `fastcgi_pass` to processes that stay.
    case fastCGI = "FastCGI"
    /// fcgiwrap starts one process for each request.
    case cgi = "CGI"
  }

  let simulator: GraphSimulator.Server
  let folder: TemporaryFolder
  let port: Int
  private(set) var programs: [ChildProcess] = []
  /// The ports on which nginx asks one process only, in their order.
  private(set) var ports: [Int] = []
  /// The port of a proxy in front of the site, as somebody sets one up with a single line.
  let proxyPort: Int
  private var nginx: ChildProcess?
  private var wrapper: ChildProcess?

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  init(
    _ form: Form = .fastCGI, processes: Int = 1, world: World = .demo, settings: [String: String] = [:]
  ) throws {
    simulator = try Server.start(world: world)
    folder = try TemporaryFolder()
    port = FreePort.find()
    proxyPort = FreePort.find()
    var lines = [
      "META_DATA_DIR=\(folder.path)/data", "META_GRAPH_URL=\(simulator.url)", "META_BACKOFF_UNIT_MS=1",
      "META_GRAPH_TIMEOUT=25", "META_REQUEST_BUDGET=25",
    ]
    lines += settings.map { "\($0.key)=\($0.value)" }
    try write(lines.joined(separator: "\n"), to: "meta.conf")
    switch form {
    case .fastCGI:
      for index in 0..<processes { try startProgram(index) }
    case .cgi:
      let socket = "\(folder.path)/0.sock"
      wrapper = try ChildProcess(
        "fcgiwrap", ["-s", "unix:\(socket)", "-c", "1"], environment: environment, log: log("fcgiwrap"))
      guard Wait.until({ exists(socket) }) else { throw Failure("fcgiwrap does not listen") }
    }
    try startNginx(form, processes: processes)
  }

  deinit {
    nginx?.end()
    wrapper?.end(with: SIGKILL)  // It waits for one more request before it goes.
    for program in programs { program.end() }
    simulator.stop()
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  // MARK: - What runs

  /// The environment of our programs: the settings are in a file.
  var environment: [String: String] { ["META_CONFIG": "\(folder.path)/meta.conf", "HOME": folder.path] }

  /// The log of one process.
  func programLog(_ index: Int = 0) -> String { programs[index].output }

  /// Starts one more meta.fcgi on its socket.
  /// - Parameters:
  ///   - errors: a pipe with a name, in the place of the log file.
  ///   - library: one that stands before the C library's calls.
  func startProgram(_ index: Int, errorsTo errors: String? = nil, preloading library: String? = nil) throws {
    let socket = "\(folder.path)/\(index).sock"
    var command = [
      ChildProcess.ours("meta.fcgi"), "--listen", "unix:\(socket)", "--config", "\(folder.path)/meta.conf",
    ]
    if let errors { command = ["/bin/sh", "-c", "exec \"$@\" 2> '\(errors)'", "sh"] + command }
    let program = try ChildProcess(
      command[0], Array(command.dropFirst()),
      environment: ["HOME": folder.path].merging(library.map { ["LD_PRELOAD": $0] } ?? [:]) { $1 },
      log: log("meta.fcgi-\(index)-\(programs.count)"))
    guard Wait.until({ Self.listens(at: socket) || !program.isRunning }), program.isRunning else {
      throw Failure("meta.fcgi does not listen: \(program.output)")
    }
    if index < programs.count { programs[index] = program } else { programs.append(program) }
  }

  /// nginx with the project's site file, whose lines marked "serve:" are set as nginx/serve sets them.
  private func startNginx(_ form: Form, processes: Int) throws {
    var site = try String(contentsOfFile: "\(Self.repository)/nginx/meta-module.conf", encoding: .utf8)
    let sockets = (0..<processes).map { "server unix:\(folder.path)/\($0).sock;" }
    for (mark, line) in [
      "socket": sockets.joined(separator: " "), "media": "default \" \(simulator.url)\";",
      "cache": "fastcgi_cache_path \(folder.path)/pictures keys_zone=meta_media:1m;",
      "listen": "listen 127.0.0.1:\(port);", "listen6": "", "root": "root \(Self.repository)/www;",
    ] {
      let parts = site.components(separatedBy: "# serve: \(mark)\n")
      guard parts.count == 2, let start = parts[0].lastIndex(of: "\n") else {
        throw Failure("meta-module.conf has no line marked serve: \(mark)")
      }
      site = parts[0][...start] + line + "\n" + parts[1]
    }
    try write(site, to: "site.conf")
    try FileManager.default.copyItem(atPath: "\(Self.repository)/nginx", toPath: "\(folder.path)/meta-module")
    if form == .cgi {
      let file = "\(folder.path)/meta-module/fastcgi.conf"
      let program = "fastcgi_param SCRIPT_FILENAME \(ChildProcess.ours("meta.fcgi"));\n"
      try write(program + String(contentsOfFile: file, encoding: .utf8), to: "meta-module/fastcgi.conf")
    }
    for name in ["fastcgi_params", "mime.types"] {
      try FileManager.default.copyItem(atPath: "/etc/nginx/\(name)", toPath: "\(folder.path)/\(name)")
    }
    ports = (0..<processes).map { _ in FreePort.find() }
    try write(configuration(), to: "nginx.conf")
    nginx = try ChildProcess(
      "nginx", ["-e", log("nginx"), "-p", folder.path, "-c", "\(folder.path)/nginx.conf"],
      log: log("nginx-output"))
    guard Wait.until({ answers(port) || nginx?.isRunning != true }), nginx?.isRunning == true else {
      throw Failure("nginx does not listen: \(nginx?.output ?? "")\(contents("nginx.log"))")
    }
  }

  private func configuration() -> String {
    // Beside the site, one port for each process, for tests that must know whom they ask.
    let single = ports.enumerated().map { index, port in
      """
        server {
          listen 127.0.0.1:\(port);
          location ^~ /api/meta/ { include meta-module/fastcgi.conf; fastcgi_pass unix:\(folder.path)/\(index).sock; }
        }
      """
    }
    let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map {
      "  \($0)_temp_path \(folder.path)/\($0);"
    }
    // As root, nginx would run its workers as somebody who may not open our sockets.
    let user = getuid() == 0 ? "user root;" : ""
    return """
      daemon off;
      pid \(folder.path)/nginx.pid;
      worker_processes 2;
      \(user)
      events { worker_connections 1024; }
      http {
        include mime.types;
        access_log off;
      \(temporary.joined(separator: "\n"))
        include site.conf;
        server { listen 127.0.0.1:\(proxyPort); location / { proxy_pass http://127.0.0.1:\(port); } }
      \(single.joined(separator: "\n"))
      }

      """
  }

  // MARK: - Requests

  /// Asks nginx, and with it any of the processes; or the process of that number.
  func send(
    _ method: String, _ path: String, _ json: String? = nil, headers: [(String, String)] = [],
    process: Int? = nil
  ) throws -> Reply {
    var client = HTTPClient()
    let request = request(method, path, json, headers: headers, process: process)
    return Reply(try client.perform(request))
  }

  /// Sends as many equal requests at once, over several connections, and returns all answers.
  /// - Parameter headers: of each, by its number.
  func sendAtOnce(
    _ count: Int, _ method: String, _ path: String, _ json: String? = nil,
    headers: (Int) -> [(String, String)] = { _ in [] }
  ) throws -> [Reply] {
    let threads = 4
    let gate = Gate(expected: threads)
    let requests = (0..<count).map { request(method, path, json, headers: headers($0)) }
    let workers = (0..<threads).map { thread in
      Background { () -> [Reply] in
        var replies: [Reply] = []
        guard var client = try? HTTPClient() else { return [] }
        let share = stride(from: thread, to: count, by: threads)
        gate.pass()
        client.performAll(share.map { Transfer(tag: $0, request: requests[$0]) }, deadline: nil) {
          _, result in
          if let reply = try? result.get() { replies.append(Reply(reply)) }
          return []
        }
        return replies
      }
    }
    return workers.flatMap { $0.result() ?? [] }
  }

  private func request(
    _ method: String, _ path: String, _ json: String? = nil, headers: [(String, String)] = [],
    process: Int? = nil
  ) -> HTTPRequest {
    var headers = headers.map { (name: $0.0, value: $0.1) }
    if json != nil { headers.append(("Content-Type", "application/json")) }
    let body = json.map { Array($0.utf8) } ?? (["POST", "PUT", "PATCH"].contains(method) ? [] : nil)
    return HTTPRequest(
      method: method, url: "http://127.0.0.1:\(process.map { ports[$0] } ?? port)\(path)", headers: headers,
      body: body,
      timeout: .seconds(120))
  }

  /// Stores the token of the simulator's that has this label with `metactl`, as the operator does.
  @discardableResult
  func addToken(_ label: String = "john") throws -> String {
    try metactl(["token", "add", "--label", label], input: simulator.token(label))
  }

  /// Runs `metactl` with the settings of this site.
  @discardableResult
  func metactl(_ arguments: [String], input: String = "") throws -> String {
    let (status, output) = try ChildProcess.run(
      ChildProcess.ours("metactl"), arguments, environment: environment, input: Array((input + "\n").utf8))
    guard status == 0 else { throw Failure("metactl \(arguments.joined(separator: " ")): \(output)") }
    return output
  }

  /// A token, a client, and nothing asked of Graph as far as its log knows.
  func addClient(_ client: String = "client_001") throws {
    try addToken()
    let body = #"{"client_id":"\#(client)","fb_page_id":"104567890123","token_id":1}"#
    guard try send("POST", "/api/meta/sync/", body).status == 200 else { throw Failure("no client") }
    simulator.clearCalls()
  }

  // MARK: - Files

  func contents(_ name: String) -> String {
    (try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)) ?? ""
  }

  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// A socket is there a moment before it takes connections.
  private static func listens(at path: String) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = UInt16(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  private func log(_ name: String) -> String { "\(folder.path)/\(name).log" }

  private func write(_ text: String, to name: String) throws {
    let path = "\(folder.path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    // Settings may hold keys: they are refused where others could read them.
    if name == "meta.conf" { chmod(path, 0o600) }
  }

  private func answers(_ port: Int) -> Bool {
    guard var client = try? HTTPClient() else { return false }
    return (try? client.perform(HTTPRequest(url: "http://127.0.0.1:\(port)/", timeout: .seconds(20)))) != nil
  }
}

/// An answer as it came over the wire.
struct Reply: Sendable {
  let status: Int
  let headers: HeaderList
  let text: String

  init(_ reply: HTTPReply) {
    status = reply.status
    headers = reply.headers
    text = String(decoding: reply.body, as: UTF8.self)
  }

  var json: JSONValue { (try? JSONValue(parsing: Array(text.utf8))) ?? .null }
}
