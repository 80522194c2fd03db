import Cryptography
import Foundation
import GraphSimulator
import JSON
import MetaModule
import Store
import Text

/// A data folder of its own, a simulated Graph, and the real `metactl` between them.
final class Installation {
  let simulator: GraphSimulator.Server
  let folder: URL
  var environment: [String: String]

  var data: String { folder.appending(path: "data").path }
  var keyFile: String { data + "/fernet.keys" }
  var database: String { data + "/meta.sqlite3" }

  init(world: World = .demo, simulatedLatency: Int = 0, settings: [String: String] = [:]) throws {
    simulator = try Server.start(world: world, threads: 2, latency: simulatedLatency)
    folder = FileManager.default.temporaryDirectory.appending(path: "metactl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path,
      "META_DATA_DIR": folder.path + "/data", "META_GRAPH_URL": simulator.url, "META_BACKOFF_UNIT_MS": "1",
      "META_GRAPH_TIMEOUT": "25", "META_REQUEST_BUDGET": "25",
      "SWIFT_BACKTRACE": "enable=no",
    ]
    environment.merge(settings) { $1 }
  }

  deinit {
    simulator.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// What one command said, and how it ended.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
    var json: JSONValue { (try? JSONValue(parsing: Array(output.utf8))) ?? .null }
    /// Both streams, to search.
    var text: String { output + errors }
  }

  /// Where the programs of this build are.
  static let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// A command that has not been started yet, for those who want to kill it.
  ///
  /// - Parameter program: another copy of it, where the build cannot be reached: by another account.
  func command(
    _ arguments: [String], prefix: [String] = [], settings: [String: String] = [:], program: String? = nil
  ) -> Process {
    let process = Process()
    let whole = prefix + [program ?? Self.programs.appending(path: "metactl").path] + arguments
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = whole
    process.environment = environment.merging(settings) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }

  /// Runs one command to its end.
  @discardableResult
  func metactl(
    _ arguments: String..., input: String? = nil, prefix: [String] = [], settings: [String: String] = [:],
    outputFile: String? = nil, program: String? = nil
  ) throws -> Outcome {
    try metactl(
      list: arguments, input: input, prefix: prefix, settings: settings, outputFile: outputFile,
      program: program)
  }

  /// The same with the arguments in a list.
  @discardableResult
  func metactl(
    list arguments: [String], input: String? = nil, prefix: [String] = [], settings: [String: String] = [:],
    outputFile: String? = nil, program: String? = nil
  ) throws -> Outcome {
    let process = command(arguments, prefix: prefix, settings: settings, program: program)
    let (output, errors) = (folder.appending(path: "stdout"), folder.appending(path: "stderr"))
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: outputFile.map { URL(filePath: $0) } ?? output)
    process.standardError = try FileHandle(forWritingTo: errors)
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      pipe.fileHandleForWriting.write(Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    }
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Runs a tool of the system; `false` when it fails or is not there.
  @discardableResult
  static func run(_ command: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Everything in the folder, and what is to be reached in it, for the account `nobody`; needs root.
  func giveToNobody() throws {
    chmod(folder.path, 0o755)
    for name in try FileManager.default.subpathsOfDirectory(atPath: data) {
      chown(data + "/" + name, 65534, 65534)
    }
    chown(data, 65534, 65534)
  }

  // MARK: - Rows

  /// The simulator's app, as settings.
  static let app = ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": World.demo.appSecret]

  /// The keys on disk, newest first.
  func ring() throws -> KeyRing {
    let text = try String(contentsOfFile: keyFile, encoding: .utf8)
    return try KeyRing(text.split(separator: "\n").map { try FernetKey(String($0)) })
  }

  /// Makes a key file and stores these tokens with it.
  func store(_ tokens: [(label: String, token: String, userID: String?, expiresAt: Timestamp?)]) throws {
    let store = try Store(folder: data)
    let key = try FernetKey.generate()
    try (key.revealed() + "\n").write(toFile: keyFile, atomically: false, encoding: .utf8)
    chmod(keyFile, 0o600)
    let ring = try KeyRing([key])
    for row in tokens {
      _ = try store.saveToken(
        NewToken(
          accountLabel: row.label, sealedToken: ring.seal(Array(row.token.utf8)),
          facts: TokenFacts(expiresAt: row.expiresAt, userID: row.userID)))
    }
  }

  /// The plain tokens by label, or `nil` for one that no key opens.
  func plainTokens() throws -> [String: String?] {
    let (store, ring) = (try Store(folder: data), try ring())
    var result: [String: String?] = [:]
    for token in try store.tokens(limit: 1_000_000) {
      let plain = (try? ring.open(token.sealedToken)).map { String(decoding: $0, as: UTF8.self) }
      result.updateValue(plain, forKey: token.accountLabel)
    }
    return result
  }
}
