internal import ArgumentParser
internal import JSON
internal import MetaModule

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

  func run() throws {
    let configuration = try common.settings()
    let settings = configuration.settings
    guard !common.json else {
      let rows = settings.map { setting -> JSONValue in
        [
          "name": .string(setting.name), "value": JSONValue(setting.value),
          "origin": .string(setting.origin),
        ]
      }
      let warnings = configuration.warnings.map { JSONValue.string($0) }
      return try Terminal.say(["settings": .array(rows), "warnings": .array(warnings)])
    }
    var table = Table(["SETTING", "VALUE", "FROM"], texts: ["VALUE", "FROM"])
    for setting in settings { table.add([setting.name, setting.value, setting.origin]) }
    try Terminal.say(table.lines() + configuration.warnings.map { Line($0) })
  }
}
