internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup in the place of the database, after checking it.",
    discussion: """
      Refused while the program is running. The backup is checked first: that it is one of ours, its schema, every page, \
      and that the key ring opens every token in it. The database that it replaces is kept aside. What was revoked since \
      stays revoked: API keys and the admin password stay as they are now, keys that only the backup knows join them, \
      and everybody has to sign in again.

      Exit codes: 0 done, 1 refused, 2 failed.

      Examples:
        systemctl stop meta-module.socket meta-module.service
        metactl restore /var/backups/meta-2026-11-24.sqlite3
        systemctl start meta-module.socket
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "What metactl backup wrote; - is standard input.", completion: .file()) var file: String
  @Flag(help: "Restore it although some of its tokens cannot be opened.") var force = false

  func run() throws {
    let report = try common.perform(making: .whatIsMissing) { application, bar in
      try application.restore(from: file, despiteUnreadable: force, progress: bar.report)
    }
    var lines = [
      "Restored \(Count.text(report.backup.tokens, "token")) and "
        + "\(Count.text(report.backup.mappings, "mapping")) from \(file)."
    ]
    if let replaced = report.replaced { lines.append("The database that was there is kept as \(replaced).") }
    if report.unreadable > 0 {
      lines.append(
        "\(Count.text(report.unreadable, "stored token")) in it cannot be opened: put the key back, or connect anew."
      )
    }
    lines.append(
      report.keepsRights
        ? "API keys and the admin password are as they were before, with the backup's further keys; all sessions ended."
        : "API keys and the admin password are those of the backup: revoke what should not be in force "
          + "(metactl apikey list). All sessions ended.")
    let body: JSONValue = [
      "file": .string(file), "tokens": JSONValue(report.backup.tokens),
      "mappings": JSONValue(report.backup.mappings),
      "unreadable": JSONValue(report.unreadable),
      "replaced": JSONValue(report.replaced),
    ]
    try common.report(body, lines)
  }
}
