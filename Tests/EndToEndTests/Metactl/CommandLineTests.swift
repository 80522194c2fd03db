import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// What is typed, and what is said about it.
@Suite struct CommandLineTests {
  /// Every command, by its words.
  static let commands: [[String]] = [
    [], ["token"], ["token", "add"], ["token", "list"], ["token", "check"], ["token", "replace"],
    ["token", "remove"],
    ["mapping"], ["mapping", "list"], ["mapping", "remove"], ["apikey"], ["apikey", "create"],
    ["apikey", "list"],
    ["apikey", "revoke"], ["admin"], ["admin", "set-password"], ["admin", "reset"], ["key"],
    ["key", "prune"], ["key", "generate"],
    ["key", "rotate"],
    ["key", "reseal"], ["key", "accept"], ["refresh"], ["status"], ["cache"], ["cache", "stats"],
    ["cache", "clear"],
    ["backup"], ["restore"], ["doctor"], ["config"], ["request"],
  ]

  @Test func `help fits 80 columns, and its examples run as they are printed`() throws {
    let installation = try Installation()
    for command in Self.commands {
      let help = try installation.metactl(list: command + ["--help"]).output
      let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for line in lines { #expect(line.count <= 80, "\(command): \(line)") }
      guard let first = lines.firstIndex(where: { $0 == "Example:" || $0 == "Examples:" }) else { continue }
      for line in lines[(first + 1)...].prefix(while: { $0.hasPrefix("  ") }) {
        let fields = line.split(separator: " ")
        let isCrontab = fields.first.map { $0.allSatisfy { $0.isNumber || $0 == "*" } } ?? false
        // What cron hands to the shell is all that stands behind the five fields.
        let script = isCrontab ? fields.dropFirst(5).joined(separator: " ") : line
        #expect(Installation.run("bash", "-n", "-c", script), "\(command): \(line)")
        #expect(
          script.contains("metactl") || script.hasPrefix("  #") || script.contains("systemctl"), "\(line)")
      }
    }
  }

  @Test(arguments: [
    (["refrehs"], "metactl refresh"), (["tokne", "list"], "metactl token"),
    (["token", "lst"], "metactl token list"),
    (["help", "statsu"], "metactl status"), (["apikeys", "list"], "metactl apikey"),
    (["key", "rotatee"], "metactl key rotate"),
    (["doctro", "--json"], "metactl doctor"),
  ])
  func `a mistyped command gets a suggestion`(typed: [String], meant: String) throws {
    let outcome = try Installation().metactl(list: typed)
    #expect(outcome.status == 64)
    #expect(outcome.text.contains("Did you mean '\(meant)'?"), "\(outcome.text)")
  }

  @Test func `a mistyped option gets one, and a word that is like none gets none`() throws {
    let installation = try Installation()
    #expect(try installation.metactl("refresh", "--quite").errors.contains("Did you mean '--quiet'?"))
    #expect(try !installation.metactl("xyzzy").errors.contains("Did you mean"))
  }

  @Test func `every command has json, of what it did and of why not`() throws {
    let installation = try Installation(settings: Installation.app)
    try installation.metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
    try installation.metactl(
      "request", "POST", "/sync/", "-d", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    try installation.metactl("apikey", "create", "--label", "x", "--scope", "admin")
    for (arguments, input) in [
      (["key", "generate"], nil), (["cache", "clear"], nil), (["mapping", "remove", "1"], nil),
      (["apikey", "revoke", "1"], nil),
      (["admin", "set-password"], "long enough for this"), (["key", "accept", "--yes"], nil),
      (["token", "remove", "1"], nil),
      (["request", "GET", "/health/"], nil),
    ] as [([String], String?)] {
      let outcome = try installation.metactl(list: arguments + ["--json"], input: input)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(arguments): \(outcome.text)")
      #expect(outcome.json.object != nil, "\(arguments): \(outcome.text)")
    }
    for (arguments, code) in [
      (["token", "check", "9"], 1), (["mapping", "remove", "9"], 1), (["apikey", "revoke", "9"], 1),
      (["refrehs"], 64),
      (["key", "accept"], 1), (["restore", "/nowhere"], 1), (["backup", "/nowhere/x"], 2),
      (["token", "add"], 64),
      (["status", "--config", "/nowhere"], 2),
      (["token", "add", "--label", "x", "--token-file", "/nowhere"], 1),
      (["status", "--warn-days", "-1"], 64),
    ] {
      let outcome = try installation.metactl(list: arguments + ["--json"])
      #expect(outcome.json["detail"]?.string?.isEmpty == false, "\(arguments): \(outcome.text)")
      #expect(outcome.json["exit_code"]?.int64 == Int64(outcome.status), "\(arguments): \(outcome.text)")
      #expect(outcome.status == code, "\(arguments): \(outcome.text)")
      #expect(outcome.errors.isEmpty, "\(arguments): \(outcome.errors)")
    }
  }

  @Test func `a refusal says what to type, not what to send`() throws {
    let installation = try Installation(settings: Installation.app)
    try installation.metactl("token", "add", "--label", "John", input: installation.simulator.token("john"))
    try installation.metactl(
      "request", "POST", "/sync/", "-d", #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#)
    let inUse = try installation.metactl("token", "remove", "1")
    #expect(inUse.status == 1)
    #expect(
      inUse.errors.contains("metactl token remove 1 --force") && !inUse.errors.contains("?force"),
      "\(inUse.errors)")
    let blank = try installation.metactl(
      "token", "add", "--label", " ", input: installation.simulator.token("john"))
    #expect(blank.errors.contains("--label: "), "\(blank.errors)")
    let date = try installation.metactl(
      "token", "add", "--label", "x", "--expires-at", "soon", input: installation.simulator.token("john"))
    #expect(date.errors.contains("--expires-at: "), "\(date.errors)")
    #expect(try installation.metactl("token", "check", "77").errors.contains("metactl token list"))
    #expect(try installation.metactl("mapping", "remove", "77").errors.contains("metactl mapping list"))
  }

  @Test func `a secret file is read as editors write it, and what it cannot be is named`() throws {
    let installation = try Installation(settings: Installation.app)
    let token = installation.simulator.token("john")
    let file = installation.folder.path + "/token.txt"
    func add(_ bytes: [UInt8], piped: Bool) throws -> Installation.Outcome {
      try Data(bytes).write(to: URL(filePath: file))
      return piped
        ? try installation.metactl(
          "token", "add", "--label", "x", prefix: ["sh", "-c", #"exec "$0" "$@" < "\#(file)""#])
        : try installation.metactl("token", "add", "--label", "x", "--token-file", file)
    }
    for piped in [false, true] {
      let marked: [UInt8] = [0xEF, 0xBB, 0xBF] + Array((token + "\r\n").utf8)
      let good: [[UInt8]] = [
        marked, Array((token + "\n").utf8), Array(token.utf8), Array((token + "\r\nsecond line\r\n").utf8),
      ]
      for bytes in good {
        let outcome = try add(bytes, piped: piped)
        #expect(outcome.status == 0, "\(outcome.text)")
      }
      let little: [UInt8] = token.utf8.flatMap { [$0, 0] }
      let big: [UInt8] = token.utf8.flatMap { [0, $0] }
      let wide: [[UInt8]] = [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little]
      for bytes in wide {
        let outcome = try add(bytes, piped: piped)
        #expect(outcome.status == 1 && outcome.errors.contains("UTF-16"), "\(outcome.text)")
      }
      #expect(try add([], piped: piped).status == 1)
      #expect(try add([0xFF, 0x41, 0x0A], piped: piped).errors.contains("not UTF-8"))
    }
    let folder = try installation.metactl(
      "token", "add", "--label", "x", "--token-file", installation.folder.path)
    #expect(folder.status == 1 && folder.errors.contains("is a folder"), "\(folder.text)")
  }

  @Test func `a body with a secret comes from a file or standard input, never from an argument`() throws {
    let installation = try Installation(settings: Installation.app)
    let body = #"{"access_token":"\#(installation.simulator.token("john"))"}"#
    let refused = try installation.metactl("request", "POST", "/verify-user/", "-d", body)
    #expect(refused.status == 1 && refused.errors.contains("holds access_token"), "\(refused.text)")
    let file = installation.folder.path + "/body.json"
    try body.write(toFile: file, atomically: false, encoding: .utf8)
    for outcome in [
      try installation.metactl("request", "POST", "/verify-user/", "-d", "@" + file),
      try installation.metactl("request", "POST", "/verify-user/", "-d", "-", input: body),
    ] {
      #expect(outcome.json["user_name"]?.string == "John Doe", "\(outcome.text)")
    }
  }

  @Test func `file arguments complete`() throws {
    let script = try Installation().metactl("--generate-completion-script", "bash").output
    for option in ["--config", "--token-file", "--password-file"] {
      let places = script.components(separatedBy: "'\(option)')\n").dropFirst()
      #expect(!places.isEmpty)
      for place in places { #expect(place.prefix(120).contains("-f"), "\(option): \(place.prefix(120))") }
    }
  }
}
