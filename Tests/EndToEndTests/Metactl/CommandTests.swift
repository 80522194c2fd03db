import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@Suite struct CommandTests {
  @Test func `an account is connected, checked, replaced and removed, and no token is ever printed`() throws {
    let installation = try Installation(settings: Installation.app)
    let token = installation.simulator.token("john")
    var said = ""
    func run(_ arguments: String..., input: String? = nil, status: Int32 = 0, line: Int = #line) throws
      -> String
    {
      let outcome = try installation.metactl(list: arguments, input: input)
      #expect(outcome.status == status, "line \(line): \(outcome.text)")
      said += outcome.text
      return outcome.text
    }
    #expect(try run("token", "list", status: 2).contains("There is no database at"))
    #expect(
      try run("token", "add", "--label", "John", input: token + "\n").contains("Stored token 1 of John Doe"))
    #expect(try run("token", "list").contains("John Doe"))
    #expect(try run("token", "check", "1").contains("is active"))
    #expect(
      try run("token", "replace", "1", input: installation.simulator.token("forever")).contains(
        "Replaced token 1"))
    let foreign = try run("token", "replace", "1", input: installation.simulator.token("maria"), status: 1)
    #expect(foreign.contains("another Meta user"))
    installation.simulator.setState(.revoked, ofToken: "forever")
    #expect(try run("token", "check", "1", status: 1).contains("invalid: revoked"))
    #expect(try run("status", status: 2).contains("metactl token replace 1"))
    #expect(try run("token", "remove", "1").contains("Removed token 1"))
    #expect(try run("token", "remove", "1", status: 1).contains("There is no token 1"))
    for label in ["john", "forever", "maria"] {
      #expect(!said.contains(installation.simulator.token(label)))
    }
  }

  @Test func `a feed is made, listed, shown and removed`() throws {
    let installation = try Installation()
    func run(_ arguments: String..., status: Int32 = 0, line: Int = #line) throws -> String {
      let outcome = try installation.metactl(list: arguments)
      #expect(outcome.status == status, "line \(line): \(outcome.text)")
      return outcome.text
    }
    _ = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    let add = ["feed", "add", "--client", "c", "--name", "Home", "--origin", "https://Site.example:443"]
    let unknown = try installation.metactl(list: add)
    #expect(unknown.text.contains("There is no client c; metactl mapping list shows which there are."))
    _ = try run(
      "request", "POST", "/sync/", "-d", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    #expect(try installation.metactl(list: add).text.contains("Made feed 1 of c: fd_"))
    let wrong = try run("feed", "add", "--client", "c", "--name", "x", "--origin", "site.example", status: 1)
    #expect(wrong.contains(#"--origin: "site.example" is no origin."#))
    #expect(try run("feed", "list").contains("https://site.example"))
    #expect(try run("feed", "show", "1").contains("show_captions"))
    #expect(try run("feed", "show", "2", status: 1).contains("There is no feed 2"))
    #expect(try run("feed", "remove", "1").contains("Removed feed 1"))
    #expect(try run("feed", "list").contains("There is no feed yet."))
  }

  @Test func `json is one object for every command that lists or does`() throws {
    let installation = try Installation(settings: Installation.app)
    _ = try installation.metactl(
      "token", "add", "--label", "John", "--json", input: installation.simulator.token("john"))
    let backup = installation.folder.path + "/backup"
    for arguments in [
      ["token", "list"], ["token", "check", "1"], ["mapping", "list"],
      ["apikey", "create", "--label", "x", "--scope", "read"],
      ["apikey", "list"], ["feed", "list"], ["refresh"], ["status"], ["doctor"], ["config"],
      ["cache", "stats"],
      ["key", "rotate", "--grace", "0"], ["key", "prune", "--grace", "0"], ["backup", backup],
      ["restore", backup],
    ] {
      let outcome = try installation.metactl(list: arguments + ["--json"])
      #expect(outcome.status == 0, "\(arguments): \(outcome.text)")
      #expect(outcome.json.object != nil, "\(arguments): \(outcome.text)")
      #expect(outcome.errors.isEmpty, "\(arguments): \(outcome.errors)")
    }
  }

  @Test func `every command explains itself with an example`() throws {
    let installation = try Installation()
    for arguments in [
      [], ["token"], ["token", "add"], ["token", "check"], ["token", "replace"], ["token", "remove"],
      ["mapping"], ["feed"], ["feed", "add"],
      ["apikey"], ["apikey", "create"], ["apikey", "revoke"], ["admin", "set-password"], ["key", "rotate"],
      ["key", "prune"],
      ["key", "reseal"], ["key", "accept"], ["refresh"], ["status"], ["cache"], ["backup"], ["restore"],
      ["doctor"],
      ["config"], ["request"],
    ] {
      let outcome = try installation.metactl(list: arguments + ["--help"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("Example"), "\(arguments)")
    }
    #expect(try installation.metactl("refrehs").status == 64)
    #expect(try installation.metactl("--generate-completion-script", "bash").output.contains("metactl"))
  }

  @Test func `a password comes from standard input or a file, within its bounds`() throws {
    let installation = try Installation()
    #expect(try installation.metactl("admin", "set-password", input: "too short\n").status == 1)
    #expect(try installation.metactl("admin", "set-password", input: "").status == 1)
    let file = installation.folder.path + "/password"
    try "long enough for this\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(
      try installation.metactl("admin", "set-password", "--password-file", file).output.contains(
        "Set the admin"))
    #expect(
      try installation.metactl("admin", "set-password", input: "another long one").output.contains("Changed"))
  }

  @Test func `quiet prints nothing when all is well`() throws {
    let installation = try Installation(settings: Installation.app)
    _ = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    for command in ["status", "refresh"] {
      let fine = try installation.metactl(command, "--quiet")
      #expect(fine.status == 0 && fine.text.isEmpty, "\(fine.text)")
    }
    installation.simulator.setState(.revoked, ofToken: "john")
    _ = try installation.metactl("token", "check", "1")
    let status = try installation.metactl("status", "--quiet")
    #expect(status.status == 2 && status.output.contains("revoked"))
    #expect(status.output.split(separator: "\n").count == 2)
  }

  @Test func `config never shows a secret, and there are no colours in a pipe`() throws {
    let installation = try Installation(
      settings: ["META_APP_ID": "1", "META_APP_SECRET": "hush-hush", "TERM": "xterm-256color"])
    for arguments in [["config"], ["config", "--json"], ["doctor"]] {
      let outcome = try installation.metactl(list: arguments)
      #expect(!outcome.text.contains("hush-hush"))
      #expect(!outcome.text.contains("\u{1B}"))
    }
    let broken = try installation.metactl("doctor", "--json", settings: ["META_RETRIES": "many"])
    #expect(broken.status == 2)
    #expect(broken.json["checks"]?[0]?["detail"]?.string?.contains("META_RETRIES") == true)
  }

  @Test func `a backup is taken and a restore refused while meta fcgi is running`() throws {
    let installation = try Installation()
    _ = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    let server = Process()
    server.executableURL = Installation.programs.appending(path: "meta.fcgi")
    server.arguments = ["--listen", "unix:" + installation.folder.path + "/socket"]
    server.environment = installation.environment
    server.standardError = FileHandle.nullDevice
    try server.run()
    defer {
      server.terminate()
      server.waitUntilExit()
    }
    // It listens before it marks the folder as one that is in use.
    Wait.until {
      let mark = open(installation.data + "/meta.lock", O_RDWR | O_CLOEXEC)
      defer { close(mark) }
      return mark >= 0 && flock(mark, LOCK_EX | LOCK_NB) != 0
    }
    let backup = installation.folder.path + "/backup"
    let taken = try installation.metactl("backup", backup)
    #expect(taken.status == 0, "\(taken.text)")
    let refused = try installation.metactl("restore", backup)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("The program is running"))
    kill(server.processIdentifier, SIGKILL)
    server.waitUntilExit()
    #expect(try installation.metactl("restore", backup).status == 0)
  }
}
