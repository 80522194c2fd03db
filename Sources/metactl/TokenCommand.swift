internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store
internal import Text

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Connected Meta accounts and their access tokens.",
    discussion: """
      Examples:
        metactl token add --label "My Facebook Account"
        metactl token list
        metactl token check 1
        metactl token replace 1 --token-file new-token.txt
        metactl token remove 1
      """,
    subcommands: [Add.self, List.self, Check.self, Replace.self, Remove.self])

  fileprivate static let options = [
    (field: "access_token", name: "the token"), (field: "account_label", name: "--label"),
    (field: "expires_at", name: "--expires-at"),
  ]

  fileprivate static func missing(_ id: Int64) -> String {
    "There is no token \(id); metactl token list shows which there are. Nothing was changed."
  }

  fileprivate static func warnings(_ row: JSONValue) -> [String] {
    (row["warnings"]?.array?.compactMap(\.string) ?? []).map {
      "Note on token \(row["id"]?.number?.text ?? "?"): \($0)"
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify an access token and store it, encrypted.",
      discussion: """
        The same Meta user again replaces the token that is stored; mappings get new page tokens.

        Examples:
          # asks for the token
          metactl token add --label "My Facebook Account"
          metactl token add --label Agency < token.txt
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Your own name for the account.") var label: String
    @Option(help: ArgumentHelp("When the token ends, such as 2026-12-31T00:00:00Z.", valueName: "time"))
    var expiresAt: String?
    @Option(help: ArgumentHelp("Read the token from this file.", valueName: "file"), completion: .file())
    var tokenFile: String?

    func run() throws {
      let token = try SecretInput.secret("Access token", file: tokenFile)
      var body: JSONObject = ["access_token": .string(token.revealed()), "account_label": .string(label)]
      if let expiresAt { body["expires_at"] = .string(expiresAt) }
      let row = try API(common, making: .whatIsMissing).call(
        "POST", "/tokens/", .object(body), options: TokenCommand.options)
      let stored =
        "Stored token \(row["id"]?.number?.text ?? "?") of \(row["user_name"]?.string ?? "an unnamed user") as "
        + "\"\(label)\"."
      try common.report(row, [stored] + TokenCommand.warnings(row))
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the stored accounts; never a token.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let rows = try API(common).rows("/tokens/", "tokens")
      guard !common.json else { return try Terminal.say(["tokens": .array(rows)]) }
      var table = Table(["ID", "LABEL", "USER", "STATUS", "REASON", "EXPIRES"], texts: ["LABEL", "USER"])
      for row in rows {
        table.add([
          row["id"]?.number?.text, row["account_label"]?.string, row["user_name"]?.string,
          row["status"]?.string,
          row["status_reason"]?.string, Self.end(of: row),
        ])
      }
      try table.show(orSay: "No account is connected yet. metactl token add connects one.")
      for row in rows { for warning in TokenCommand.warnings(row) { try Terminal.say(warning) } }
    }

    /// Graph tells a token's scopes and its end in one answer: with the ones known, no end is never.
    private static func end(of row: JSONValue) -> String {
      row["expires_at"]?.string ?? (row["scopes"]?.array == nil ? "unknown" : "never")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask Graph about a stored token now, and keep what it says.",
      discussion: """
        Exit codes: 0 it works, 1 it does not, 2 Graph could not be asked.

        Examples:
          metactl token check 1
          metactl token check 1 --json
        """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as token list shows it.") var id: Int64

    func run() throws {
      let row = try API(common).call("POST", "/tokens/\(id)/check/", missing: TokenCommand.missing(id))
      let status = row["status"]?.string ?? "unknown"
      let reason = row["status_reason"]?.string
      var lines = [
        "Token \(id) (\(row["account_label"]?.string ?? "")) is \(status)\(reason.map { ": \($0)" } ?? "")."
      ]
      if status == "active" {
        lines.append(
          row["expires_at"]?.string.map { "It ends on \($0)." }
            ?? (row["scopes"]?.array == nil ? "When it ends is not known." : "It never ends."))
      }
      if let missing = row["missing_scopes"]?.array?.compactMap(\.string), !missing.isEmpty {
        lines.append(
          "It lacks \(missing.joined(separator: ", ")); metactl doctor tells what does not work for want of it."
        )
      }
      try common.report(row, lines + TokenCommand.warnings(row))
      if status != "active" || reason != nil { throw ExitCode(1) }
    }
  }

  struct Replace: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a new token of the same Meta user in the place of a stored one.",
      discussion: """
        The new one is verified before the old one is given up; mappings stay, and get new page tokens.

        Examples:
          # asks for the token
          metactl token replace 1
          metactl token replace 1 --token-file new-token.txt
        """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as token list shows it.") var id: Int64
    @Option(help: ArgumentHelp("Read the token from this file.", valueName: "file"), completion: .file())
    var tokenFile: String?

    func run() throws {
      let api = try API(common)
      let token = try SecretInput.secret("Access token", file: tokenFile)
      let row = try api.call(
        "PATCH", "/tokens/\(id)/", ["access_token": .string(token.revealed())], options: TokenCommand.options,
        missing: TokenCommand.missing(id))
      let replaced =
        "Replaced token \(id) of \(row["user_name"]?.string ?? "an unnamed user")."
        + (row["warnings"] == nil ? " Mappings got new page tokens." : "")
      try common.report(row, [replaced] + TokenCommand.warnings(row))
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a stored token.",
      discussion: """
        Refused while mappings use it, unless --force: they keep their page tokens, which live on for a while.

        Example:
          metactl token remove 1
        """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as token list shows it.") var id: Int64
    @Flag(help: "Remove it although mappings use it.") var force = false

    func run() throws {
      _ = try API(common).call(
        "DELETE", "/tokens/\(id)/\(force ? "?force=1" : "")", missing: TokenCommand.missing(id))
      try common.report(["removed": JSONValue(id)], "Removed token \(id).")
    }
  }
}
