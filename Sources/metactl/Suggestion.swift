internal import ArgumentParser
internal import MetaModule
internal import Text

/// What somebody meant who mistyped a command; options are the parser's own business.
enum Suggestion {
  /// The whole line up to the word that was meant, such as `metactl token list`.
  static func forCommandLine(_ arguments: [String]) -> String? {
    var (command, path): (any ParsableCommand.Type, [String]) = (Metactl.self, ["metactl"])
    for word in arguments where !word.hasPrefix("-") {
      let known = command.configuration.subcommands
      if known.isEmpty { return nil }
      if let next = known.first(where: { name(of: $0) == word }) {
        command = next
        path.append(word)
        continue
      }
      if command == Metactl.self, word == "help" { continue }
      guard let meant = NearestName.to(word, in: known.map(name)) else { return nil }
      return (path + [meant]).joined(separator: " ")
    }
    return nil
  }

  private static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? "\(command)".lowercased()
  }
}
