internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the database to a file, while the program goes on working.",
    discussion: """
      The copy is checked before it appears under its name; only its owner can read it. The tokens in it are encrypted: \
      keep fernet.keys, too, and in another place. An existing file is left alone, unless --force.

      Exit codes: 0 done, 1 refused, 2 failed.

      Examples:
        metactl backup /var/backups/meta-$(date +%F).sqlite3
        metactl backup --force latest.sqlite3
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "Where to write it.", completion: .file()) var file: String
  @Flag(help: "Replace an existing file.") var force = false

  func run() throws {
    let (report, keys) = try common.perform { application, bar in
      bar.watch("Copying (KiB)", file: file + ".partial", bytes: application.databaseBytes)
      return (try application.backUp(to: file, overwriting: force), application.keysToKeep)
    }
    let names = report.keys.isEmpty ? "" : " (fingerprint \(report.keys.joined(separator: ", ")))"
    try common.report(
      report.json(file: file),
      "Backed up \(Count.text(report.tokens, "token")) and \(Count.text(report.mappings, "mapping")) to \(file) "
        + "(\(Count.bytes(report.bytes))).",
      "It is worth nothing without its keys: keep \(keys)\(names) as well, in another place.")
  }
}

extension BackupReport {
  fileprivate func json(file: String) -> JSONValue {
    [
      "file": .string(file), "bytes": JSONValue(bytes),
      "tokens": JSONValue(tokens),
      "mappings": JSONValue(mappings), "keys": .array(keys.map { .string($0) }),
    ]
  }
}
