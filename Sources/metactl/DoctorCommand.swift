internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Text

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check every precondition, and say what to do about what is wrong.",
    discussion: """
      Looks at settings, folders, owners and permissions, the kind of file system, free space, the database and its \
      keys, SQLite, libcurl, the connection to Graph and its certificate, the clock, the app, and what each token \
      lacks. Run it under the account that runs the program. Nothing is changed.

      Exit codes: 0 all well, 1 something to look at, 2 something does not work.

      Examples:
        metactl doctor
        sudo -u meta-module metactl doctor --config /etc/meta-module/meta.conf
        metactl doctor --json | jq '.checks[] | select(.status != "ok")'
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let settings: Configuration
    do { settings = try common.settings() } catch {
      guard common.json else { throw error }
      let check: JSONValue = [
        "check": "settings", "status": "trouble", "detail": .string(error.description),
        "remedy": "Correct that line or variable; metactl config shows the settings.",
      ]
      try Terminal.say(["status": "trouble", "checks": .array([check])])
      throw ExitCode(2)
    }
    let findings = Findings(findings: Doctor(settings).findings())
    if common.json {
      try Terminal.say(findings.json)
    } else {
      try Terminal.say(findings.lines() + [Line(""), Line(findings.summary)])
    }
    try findings.exit()
  }
}
