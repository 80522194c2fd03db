import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// Installations that look well and are not: each is found, named, and its remedy said.
@Suite struct BrokenInstallationTests {
  private func healthy() throws -> Installation {
    let installation = try Installation(settings: Installation.app)
    try installation.metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
    #expect(try installation.metactl("doctor").status == 0)
    return installation
  }

  /// Among all that is not fine there is this.
  private func expect(
    _ outcome: Installation.Outcome, _ check: String, says words: String, remedy: String, status: Int32 = 2,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == status, "\(outcome.text)", sourceLocation: sourceLocation)
    let found = (outcome.json["checks"]?.array ?? []).filter {
      $0["check"]?.string == check && $0["status"]?.string != "ok"
    }
    #expect(
      found.contains {
        $0["detail"]?.string?.contains(words) == true && $0["remedy"]?.string?.contains(remedy) == true
      }, "\(outcome.text)", sourceLocation: sourceLocation)
  }

  @Test func `a database that not even its owner may write`() throws {
    let installation = try healthy()
    chmod(installation.database, 0o400)
    expect(
      try installation.metactl("doctor", "--json"), "files", says: "cannot be written by its owner",
      remedy: "chmod 600")
  }

  @Test(.enabled(if: geteuid() == 0)) func `a database that may not be written is found by writing`() throws {
    let installation = try healthy()
    // Permissions bite only who is not root; an immutable file would bite root too, where the file system has such.
    try installation.giveToNobody()
    for file in [installation.database, installation.database + "-wal", installation.database + "-shm"] {
      chmod(file, 0o400)
    }
    let program = installation.folder.path + "/metactl"
    try FileManager.default.copyItem(
      atPath: Installation.programs.appending(path: "metactl").path, toPath: program)
    let outcome = try installation.metactl(
      "doctor", "--json", prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      program: program)
    expect(outcome, "database", says: "cannot be written", remedy: "user that runs this program")
  }

  @Test(.enabled(if: geteuid() == 0)) func `a database that was made immutable`() throws {
    let installation = try healthy()
    // Not every file system has such files.
    guard Installation.run("chattr", "+i", installation.database) else { return }
    defer { Installation.run("chattr", "-i", installation.database) }
    let outcome = try installation.metactl("doctor", "--json")
    expect(outcome, "files", says: "nobody may change it", remedy: "chattr -i")
    expect(outcome, "database", says: "cannot be written", remedy: "user that runs this program")
  }

  @Test func `somebody who keeps the database locked is named`() throws {
    let installation = try healthy()
    let holder = try ChildProcess(
      "python3",
      [
        "-c",
        "import sqlite3, sys, time; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('BEGIN IMMEDIATE'); "
          + "print('held', flush=True); time.sleep(120)", installation.database,
      ], log: installation.folder.path + "/holder")
    defer { holder.end() }
    #expect(Wait.until { holder.output.contains("held") })
    expect(
      try installation.metactl("doctor", "--json"), "database",
      says: "python3 (process \(holder.pid)) holds the lock",
      remedy: "Let that program come to its end")
  }

  @Test func `a web server that is not Graph`() throws {
    let installation = try healthy()
    for body in ["<html>Welcome</html>", "{}", #"{"error":"not found"}"#] {
      for status in [200, 404] {
        let server = try RawServer { connection in
          _ = connection.readRequest()
          connection.send(
            "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        }
        expect(
          try installation.metactl("doctor", "--json", settings: ["META_GRAPH_URL": server.url("")]), "graph",
          says: "not as Graph does", remedy: "Correct META_GRAPH_URL")
      }
    }
  }

  @Test func `a link that leads nowhere`() throws {
    let installation = try healthy()
    try FileManager.default.removeItem(atPath: installation.keyFile)
    symlink("/mnt/not-mounted/fernet.keys", installation.keyFile)
    expect(
      try installation.metactl("doctor", "--json"), "links", says: "a link to /mnt/not-mounted/fernet.keys",
      remedy: "rm \(installation.keyFile)")
  }

  @Test func `a data folder behind a disk that is not mounted`() throws {
    let installation = try Installation(settings: Installation.app)
    let link = installation.folder.path + "/disk"
    symlink("/mnt/not-mounted", link)
    expect(
      try installation.metactl("doctor", "--json", settings: ["META_DATA_DIR": link + "/data"]), "links",
      says: "\(link) is a link to /mnt/not-mounted", remedy: "not mounted?")
  }

  @Test func `a setting whose name is mistyped`() throws {
    let installation = try healthy()
    expect(
      try installation.metactl("doctor", "--json", settings: ["META_CASHE_TTL": "60"]), "settings",
      says: "did you mean META_CACHE_TTL?", remedy: "Correct the name", status: 1)
  }

  @Test func `a folder, or a pipe, where the key file should be`() throws {
    let installation = try healthy()
    try FileManager.default.removeItem(atPath: installation.keyFile)
    mkfifo(installation.keyFile, 0o600)
    expect(try installation.metactl("doctor", "--json"), "files", says: "no regular file", remedy: "mv ")
    unlink(installation.keyFile)
    mkdir(installation.keyFile, 0o700)
    expect(try installation.metactl("doctor", "--json"), "files", says: "is a folder", remedy: "mv ")
  }

  @Test func `settings that every account may change`() throws {
    let installation = try healthy()
    let file = installation.folder.path + "/meta.conf"
    try "META_RETRIES=3\n".write(toFile: file, atomically: false, encoding: .utf8)
    chmod(file, 0o666)
    expect(
      try installation.metactl("doctor", "--json", "--config", file), "settings", says: "can change \(file)",
      remedy: "chmod go-w")
  }

  @Test func `settings that nobody reads`() throws {
    let installation = try healthy()
    let folder = installation.folder.appending(path: ".config/meta-module")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try "META_RETRIES=3\n".write(to: folder.appending(path: "meta.conf"), atomically: false, encoding: .utf8)
    let other = installation.folder.path + "/other.conf"
    try "META_RETRIES=4\n".write(toFile: other, atomically: false, encoding: .utf8)
    expect(
      try installation.metactl("doctor", "--json", "--config", other), "settings",
      says: "is there and is not read",
      remedy: "Move its lines", status: 1)
    #expect(try installation.metactl("doctor", "--json").status == 0, "the same file is read by itself")
  }

  @Test func `a database among the pages of a site`() throws {
    let installation = try healthy()
    let data = installation.folder.path + "/public_html/social/data"
    expect(
      try installation.metactl("doctor", "--json", settings: ["META_DATA_DIR": data]), "data folder",
      says: "can be downloaded", remedy: "Move it out")
  }

  @Test func `a cache where the database is`() throws {
    let installation = try healthy()
    expect(
      try installation.metactl("doctor", "--json", settings: ["META_CACHE_DIR": installation.data]), "cache",
      says: "holds the database as well", remedy: "a folder of its own")
  }

  @Test func `limits that are too low`() throws {
    let installation = try healthy()
    let few = try installation.metactl("doctor", "--json", prefix: ["prlimit", "--nofile=100"])
    expect(few, "limits", says: "may have 100 files open", remedy: "ulimit -n", status: 1)
    let small = try installation.metactl("doctor", "--json", prefix: ["prlimit", "--fsize=1000000"])
    expect(small, "limits", says: "No file may grow beyond 976 KiB", remedy: "ulimit -f")
  }

  @Test func `a way out through a proxy only`() throws {
    let installation = try healthy()
    expect(
      try installation.metactl(
        "doctor", "--json",
        settings: ["META_GRAPH_URL": "http://127.0.0.1:1", "https_proxy": "http://proxy:3128"]),
      "graph", says: "No connection", remedy: "The proxy in https_proxy is not used")
  }

  /// Only another account than root is held to such a limit.
  @Test(.enabled(if: geteuid() == 0))
  func `where no thread can be made, every command ends, and doctor says why`() throws {
    let installation = try healthy()
    let program = installation.folder.path + "/metactl"
    try FileManager.default.copyItem(
      atPath: Installation.programs.appending(path: "metactl").path, toPath: program)
    try installation.giveToNobody()
    // An account of its own, whose processes nobody else counts.
    let prefix = [
      "timeout", "60", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "prlimit", "--nproc=1",
    ]
    let doctor = try installation.metactl("doctor", "--json", prefix: prefix, program: program)
    expect(doctor, "limits", says: "no further thread", remedy: "ulimit -u")
    for arguments in [
      ["status"], ["refresh"], ["token", "list"], ["token", "check", "1"],
      ["apikey", "create", "--label", "x", "--scope", "read"],
      ["backup", installation.data + "/copy"], ["key", "rotate", "--grace", "0"], ["cache", "stats"],
      ["request", "GET", "/pages/"],
    ] {
      let outcome = try installation.metactl(list: arguments, prefix: prefix, program: program)
      #expect(outcome.status != 124, "\(arguments) did not end")
      #expect(!outcome.text.isEmpty, "\(arguments)")
    }
  }

  @Test func `settings are read from what a shell hands over, and no pipe without a writer is waited for`()
    throws
  {
    let installation = try Installation()
    let handed = try installation.metactl(
      "config", "--json", prefix: ["bash", "-c", #"exec "$0" "$@" --config <(echo META_RETRIES=7)"#])
    #expect(handed.output.contains(#""value":"7""#), "\(handed.text)")
    let pipe = installation.folder.path + "/meta.conf"
    mkfifo(pipe, 0o600)
    let waiting = try installation.metactl("status", "--config", pipe, prefix: ["timeout", "20"])
    #expect(waiting.status == 2 && waiting.errors.contains("cannot be read"), "\(waiting.text)")
  }

  @Test func `the demo's own settings are no trouble`() throws {
    let script = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../../nginx/demo"), encoding: .utf8)
    let lines = script.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let place = try #require(lines.firstIndex { $0.hasPrefix("cat >\"$data/demo.conf\"") })
    let installation = try healthy()
    // What the script does, with its own words.
    let text = lines[(place - 1)...].prefix { $0 != "TEXT" } + ["TEXT"]
    #expect(
      Installation.run(
        "bash", "-c",
        "data=\(installation.data) graph=\(installation.simulator.url)\n" + text.joined(separator: "\n")))
    let file = installation.data + "/demo.conf"
    let outcome = try installation.metactl("doctor", "--config", file)
    #expect(outcome.status == 0, "\(outcome.text)")
  }
}
