internal import ArgumentParser
internal import JSON
internal import MetaModule

/// `metactl mapping …`
struct MappingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mapping", abstract: "Which client has which Page.",
    discussion: "Examples:\n  metactl mapping list\n  metactl mapping remove 7",
    subcommands: [List.self, Remove.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the mappings.")

    @OptionGroup var common: CommonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let rows = try API(common).rows("/mappings/", "mappings")
      guard !json else { return print(JSONValue.object(["mappings": .array(rows)]).serializedText()) }
      var table = Table(["ID", "CLIENT", "PAGE", "PAGE ID", "INSTAGRAM", "TOKEN", "UPDATED"])
      for row in rows {
        table.add([
          row["id"]?.number?.text, row["client_id"]?.string, row["fb_page_name"]?.string,
          row["fb_page_id"]?.string,
          row["ig_username"]?.string ?? row["ig_account_id"]?.string, row["token_id"]?.number?.text,
          row["updated_at"]?.string,
        ])
      }
      print(table.isEmpty ? "No client is mapped to a Page yet." : table.text)
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a mapping.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The id, as mapping list shows it.") var id: Int64

    func run() throws {
      _ = try API(common).call("DELETE", "/mappings/\(id)/")
      print("Removed mapping \(id).")
    }
  }
}
