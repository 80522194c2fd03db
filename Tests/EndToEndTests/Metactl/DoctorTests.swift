import Cryptography
import Foundation
import GraphSimulator
import JSON
import Testing

/// Broken installations, each named with its remedy. The file system of several machines, which cannot be mounted here,
/// is in `FindingTests`.
@Suite struct DoctorTests {
  static let isRoot = geteuid() == 0

  /// Under another account, in which permissions bite.
  static let asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

  private func healthy() throws -> Installation {
    let installation = try Installation(settings: Installation.app)
    _ = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    #expect(try installation.metactl("doctor").status == 0)
    return installation
  }

  /// The checks of that name that are not fine.
  private func complaints(_ outcome: Installation.Outcome, _ check: String) -> [(
    detail: String, remedy: String
  )] {
    (outcome.json["checks"]?.array ?? []).filter {
      $0["check"]?.string == check && $0["status"]?.string != "ok"
    }
    .map { ($0["detail"]?.string ?? "", $0["remedy"]?.string ?? "") }
  }

  private func expect(
    _ outcome: Installation.Outcome, _ check: String, says words: String, remedy: String, status: Int32 = 2,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome.text)", sourceLocation: sourceLocation)
    let found = complaints(outcome, check)
    #expect(
      found.contains { $0.detail.contains(words) && $0.remedy.contains(remedy) }, "\(found)",
      sourceLocation: sourceLocation)
  }

  @Test(.enabled(if: isRoot)) func `the wrong owner`() throws {
    let installation = try healthy()
    chown(installation.database, 65534, 65534)
    expect(
      try installation.metactl("doctor", "--json"), "files", says: "belongs to nobody", remedy: "chown root")
  }

  @Test(.enabled(if: isRoot)) func `another account than the one that owns the folder`() throws {
    let installation = try healthy()
    let program = installation.folder.path + "/metactl"
    try FileManager.default.copyItem(
      atPath: Installation.programs.appending(path: "metactl").path, toPath: program)
    chmod(installation.folder.path, 0o755)
    chmod(program, 0o755)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = Self.asNobody + [program, "doctor", "--json"]
    process.environment = installation.environment
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let outcome = Installation.Outcome(
      status: process.terminationStatus, output: String(decoding: output, as: UTF8.self), errors: "")
    expect(outcome, "data folder", says: "belongs to root, and this is nobody", remedy: "Run this as root")
  }

  @Test func `a key file that others can read`() throws {
    let installation = try healthy()
    chmod(installation.keyFile, 0o644)
    expect(try installation.metactl("doctor", "--json"), "files", says: "mode 0644", remedy: "chmod 600")
  }

  @Test func `another key`() throws {
    let installation = try healthy()
    try (FernetKey.generate().revealed() + "\n").write(
      toFile: installation.keyFile, atomically: false, encoding: .utf8)
    expect(
      try installation.metactl("doctor", "--json"), "key", says: "1 of 1 stored tokens cannot be opened",
      remedy: "Put the right key back")
  }

  @Test func `no key`() throws {
    let installation = try healthy()
    try FileManager.default.removeItem(atPath: installation.keyFile)
    expect(
      try installation.metactl("doctor", "--json"), "key", says: "is missing", remedy: "put the file back")
  }

  @Test(.enabled(if: isRoot)) func `a full disk`() throws {
    let installation = try Installation(settings: Installation.app)
    try FileManager.default.createDirectory(atPath: installation.data, withIntermediateDirectories: true)
    guard Installation.run("mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "tmpfs", installation.data)
    else {
      return  // Not every container may mount.
    }
    defer { Installation.run("umount", "-l", installation.data) }
    _ = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    _ = FileManager.default.createFile(atPath: installation.data + "/filler", contents: nil)
    let filler = try FileHandle(forWritingTo: URL(fileURLWithPath: installation.data + "/filler"))
    let block = [UInt8](repeating: 0, count: 4096)
    while write(filler.fileDescriptor, block, block.count) > 0 {}
    expect(try installation.metactl("doctor", "--json"), "space", says: "is full", remedy: "Free some")
  }

  @Test func `a read-only folder`() throws {
    let installation = try healthy()
    chmod(installation.data, 0o500)
    defer { chmod(installation.data, 0o700) }
    expect(
      try installation.metactl("doctor", "--json"), "data folder", says: "cannot be written",
      remedy: "chmod 700")
  }

  @Test(.enabled(if: Installation.run("faketime", "-f", "+0s", "true"))) func `a clock that is off`() throws {
    let installation = try healthy()
    for (shift, side) in [("+1h", "ahead of"), ("-1d", "behind")] {
      let outcome = try installation.metactl("doctor", "--json", prefix: ["faketime", "-f", shift])
      expect(outcome, "clock", says: "seconds \(side) Graph's", remedy: "timedatectl")
    }
  }

  @Test func `a Graph that cannot be reached`() throws {
    let installation = try healthy()
    let closed = try installation.metactl(
      "doctor", "--json", settings: ["META_GRAPH_URL": "http://127.0.0.1:1"])
    expect(closed, "graph", says: "No connection", remedy: "firewall")
    let nowhere = try installation.metactl(
      "doctor", "--json", settings: ["META_GRAPH_URL": "https://nowhere.invalid"])
    expect(nowhere, "graph", says: "could not be resolved", remedy: "resolv.conf")
  }

  @Test func `a certificate that nobody should accept`() throws {
    let installation = try healthy()
    let tls = try WrongCertificateServer()
    defer { tls.stop() }
    let outcome = try installation.metactl("doctor", "--json", settings: ["META_GRAPH_URL": tls.url])
    expect(outcome, "graph", says: "certificate", remedy: "ca-certificates")
  }

  @Test func `a newer schema`() throws {
    let installation = try healthy()
    #expect(Installation.run("sqlite3", installation.database, "PRAGMA user_version = 99"))
    expect(
      try installation.metactl("doctor", "--json"), "database", says: "schema version 99",
      remedy: "Install that version again")
  }

  @Test func `a damaged page`() throws {
    let installation = try healthy()
    #expect(Installation.run("sqlite3", installation.database, "PRAGMA wal_checkpoint(TRUNCATE)"))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: installation.database))
    let pages = try file.seekToEnd() / 4096
    for page in 2..<pages {
      try file.seek(toOffset: page * 4096 + 4)
      try file.write(contentsOf: Data(repeating: 0x55, count: 40))
    }
    try file.close()
    expect(
      try installation.metactl("doctor", "--json"), "database", says: "damaged", remedy: "metactl restore")
  }
}
