internal import ArgumentParser
internal import Glibc
internal import JSON
internal import MetaModule
internal import Store

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the database to a file, while the program goes on working.",
    discussion: """
      The copy is checked before it appears under its name; only its owner can read it. The tokens in it are encrypted: \
      keep fernet.keys, too, and in another place. An existing file is left alone, unless --force. With --keep the \
      copy goes into a folder, as meta-20261127T010203Z.sqlite3, and of those only the newest stay.

      Exit codes: 0 done, 1 refused, 2 failed.

      Examples:
        metactl backup /var/backups/meta-$(date +%F).sqlite3
        metactl backup --force latest.sqlite3
        metactl backup --keep 14 /var/backups/meta-module
        metactl backup - | gpg --encrypt --recipient me > meta.gpg
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "Where to write it; - is standard output.", completion: .file()) var file: String
  @Flag(help: "Replace an existing file.") var force = false
  @Option(
    help: ArgumentHelp("FILE is a folder, of whose backups so many are kept.", valueName: "count"))
  var keep: Int?

  func validate() throws {
    guard (1...100_000).contains(keep ?? 1) else { throw ValidationError("--keep takes 1 to 100000.") }
    guard keep == nil || !force && file != "-" else {
      throw ValidationError("--keep takes a folder, and no --force: it never replaces a file.")
    }
    guard file != "-" || !common.json else {
      throw ValidationError("Standard output can take the backup (-) or an answer (--json), not both.")
    }
  }

  func run() throws {
    guard file != "-" || isatty(STDOUT_FILENO) == 0 else {
      throw CommandError("A backup is nothing for a screen: metactl backup - > FILE")
    }
    let (done, keys) = try common.perform { application, bar in
      if keep == nil { bar.watch("Copying (KiB)", file: file + ".partial", bytes: application.databaseBytes) }
      let done =
        if let keep { try application.backUp(into: file, keeping: keep) } else {
          (report: try application.backUp(to: file, overwriting: force), file: file, removed: [String]())
        }
      return (done, application.keysToKeep)
    }
    let report = done.report
    let names = report.keys.isEmpty ? "" : " (fingerprint \(report.keys.joined(separator: ", ")))"
    var sentences = [
      "Backed up \(Count.text(report.tokens, "token")) and \(Count.text(report.mappings, "mapping")) to "
        + "\(file == "-" ? "standard output" : done.file) (\(Count.bytes(report.bytes))).",
      "It is worth nothing without its keys: keep \(keys)\(names) as well, in another place.",
    ]
    if !done.removed.isEmpty {
      sentences.insert("Removed \(Count.text(done.removed.count, "older backup")).", at: 1)
    }
    guard file != "-" else { return sentences.forEach { Terminal.complain($0) } }
    try common.report(report.json(file: done.file, removed: keep == nil ? nil : done.removed), sentences)
  }
}

extension BackupReport {
  fileprivate func json(file: String, removed: [String]?) -> JSONValue {
    var body: JSONObject = [
      "file": .string(file), "bytes": JSONValue(bytes),
      "tokens": JSONValue(tokens),
      "mappings": JSONValue(mappings), "keys": .array(keys.map { .string($0) }),
    ]
    if let removed { body["removed"] = .array(removed.map { .string($0) }) }
    return .object(body)
  }
}
