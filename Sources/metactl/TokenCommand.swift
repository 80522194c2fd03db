internal import ArgumentParser
internal import JSON
internal import MetaModule

/// `metactl token …`
struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Connected Meta accounts and their access tokens.",
    subcommands: [Add.self, List.self, Remove.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify an access token and store it, encrypted.",
      discussion: """
        The same Meta user again replaces the token that is stored; mappings get new page tokens.

        Examples:
          metactl token add --label "My Facebook Account"            (asks for the token)
          metactl token add --label Agency < token.txt
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Your own name for the account.") var label: String
    @Option(help: ArgumentHelp("When the token ends, such as 2026-12-31T00:00:00Z.", valueName: "time"))
    var expiresAt: String?
    @Option(help: ArgumentHelp("Read the token from this file.", valueName: "file")) var tokenFile: String?

    func run() throws {
      let token = try Terminal.secret("Access token", file: tokenFile)
      var body: JSONObject = ["access_token": .string(token.revealed()), "account_label": .string(label)]
      if let expiresAt { body["expires_at"] = .string(expiresAt) }
      let row = try API(common).call("POST", "/tokens/", .object(body))
      print("Stored token \(row["id"]?.number?.text ?? "?") of \(row["user_name"]?.string ?? "an unnamed user") as \"\(label)\".")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the stored accounts; never a token.")

    @OptionGroup var common: CommonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let rows = try API(common).rows("/tokens/", "tokens")
      guard !json else { return print(JSONValue.object(["tokens": .array(rows)]).serializedText()) }
      var table = Table(["ID", "LABEL", "USER", "STATUS", "REASON", "EXPIRES"])
      for row in rows {
        table.add([
          row["id"]?.number?.text, row["account_label"]?.string, row["user_name"]?.string, row["status"]?.string,
          row["status_reason"]?.string, row["expires_at"]?.string ?? "never",
        ])
      }
      print(table.isEmpty ? "No account is connected yet. metactl token add connects one." : table.text)
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a stored token.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as token list shows it.") var id: Int64
    @Flag(help: "Remove it although mappings use it.") var force = false

    func run() throws {
      _ = try API(common).call("DELETE", "/tokens/\(id)/\(force ? "?force=1" : "")")
      print("Removed token \(id).")
    }
  }
}
