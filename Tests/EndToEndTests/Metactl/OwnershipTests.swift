import Cryptography
import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// Whose files these are, who could change them, and what a command leaves behind.
@Suite struct OwnershipTests {
  private let installation: Installation

  init() throws { installation = try Installation(settings: Installation.app) }

  private func connect() throws -> Installation.Outcome {
    try installation.metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
  }

  // MARK: - Reading makes nothing

  @Test(arguments: [
    ["status"], ["config"], ["doctor"], ["token", "list"], ["mapping", "list"], ["apikey", "list"],
    ["cache", "stats"],
    ["refresh"], ["token", "check", "1"], ["apikey", "revoke", "1"], ["backup", "nowhere"],
    ["key", "rotate"],
    ["token", "remove", "1"], ["key", "reseal"],
  ])
  func `a command that reads or changes makes nothing where nothing is`(_ arguments: [String]) throws {
    let outcome = try installation.metactl(list: arguments)
    let left = try FileManager.default.contentsOfDirectory(atPath: installation.folder.path)
    #expect(left.filter { $0 != "stdout" && $0 != "stderr" }.isEmpty, "\(left)")
    guard !["config", "doctor", "cache"].contains(arguments[0]) else { return }
    #expect(outcome.status != 0)
    #expect(outcome.text.contains(installation.database), "\(outcome.text)")
  }

  @Test func `a command that reads leaves no file beside a database that is at rest`() throws {
    #expect(try connect().status == 0)
    for suffix in ["-wal", "-shm"] { unlink(installation.database + suffix) }
    let before = try FileManager.default.contentsOfDirectory(atPath: installation.data).sorted()
    for arguments in [["status"], ["token", "list"], ["mapping", "list"], ["doctor"]] {
      #expect(try installation.metactl(list: arguments).status == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: installation.data).sorted() == before)
    }
  }

  @Test(.enabled(if: geteuid() == 0))
  func `what root makes in a service account's folder belongs to that account`() throws {
    #expect(mkdir(installation.data, 0o700) == 0)
    #expect(chown(installation.data, 65534, 65534) == 0)
    #expect(try connect().status == 0)
    #expect(try installation.metactl("token", "list").status == 0)
    #expect(try installation.metactl("key", "rotate", "--grace", "0").status == 0)
    #expect(try installation.metactl("refresh").status == 0)
    #expect(try installation.metactl("backup", installation.data + "/backup").status == 0)
    let all = try #require(FileManager.default.enumerator(atPath: installation.data))
    var count = 0
    for case let name as String in all {
      var status = stat()
      #expect(lstat(installation.data + "/" + name, &status) == 0)
      #expect(status.st_uid == 65534 && status.st_gid == 65534, "\(name)")
      count += 1
    }
    #expect(count >= 4)
  }

  // MARK: - Who could change it

  private func expectRefusal(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let outcome = try connect()
    #expect(outcome.status != 0, sourceLocation: sourceLocation)
    #expect(outcome.errors.contains(words), "\(outcome.text)", sourceLocation: sourceLocation)
    let status = try installation.metactl("status")
    #expect(
      status.status == 2 && status.text.contains(words), "\(status.text)", sourceLocation: sourceLocation)
    let doctor = try installation.metactl("doctor")
    #expect(
      doctor.status == 2 && doctor.text.contains(words), "\(doctor.text)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [0o777, 0o1777, 0o703]) func `a data folder that everybody can write is refused`(
    _ mode: mode_t
  ) throws {
    #expect(try connect().status == 0)
    chmod(installation.data, mode)
    try expectRefusal("every user")
  }

  @Test func `a folder above that everybody can write is refused, unless it is sticky`() throws {
    #expect(try connect().status == 0)
    chmod(installation.folder.path, 0o1777)
    #expect(try connect().status == 0)
    chmod(installation.folder.path, 0o777)
    try expectRefusal(installation.folder.path)
  }

  @Test(arguments: [0o644, 0o602, 0o604, 0o666]) func `a key file that others can read or change is refused`(
    _ mode: mode_t
  ) throws {
    #expect(try connect().status == 0)
    chmod(installation.keyFile, mode)
    try expectRefusal(installation.keyFile)
  }

  @Test(arguments: ["meta.sqlite3", "meta.sqlite3-wal"])
  func `a database that everybody can write is refused`(
    _ name: String
  ) throws {
    #expect(try connect().status == 0)
    chmod(installation.data + "/" + name, 0o666)
    try expectRefusal(name)
  }

  @Test(.enabled(if: geteuid() == 0))
  func `a group with another member is refused, an empty one and root's are fine`() throws {
    #expect(try connect().status == 0)
    for (group, isFine) in [(gid_t(0), true), (gid_t(54_321), true), (gid_t(65534), false)] {
      #expect(chown(installation.data, 0, group) == 0)
      #expect(chown(installation.keyFile, 0, group) == 0)
      chmod(installation.data, 0o770)
      chmod(installation.keyFile, 0o660)
      let outcome = try connect()
      #expect((outcome.status == 0) == isFine, "\(group): \(outcome.text)")
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `another owner is refused`() throws {
    #expect(try connect().status == 0)
    #expect(chown(installation.keyFile, 33, 33) == 0)
    try expectRefusal(installation.keyFile)
  }

  @Test(.enabled(if: geteuid() == 0 && Installation.run("setpriv", "--version")))
  func `any user id with group 0 runs in a folder that root's group may write, as containers have it`() throws
  {
    chmod(installation.folder.path, 0o755)
    #expect(mkdir(installation.data, 0o700) == 0)
    chmod(installation.data, 0o770)
    let program = installation.folder.path + "/metactl"
    try FileManager.default.copyItem(
      atPath: Installation.programs.appending(path: "metactl").path, toPath: program)
    func run(_ arguments: String...) throws -> (status: Int32, output: String) {
      try ChildProcess.run(
        "setpriv", ["--reuid=1000650000", "--regid=0", "--clear-groups", program] + arguments,
        environment: installation.environment)
    }
    let made = try run("apikey", "create", "--label", "x", "--scope", "read")
    #expect(made.status == 0, "\(made.output)")
    let doctor = try run("doctor")
    #expect(doctor.status == 0, "\(doctor.output)")
  }

  @Test(.enabled(if: geteuid() == 0 && Installation.run("setfacl", "--version")))
  func `a list of further users who may write is seen`() throws {
    #expect(try connect().status == 0)
    guard Installation.run("setfacl", "-m", "u:65534:rwx", installation.data) else { return }
    #expect(try connect().status != 0)
  }

  @Test(.enabled(if: geteuid() == 0))
  func `a link that root owns leads to the cache, and nobody else's does`() throws {
    #expect(try connect().status == 0)
    let (link, folder) = (installation.folder.path + "/link", installation.folder.path + "/private")
    #expect(mkdir(folder, 0o700) == 0)
    #expect(symlink(folder, link) == 0)
    let settings = ["META_CACHE_DIR": link]
    #expect(try installation.metactl("cache", "stats", settings: settings).status == 0)
    #expect(try !installation.metactl("doctor", settings: settings).text.contains("symbolic link"))
    #expect(lchown(link, 33, 33) == 0)
    #expect(try installation.metactl("cache", "stats", settings: settings).status != 0)
  }

  // MARK: - File systems without hard links

  @Test(
    .enabled(if: Installation.run("strace", "-o", "/dev/null", "true")),
    arguments: ["EPERM", "EOPNOTSUPP", "ENOSYS"])
  func `where no hard links can be made, the first key and a backup are`(_ error: String) throws {
    let prefix = [
      "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=link,linkat", "-e",
      "inject=link,linkat:error=\(error)",
    ]
    let added = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"), prefix: prefix)
    #expect(added.status == 0, "\(added.text)")
    let backup = installation.folder.path + "/backup"
    let made = try installation.metactl("backup", backup, prefix: prefix)
    #expect(made.status == 0, "\(made.text)")
    #expect(try installation.metactl("backup", backup, prefix: prefix).status == 1)
    #expect(try installation.metactl("restore", backup).status == 0)
    let left = try FileManager.default.contentsOfDirectory(atPath: installation.data)
    #expect(!left.contains { $0.hasPrefix("fernet.keys.") && $0 != "fernet.keys.lock" }, "\(left)")
  }
}
