internal import ArgumentParser
internal import MetaModule

/// `metactl key …`
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "The Fernet keys that encrypt the stored tokens.", subcommands: [Generate.self])

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a new Fernet key; nothing is stored.",
      discussion: "For META_FERNET_KEYS, or as the first line of fernet.keys.")

    func run() throws { print(try KeyOperations.generate().revealed()) }
  }
}
