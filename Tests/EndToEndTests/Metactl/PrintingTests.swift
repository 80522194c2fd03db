import Cryptography
import Foundation
import GraphSimulator
import JSON
import MetaModule
import Store
import TestSupport
import Testing

/// What reaches a terminal, a pipe or a full disk from `metactl`.
@Suite struct PrintingTests {
  /// Clears the screen, sets the title, turns the direction round, hides, breaks the line: everything a name may try.
  static let hostile =
    "A\u{1B}[2J\u{1B}]0;x\u{7}\u{9B}31m\u{202E}B\u{2066}\u{2028}\u{200B}\u{61C}\u{E0041}\u{7F}C"

  private static let forbidden: [ClosedRange<UInt32>] = [
    0...9, 0xB...0x1F, 0x7F...0x9F, 0x61C...0x61C, 0x200B...0x200B, 0x200E...0x200F, 0x2028...0x202E,
    0x2060...0x206F, 0xFEFF...0xFEFF, 0xE0000...0xE007F,
  ]

  private func isHarmless(_ text: String) -> Bool {
    !text.unicodeScalars.contains { scalar in Self.forbidden.contains { $0.contains(scalar.value) } }
  }

  private func withHostileNames() throws -> Installation {
    let installation = try Installation(settings: Installation.app)
    try installation.store([("L\u{202E}bel", installation.simulator.token("john"), "123456789", nil)])
    let store = try Store(folder: installation.data)
    let stored = try #require(try store.token(1))
    _ = try store.recordCheck(
      1, status: .active, reason: nil, facts: TokenFacts(userName: Self.hostile),
      ifSealedIs: stored.sealedToken)
    return installation
  }

  @Test func `a name from Graph reaches no terminal raw, whatever command prints it`() throws {
    let installation = try withHostileNames()
    let list = try installation.metactl("token", "list")
    #expect(
      list.output.contains(
        #"A\u001b[2J\u001b]0;x\u0007\u009b31m\u202eB\u2066\u2028\u200b\u061c\udb40\udc41\u007fC"#))
    for arguments in [
      ["token", "list"], ["status"], ["doctor"], ["request", "GET", "/tokens/"], ["refresh"],
      ["token", "check", "1"],
      ["apikey", "list"], ["mapping", "list"], ["config"],
    ] {
      for json in [[], ["--json"]] {
        let outcome = try installation.metactl(list: arguments + json)
        #expect(isHarmless(outcome.text), "\(arguments + json): \(outcome.text.debugDescription)")
      }
    }
  }

  @Test func `json says the same data, with what a terminal would obey escaped`() throws {
    let installation = try withHostileNames()
    let rows = try installation.metactl("token", "list", "--json").json["tokens"]?.array
    #expect(rows?.first?["account_label"]?.string == "L\u{202E}bel")
    #expect(rows?.first?["user_name"]?.string?.contains("\u{1B}[2J") == true)
  }

  @Test func `an argument is echoed harmlessly in an error`() throws {
    let installation = try Installation()
    for arguments in [
      ["token", "check", "\u{1B}[2J"], ["\u{1B}]0;x\u{7}"], ["doctor", "--config", "/no\u{9B}where"],
      ["backup", "/nowhere\u{202E}/x"],
      ["token", "add", "--label", "x", "--token-file", "/no\u{1B}[2Jwhere"],
    ] {
      let outcome = try installation.metactl(list: arguments)
      #expect(outcome.status != 0)
      #expect(isHarmless(outcome.text), "\(arguments): \(outcome.text.debugDescription)")
    }
  }

  @Test(arguments: [
    ["token", "list"], ["status"], ["doctor"], ["config"], ["--help"], ["token", "add", "--help"],
    ["--version"],
    ["key", "generate"], ["--generate-completion-script", "bash"], ["cache", "stats", "--json"],
    ["request", "GET", "/health/"],
    ["apikey", "list", "--json"],
  ])
  func `a report that could not be written is no success`(arguments: [String]) throws {
    let installation = try Installation()
    try installation.metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
    let outcome = try installation.metactl(list: arguments, outputFile: "/dev/full")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("No space left on device"), "\(outcome.errors)")
  }

  @Test func `a reader that has gone ends a list in silence, and no key stays that nobody read`() throws {
    let installation = try Installation()
    let script = """
      import os, subprocess, sys
      reading, writing = os.pipe()
      os.close(reading)
      os.environ['META_DATA_DIR'] = sys.argv[1]
      done = subprocess.run(sys.argv[2:], stdout=writing, stderr=subprocess.PIPE)
      print(done.returncode, done.stderr.decode())
      """
    let program = Installation.programs.appending(path: "metactl").path
    for arguments in [["--help"], ["status"], ["config", "--json"]] {
      let said = try Python.lines(script, arguments: [installation.data, program] + arguments)
      #expect(said == ["-13 "], "\(arguments): \(said)")
    }
    let made = try Python.lines(
      script, arguments: [installation.data, program, "apikey", "create", "--label", "x", "--scope", "read"])
    #expect(made.joined().hasPrefix("2 ") && made.joined().contains("has been revoked"), "\(made)")
  }

  @Test func `the server's program says harmlessly why it does not start, and notices who does not hear it`()
    throws
  {
    let installation = try Installation()
    let program = Installation.programs.appending(path: "meta.fcgi").path
    for arguments in [["--\u{1B}[2J"], ["--config", "/no\u{9B}where"], ["--listen", "\u{202E}"]] {
      let outcome = try installation.metactl(list: arguments, program: program)
      #expect(outcome.status == 1 && isHarmless(outcome.errors), "\(outcome.text.debugDescription)")
    }
    let unread = try installation.metactl("--help", outputFile: "/dev/full", program: program)
    #expect(unread.status == 1 && unread.errors.contains("No space left on device"), "\(unread.text)")
    #expect(try installation.metactl("--help", program: program).output.contains("--listen"))
  }

  @Test(arguments: [[], ["--json"], ["--quiet"]])
  func `a key that nobody could read is revoked again`(options: [String]) throws {
    let installation = try Installation()
    let outcome = try installation.metactl(
      list: ["apikey", "create", "--label", "x", "--scope", "read"] + options, outputFile: "/dev/full")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("has been revoked"), "\(outcome.errors)")
    let rows = try installation.metactl("apikey", "list", "--json").json["keys"]?.array
    #expect(rows?.count == 1)
    #expect(rows?.first?["revoked_at"]?.string != nil)
  }

  @Test func `a change whose report is lost says that it was made`() throws {
    let installation = try Installation()
    let outcome = try installation.metactl(
      "admin", "set-password", input: "long enough for this\n", outputFile: "/dev/full")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("has been done"), "\(outcome.errors)")
  }

  /// Unicode's own opinion.
  private static let width = """
    import re, sys, unicodedata
    def width(text):
      return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)

    """

  @Test func `wide characters do not push a table's columns apart`() throws {
    let installation = try Installation(settings: Installation.app)
    let labels = ["plain", "東京カフェ", "ｆｕｌｌ", "e\u{301}te\u{301}", "שלום", "🇯🇵 flag", "한국"]
    for (number, label) in labels.enumerated() {
      try installation.metactl(
        "apikey", "create", "--label", label, "--scope", number == 0 ? "admin" : "read")
    }
    let lines = try installation.metactl("apikey", "list").output.split(separator: "\n").map(String.init)
    let widths = try Python.lines(
      Self.width + "for line in sys.stdin: print(width(line[:line.index('mm_')]))",
      input: Array(lines.dropFirst()))
    #expect(Set(widths).count == 1, "\(widths)")
  }

  @Test func `a long label makes no row wider than the screen, and is whole in a pipe`() throws {
    let installation = try Installation(settings: Installation.app)
    let label = String(repeating: "a long label 東京 ", count: 15)
    try installation.metactl("token", "add", "--label", label, input: installation.simulator.token("john"))
    try installation.metactl("apikey", "create", "--label", label, "--scope", "read")
    for columns in [80, 100, 132] {
      for arguments in [["token", "list"], ["apikey", "list"], ["status"]] {
        let screen = try PseudoTerminal.run(arguments, in: installation, columns: columns).screen
        let widths = try Python.lines(
          Self.width + "for line in sys.stdin: print(width(re.sub('\\x1b.*?m', '', line.rstrip('\\n'))))",
          input: screen.split(separator: "\n").map(String.init).filter { !$0.contains("/") })
        #expect(widths.allSatisfy { Int($0).map { $0 <= columns } ?? false }, "\(columns): \(screen)")
      }
    }
    #expect(try PseudoTerminal.run(["token", "list"], in: installation).screen.contains("…"))
    #expect(
      try installation.metactl("token", "list").output.contains(label.trimmingCharacters(in: .whitespaces)))
  }

  @Test(arguments: [("\u{3}", -2), ("\u{1C}", -3)])
  func `the terminal echoes again after an interrupted prompt`(key: String, status: Int64) throws {
    let installation = try Installation()
    let outcome = try PseudoTerminal.run(
      ["admin", "set-password"], in: installation, steps: [("New admin password:", key)])
    #expect(outcome.echoes)
    #expect(outcome.status == status, "\(outcome.screen)")
  }

  @Test func `a prompt that was suspended is asked again, and echoes nothing`() throws {
    let installation = try Installation()
    let outcome = try PseudoTerminal.run(
      ["admin", "set-password"], in: installation,
      steps: [
        ("New admin password:", "\u{1A}"), ("New admin password:", "a long secret\n"),
        ("same again:", "a long secret\n"),
      ])
    #expect(outcome.status == 0, "\(outcome.screen)")
    #expect(outcome.screen.components(separatedBy: "New admin password:").count == 3, "\(outcome.screen)")
    #expect(!outcome.screen.contains("long secret"))
    #expect(outcome.echoes)
  }

  @Test func `what a talkative database server says is printed by nobody`() throws {
    let server = try #require(PostgresServer.shared, "PostgreSQL is not installed")
    let installation = try Installation(settings: [
      "META_DATABASE_URL": try server.makeDatabase() + "&options=-cclient_min_messages%3Ddebug5",
      "META_FERNET_KEYS": FernetKey.generate().revealed(),
    ])
    let listed = try installation.metactl("apikey", "list")
    #expect(listed.text.contains("There are no tables"), "\(listed.text)")
    #expect(!listed.text.contains("DEBUG") && !listed.text.contains("LOCATION"), "\(listed.text)")
  }
}
