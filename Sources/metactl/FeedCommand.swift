internal import ArgumentParser
internal import JSON
internal import MetaModule

struct FeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feed", abstract: "What clients' sites show.",
    discussion: """
      A feed is shown by a page with <script type="module" src="https://HOST/embed.js" data-feed="ID"></script>, or by \
      whoever reads its JSON.

      Examples:
        metactl feed add --client client_001 --name "Home page" --origin https://site.example
        metactl feed list
        metactl feed show 1
        metactl feed remove 1
      """,
    subcommands: [Add.self, List.self, Show.self, Remove.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a feed of a client, and print its public id.",
      discussion: """
        Other settings than these have their defaults; metactl request PATCH /feeds/ID/ changes them.

        Example:
          metactl feed add --client client_001 --name "Home page" --origin https://site.example
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("The client, which has a mapping.", valueName: "client-id")) var client: String
    @Option(help: "Your own name for it.") var name: String
    @Option(
      help: ArgumentHelp(
        "Who may show it: https://site.example, https://*.site.example, or any. May be given several times.",
        valueName: "origin"))
    var origin: [String]
    @Option(help: "How many posts at most (1 to 50; 12).") var limit: Int?
    @Option(help: "How many beside each other (1 to 12; 3).") var columns: Int?

    func run() throws {
      var body: JSONObject = [
        "client_id": .string(client), "name": .string(name), "origins": .array(origin.map { .string($0) }),
      ]
      if let limit { body["limit"] = JSONValue(limit) }
      if let columns { body["columns"] = JSONValue(columns) }
      let row = try API(common).call(
        "POST", "/feeds/", .object(body),
        options: [
          ("client_id", "--client"), ("name", "--name"), ("origins", "--origin"), ("limit", "--limit"),
          ("columns", "--columns"),
        ],
        missing:
          "There is no client \(client); metactl mapping list shows which there are. Nothing was changed.")
      try common.report(
        row,
        "Made feed \(row["id"]?.number?.text ?? "") of \(client): \(row["public_id"]?.string ?? "")")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the feeds.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let rows = try API(common).rows("/feeds/", "feeds")
      guard !common.json else { return try Terminal.say(["feeds": .array(rows)]) }
      var table = Table(
        ["ID", "PUBLIC ID", "CLIENT", "NAME", "ORIGINS", "UPDATED"], texts: ["CLIENT", "NAME", "ORIGINS"])
      for row in rows {
        table.add([
          row["id"]?.number?.text, row["public_id"]?.string, row["client_id"]?.string, row["name"]?.string,
          (row["origins"]?.array ?? []).compactMap(\.string).joined(separator: " "),
          row["updated_at"]?.string,
        ])
      }
      try table.show(orSay: "There is no feed yet. metactl feed add makes one.")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a feed with all its settings.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as feed list shows it.") var id: Int64

    func run() throws {
      guard let row = try API(common).rows("/feeds/", "feeds").first(where: { $0["id"]?.int64 == id }) else {
        throw CommandError("There is no feed \(id); metactl feed list shows which there are.")
      }
      guard !common.json, let members = row.object?.members else { return try Terminal.say(row) }
      var table = Table(["SETTING", "VALUE"], texts: ["VALUE"])
      for (name, value) in members { table.add([name, value.string ?? value.serializedText()]) }
      try table.show(orSay: "")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a feed: whoever shows it, shows nothing.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as feed list shows it.") var id: Int64

    func run() throws {
      _ = try API(common).call(
        "DELETE", "/feeds/\(id)/",
        missing: "There is no feed \(id); metactl feed list shows which there are. Nothing was changed.")
      try common.report(["removed": JSONValue(id)], "Removed feed \(id).")
    }
  }
}
