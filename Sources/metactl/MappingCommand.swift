internal import ArgumentParser
internal import JSON
internal import MetaModule

struct MappingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mapping", abstract: "Which client has which Page.",
    discussion: "Examples:\n  metactl mapping list\n  metactl mapping remove 7",
    subcommands: [List.self, Remove.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the mappings.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let rows = try API(common).rows("/mappings/", "mappings")
      guard !common.json else { return try Terminal.say(["mappings": .array(rows)]) }
      var table = Table(
        ["ID", "CLIENT", "PAGE", "PAGE ID", "INSTAGRAM", "TOKEN", "UPDATED"],
        texts: ["CLIENT", "PAGE", "INSTAGRAM"])
      for row in rows {
        table.add([
          row["id"]?.number?.text, row["client_id"]?.string, row["fb_page_name"]?.string,
          row["fb_page_id"]?.string,
          row["ig_username"]?.string ?? row["ig_account_id"]?.string, row["token_id"]?.number?.text,
          row["updated_at"]?.string,
        ])
      }
      try table.show(orSay: "No client is mapped to a Page yet.")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a mapping.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as mapping list shows it.") var id: Int64

    func run() throws {
      _ = try API(common).call(
        "DELETE", "/mappings/\(id)/",
        missing: "There is no mapping \(id); metactl mapping list shows which there are. Nothing was changed."
      )
      try common.report(["removed": JSONValue(id)], "Removed mapping \(id).")
    }
  }
}
