internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store
internal import Text

struct APIKeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apikey", abstract: "Keys for programs that call the API.",
    discussion: """
      A program sends its key as the header X-API-Key (or Authorization: Bearer). As soon as one key or an admin \
      password exists, every request needs a credential.

      Examples:
        metactl apikey create --label "Website" --scope read
        metactl apikey list
        metactl apikey revoke 3
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key and print it, this once.",
      discussion: """
        Only its SHA-256 is kept: a lost key cannot be shown again, only revoked and replaced. With --quiet the key \
        alone is printed, for a script to catch.

        Examples:
          metactl apikey create --label "Website" --scope read --client client_001
          key=$(metactl apikey create --label deploy --scope admin --quiet)
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Your own name for it.") var label: String
    @Option(
      help: "admin (everything), read (the two Instagram endpoints) or metrics.",
      completion: .list(KeyScope.allCases.map(\.rawValue)),
      transform: { text in
        guard let scope = KeyScope(rawValue: text) else {
          throw ValidationError("--scope is admin, read or metrics.")
        }
        return scope
      })
    var scope: KeyScope
    @Option(
      help: ArgumentHelp(
        "Bind it to this client: any other is to it as if it were not there. May be given several times.",
        valueName: "client-id"))
    var client: [String] = []
    @Flag(name: .shortAndLong, help: "Print the key and nothing else.") var quiet = false

    func run() throws {
      let made = try common.perform(making: .whatIsMissing) {
        try $0.createAPIKey(label: label, scope: scope, clients: client)
      }
      do { try show(made) } catch {
        // Nobody has seen it and nobody ever can: it must not stay in force.
        do { _ = try common.perform { try $0.revokeAPIKey(made.row.id) } } catch {
          throw CommandError(
            "API key \(made.row.id) was made and could not be shown: it is lost, and still in force. "
              + "metactl apikey revoke \(made.row.id) ends it.", code: 2)
        }
        throw CommandError(
          "API key \(made.row.id) was made and could not be shown, so it has been revoked: \(error.problem) Run the command "
            + "again when that is mended.", code: 2)
      }
    }

    private func show(_ made: (key: Secret, row: StoredKey)) throws(Terminal.Unwritten) {
      if common.json {
        var row = made.row.members
        row["key"] = .string(made.key.revealed())
        return try Terminal.say(.object(row))
      }
      if quiet { return try Terminal.say(made.key.revealed()) }
      try Terminal.say([
        Line("Created API key \(made.row.id) \"\(made.row.label)\" with scope \(made.row.scope.rawValue)."),
        Line(made.key.revealed()), Line("It is shown only now. Send it as X-API-Key."),
      ])
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys; never a key itself.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let rows = try common.perform { try $0.apiKeys() }
      guard !common.json else { return try Terminal.say(["keys": .array(rows.map { .object($0.members) })]) }
      var table = Table(
        ["ID", "LABEL", "SCOPE", "BEGINS", "CREATED", "LAST USED", "REVOKED"], texts: ["LABEL"])
      for row in rows {
        table.add([
          String(row.id), row.label, row.scope.rawValue, row.prefix + "…", row.createdAt.description,
          row.lastUsedAt?.description ?? "never", row.revokedAt?.description,
        ])
      }
      try table.show(orSay: "There is no API key yet. metactl apikey create makes one.")
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key: the next request with it is refused.",
      discussion: "Example:\n  metactl apikey revoke 3")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as apikey list shows it.") var id: Int64

    func run() throws {
      let left = try common.perform { try $0.revokeAPIKey(id) }
      var lines = ["Revoked API key \(id)."]
      if !left.areInForce {
        lines.append(
          "No credential is left: nobody is served until metactl apikey create or metactl admin set-password "
            + "makes one.")
      }
      try common.report(
        ["revoked": JSONValue(id), "keys_in_force": JSONValue(left.keysInForce)],
        lines)
    }
  }
}

extension StoredKey {
  fileprivate var members: JSONObject {
    [
      "id": JSONValue(id), "label": .string(label), "scope": .string(scope.rawValue),
      "client_ids": clients.map { .array($0.map { .string($0) }) } ?? .null, "prefix": .string(prefix),
      "created_at": .string(createdAt.description),
      "last_used_at": JSONValue(lastUsedAt?.description),
      "revoked_at": JSONValue(revokedAt?.description),
    ]
  }
}
