internal import Foundation
internal import Glibc
package import SQL
internal import System

/// The PostgreSQL of the tests: an unprivileged user's, on a socket in a temporary folder, for as long as they run.
package final class PostgresServer: @unchecked Sendable {
  /// One for all tests that do no harm to it; `nil` where PostgreSQL is not installed.
  package static let shared: PostgresServer? = isInstalled ? try? PostgresServer() : nil

  /// Whether Debian's package, or another one, is there.
  package static var isInstalled: Bool { programs != nil }

  /// Its folder, where the socket is.
  package var path: String { folder.path }
  private let folder: TemporaryFolder
  private let port: Int
  private var process: ChildProcess
  private let databases = Guarded(0)

  /// Makes and starts one.
  /// - Parameter settings: lines of its configuration, as in `synchronous_commit=on`.
  package init(settings: [String] = []) throws {
    folder = try TemporaryFolder()
    port = FreePort.find()
    if geteuid() == 0 { chown(folder.path, 65534, 65534) }
    let initialised = try ChildProcess.run(
      Self.program("initdb"),
      Self.asNobody("initdb")
        + [
          "--pgdata", folder.path + "/data", "--username", "meta", "--auth", "trust", "--encoding", "UTF8",
          "--no-locale", "--no-sync",
        ])
    guard initialised.status == 0 else { throw ChildProcess.Failure(initialised.output) }
    let lines = [
      "listen_addresses = ''", "unix_socket_directories = '\(folder.path)'", "fsync = off",
      "max_connections = 200", "shared_buffers = 16MB",
    ]
    try (lines + settings).joined(separator: "\n").appending("\n").write(
      toFile: folder.path + "/data/postgresql.auto.conf", atomically: false, encoding: .utf8)
    process = try Self.start(folder.path, port)
    try waitUntilReady()
  }

  deinit { process.end(with: SIGQUIT) }

  /// A new and empty database, by its address.
  package func makeDatabase(_ options: String = "") throws -> String {
    let name = databases.withLock { number in
      number += 1
      return "test_\(number)"
    }
    try administration().script("CREATE DATABASE \(name) \(options)")
    return address(of: name)
  }

  /// Its address, with the name of the database.
  package func address(of database: String) -> String {
    "postgresql://meta@/\(database)?host=\(folder.path)&port=\(port)"
  }

  /// A connection for what only administrators do.
  package func administration(_ database: String = "postgres") throws -> PostgresConnection {
    try Self.connect(address(of: database))
  }

  /// A connection to an address.
  package static func connect(_ address: String) throws -> PostgresConnection {
    let connection = try PostgresConnection.open(
      PostgresAddress(address), until: Deadline.after(milliseconds: 30_000))
    // A test that holds it for others takes as long as the machine does.
    connection.deadline = Deadline.after(milliseconds: 600_000)
    return connection
  }

  /// Ends it at once, as a crash does.
  package func stop() { process.end(with: SIGQUIT) }

  /// Starts it again.
  /// - Parameter isStandby: of no primary; `pg_promote` makes it one that takes writes.
  package func restart(asStandby isStandby: Bool = false) throws {
    let mark = folder.path + "/data/standby.signal"
    if isStandby { try "".write(toFile: mark, atomically: false, encoding: .utf8) }
    if isStandby, geteuid() == 0 { chown(mark, 65534, 65534) }
    process = try Self.start(folder.path, port)
    try waitUntilReady()
  }

  /// Every process of it stands still, or goes on.
  package func send(_ signal: Int32) throws {
    let processes = try administrationIDs()
    for process in processes { kill(process, signal) }
  }

  private func administrationIDs() throws -> [Int32] {
    let children = try String(
      contentsOfFile: "/proc/\(process.pid)/task/\(process.pid)/children", encoding: .utf8)
    return [process.pid] + children.split(separator: " ").compactMap { Int32($0) }
  }

  private func waitUntilReady() throws {
    let any = address(of: "postgres") + "&target_session_attrs=any"
    let isReady = Wait.until { (try? Self.connect(any)) != nil || !process.isRunning }
    guard isReady, process.isRunning else { throw ChildProcess.Failure(process.output) }
  }

  private static func start(_ folder: String, _ port: Int) throws -> ChildProcess {
    try ChildProcess(
      program("postgres"), asNobody("postgres") + ["-D", folder + "/data", "-p", "\(port)"],
      log: folder + "/log")
  }

  /// Root may not run it.
  private static func program(_ name: String) -> String {
    geteuid() == 0 ? "setpriv" : "\(programs ?? "")/\(name)"
  }

  private static func asNobody(_ name: String) -> [String] {
    guard geteuid() == 0 else { return [] }
    return ["--reuid=65534", "--regid=65534", "--clear-groups", "\(programs ?? "")/\(name)"]
  }

  /// Debian keeps them out of `PATH`, by version.
  private static let programs: String? = {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let debian = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(root)/\($0)/bin" }
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (debian + path).first { access($0 + "/initdb", X_OK) == 0 && access($0 + "/postgres", X_OK) == 0 }
  }()
}
