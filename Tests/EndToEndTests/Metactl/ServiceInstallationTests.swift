import Foundation
import GraphSimulator
import TestSupport
import Testing

/// Root's `metactl` on a machine that has the service: it finds the installation and works as its account.
///
/// In a mount namespace with an `/etc` and a `/var/lib` of its own, so that this machine's are not touched.
@Suite(.enabled(if: geteuid() == 0 && Installation.run("unshare", "--mount", "true")))
struct ServiceInstallationTests {
  private let installation: Installation
  private var root: String { installation.folder.path }
  private var service: String { root + "/lib/meta-module" }
  private static let account: uid_t = 64321

  init() throws {
    installation = try Installation()
    installation.environment["META_DATA_DIR"] = nil
    for folder in ["etc/meta-module", "lib", "secret"] {
      try FileManager.default.createDirectory(atPath: root + "/" + folder, withIntermediateDirectories: true)
    }
    chmod(root, 0o755)
    chmod(root + "/secret", 0o700)
    try "root:x:0:0::/root:/bin/sh\nmeta-module:x:\(Self.account):\(Self.account)::/nonexistent:/bin/false\n"
      .write(toFile: root + "/etc/passwd", atomically: false, encoding: .utf8)
    try "root:x:0:\nmeta-module:x:\(Self.account):\n"
      .write(toFile: root + "/etc/group", atomically: false, encoding: .utf8)
    let settings = root + "/etc/meta-module/meta.conf"
    try
      "META_FERNET_KEYS=\(String(repeating: "A", count: 43))=\nMETA_GRAPH_URL=\(installation.simulator.url)\n"
      .write(toFile: settings, atomically: false, encoding: .utf8)
    chmod(settings, 0o600)
    installation.environment["META_GRAPH_URL"] = nil
  }

  private func metactl(_ arguments: String..., input: String? = nil, first: String = ":") throws
    -> Installation.Outcome
  {
    // Where systemd runs, it is not asked about this machine's service.
    let script =
      "mount --bind \(root)/etc /etc && mount --bind \(root)/lib /var/lib && mount -t tmpfs none /run && \(first) "
      + "&& exec \"$@\""
    return try installation.metactl(
      list: arguments, input: input, prefix: ["unshare", "--mount", "sh", "-c", script, "_"])
  }

  @Test func `root's command finds the service, and what it makes is the service's`() throws {
    let added = try metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
    #expect(added.status == 0, "\(added.text)")
    #expect(try metactl("token", "list").output.contains("John"))
    #expect(try metactl("config").output.contains("/etc/meta-module/meta.conf"))
    let names = try FileManager.default.subpathsOfDirectory(atPath: service)
    #expect(names.contains("meta.sqlite3"))
    for name in [""] + names {
      var status = stat()
      #expect(lstat(service + "/" + name, &status) == 0 && status.st_uid == Self.account, "\(name)")
    }
  }

  @Test func `files that are named to it are read and written as root`() throws {
    let token = root + "/secret/token"
    try (installation.simulator.token("john") + "\n").write(toFile: token, atomically: false, encoding: .utf8)
    chmod(token, 0o600)
    let added = try metactl("token", "add", "--label", "John", "--token-file", token)
    #expect(added.status == 0, "\(added.text)")
    let copy = root + "/secret/copy"
    let made = try metactl("backup", copy)
    var status = stat()
    #expect(made.status == 0 && stat(copy, &status) == 0 && status.st_uid == 0, "\(made.text)")
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try metactl("restore", copy).output.contains("Restored 1 token"))
  }

  @Test func `what stands in the way is told with its remedy`() throws {
    // As a service with DynamicUser= leaves it.
    mkdir(root + "/lib/private", 0o700)
    mkdir(root + "/lib/private/meta-module", 0o755)
    #expect(symlink("private/meta-module", service) == 0)
    let older = try metactl("token", "list")
    #expect(
      older.status == 2 && older.errors.contains("systemctl start meta-module.service"), "\(older.text)")
    let unknown = try metactl("token", "list", first: "echo root:x:0:0::/root:/bin/sh >/etc/passwd")
    #expect(unknown.status == 2 && unknown.errors.contains("useradd --system"), "\(unknown.text)")
  }
}
