internal import ArgumentParser
internal import JSON
internal import MetaModule

/// `metactl config`
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show every setting, its value and where it comes from.",
    discussion: """
      Secrets are never shown, whatever one asks.

      Examples:
        metactl config
        metactl config --config /etc/meta-module/meta.conf --json
      """)

  @OptionGroup var common: CommonOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let configuration = try common.settings()
    let settings = configuration.settings
    guard !json else {
      let rows = settings.map { setting -> JSONValue in
        [
          "name": .string(setting.name), "value": setting.value.map { .string($0) } ?? .null,
          "origin": .string(setting.origin),
        ]
      }
      return print(
        (["settings": .array(rows), "warnings": .array(configuration.warnings.map { .string($0) })]
          as JSONValue).serializedText())
    }
    var table = Table(["SETTING", "VALUE", "FROM"])
    for setting in settings { table.add([setting.name, setting.value, setting.origin]) }
    print(table.text)
    for warning in configuration.warnings { print(warning) }
  }
}
