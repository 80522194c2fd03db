internal import ArgumentParser
internal import MetaModule

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Is all well? A few lines, for a person or a cron mail.",
    discussion: """
      Tells about the database, the key, every token that is dead or ends soon, and Graph. Asks nobody; metactl doctor \
      looks closer.

      Exit codes: 0 all well, 1 warning, 2 trouble.

      Examples:
        metactl status
        # in a crontab: every morning, and a mail only when something is wrong
        7 8 * * * metactl status --quiet --warn-days 14
      """)

  @OptionGroup var common: CommonOptions
  @Option(help: ArgumentHelp("Warn of tokens that end within so many days.", valueName: "days"))
  var warnDays = 10
  @Flag(name: .shortAndLong, help: "Print nothing when all is well, else only what is not.") var quiet = false

  func validate() throws {
    guard (0...3650).contains(warnDays) else { throw ValidationError("--warn-days takes 0 to 3650.") }
  }

  func run() throws {
    let all = Findings(findings: try common.application().status(warnDays: warnDays))
    let shown = quiet ? Findings(findings: all.findings.filter { $0.level != .ok }) : all
    if !quiet || !shown.findings.isEmpty {
      if common.json { try Terminal.say(shown.json) } else { try Terminal.say(shown.lines()) }
    }
    try all.exit()
  }
}
