internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Move the database to another place.", subcommands: [Copy.self])

  struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "copy", abstract: "Move every row to PostgreSQL, or back to a file.",
      discussion: """
        Refused while the program is running, and where the target holds anything. Every token must open with the present \
        keys. All rows are compared when they have arrived; then the old database is marked as moved, and no program \
        opens it any more. Killed before that, it leaves the old one as it was.

        No password stands in the address: the file that PGPASSFILE names, or PGPASSWORD, is for it.

        Exit codes: 0 done, 1 refused, 2 failed.

        Examples:
          metactl store copy --to postgresql://meta@db1,db2/meta
          metactl store copy --to sqlite:/var/lib/meta-module
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("postgresql://…, or sqlite:/path.", valueName: "target")) var to: String

    func run() throws {
      let report = try common.perform { application, bar in
        try application.copyStore(to: to, progress: bar.report)
      }
      let isServer = !to.hasPrefix("sqlite:")
      try common.report(
        [
          "to": .string(to), "tokens": JSONValue(report.tokens), "mappings": JSONValue(report.mappings),
          "rows": JSONValue(report.rows),
        ],
        "Moved \(Count.text(report.tokens, "token")), \(Count.text(report.mappings, "mapping")), "
          + "\(Count.text(report.rows, "row")) in all, to \(to). The old database is marked as moved.",
        isServer
          ? "Now set META_DATABASE_URL to that address and META_FERNET_KEYS to the keys that are in force, on each machine, "
            + "and start the program."
          : "Now take META_DATABASE_URL out, name the folder in META_DATA_DIR, and start the program. Its keys can stay in "
            + "META_FERNET_KEYS.")
    }
  }
}
