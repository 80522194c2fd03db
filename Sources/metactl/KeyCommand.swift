internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Text

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "The Fernet keys that encrypt the stored tokens.",
    subcommands: [Generate.self, Rotate.self, Prune.self, Reseal.self, Accept.self])

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a new Fernet key; nothing is stored.",
      discussion: "For META_FERNET_KEYS, or as the first line of fernet.keys.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let key = try Application.generateKey().revealed()
      if common.json { try Terminal.say(["key": .string(key)]) } else { try Terminal.say(key) }
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a new key and encrypt every token with it; the old key is kept for old backups.",
      discussion: """
        The program goes on working meanwhile. The new key is written first; then all rows are encrypted anew in one \
        transaction. Cut off at any moment, nothing is lost: run it again.

        The old keys stay in fernet.keys, behind the new one: they encrypt nothing any more, and open the backups of \
        their time. metactl key prune removes them.

        Exit codes: 0 done, 1 refused, 2 it could not be done.

        Example:
          metactl key rotate
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var waiting: Grace

    func run() throws {
      let report = try common.perform { application, bar in
        try application.rotateKeys(grace: waiting.grace, progress: bar.report)
      }
      var lines = [
        report.wasResumed
          ? "Finished the rotation that was begun before: the key is \(report.fingerprint)."
          : "Made key \(report.fingerprint)."
      ]
      lines += report.sentences
      if report.keptKeys > 0 {
        lines.append("Backups of their time need them; metactl key prune removes them.")
      }
      try common.report(report.json, lines)
    }
  }

  struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove the old keys, which no stored token needs any more.",
      discussion: """
        Looks at every row before: one that still needs an old key is encrypted anew first. Backups that were made \
        before the rotation can then only be restored with a copy of the removed keys; a backup names those that it \
        needs by their fingerprints.

        Exit codes: 0 done, 1 refused, 2 it could not be done, or an old key is still needed.

        Example:
          metactl key prune
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var waiting: Grace

    func run() throws {
      let report = try common.perform { application, bar in
        try application.pruneKeys(grace: waiting.grace, progress: bar.report)
      }
      var lines = report.sentences
      if report.removedKeys == 0, report.keptKeys == 0 {
        lines = ["There is only one key, \(report.fingerprint): nothing was removed."]
      }
      lines += report.removed.map { "Backups that name \($0) need a copy of that key." }
      try common.report(report.json, lines)
      if report.keptKeys > 0 { throw ExitCode(2) }
    }
  }

  struct Grace: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Seconds that requests in flight get to finish with an old key.", valueName: "seconds"))
    var grace = Application.rotationGrace

    func validate() throws {
      guard (0...3600).contains(grace) else { throw ValidationError("--grace takes 0 to 3600 seconds.") }
    }
  }

  struct Reseal: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Encrypt every token with the first key of the ring.",
      discussion: """
        For keys in META_FERNET_KEYS, after a new one was put in front; afterwards the others may go.

        Example:
          META_FERNET_KEYS=NEW,OLD metactl key reseal
        """)

    @OptionGroup var common: CommonOptions

    func run() throws {
      let report = try common.perform { application, bar in
        try application.resealWithNewestKey(progress: bar.report)
      }
      try common.report(report.json, report.sentences)
    }
  }
}

extension KeyCommand {
  struct Accept: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Go on with the present keys although they do not open what is stored.",
      discussion: """
        The last resort, when the right key is lost for good: accounts whose token cannot be opened are listed as \
        key_missing and have to be connected anew. No row is changed. Asks for --yes.

        Example:
          metactl key accept --yes
        """)

    @OptionGroup var common: CommonOptions
    @Flag(help: "Yes, the right key is lost.") var yes = false

    func run() throws {
      guard yes else {
        throw CommandError("If the right key is lost for good, repeat with --yes. Nothing was changed.")
      }
      let unreadable = try common.perform { try $0.acceptKeyRing() }
      try common.report(
        ["unreadable": JSONValue(unreadable)],
        "Accepted the present key ring. It does not open \(Count.text(unreadable, "stored token")).")
    }
  }
}

extension KeyRotationReport {
  fileprivate var json: JSONValue {
    [
      "resumed": .bool(wasResumed), "fingerprint": .string(fingerprint),
      "resealed": JSONValue(resealed), "unreadable": JSONValue(unreadable),
      "removed_keys": JSONValue(removedKeys),
      "kept_keys": JSONValue(keptKeys), "removed": .array(removed.map { .string($0) }),
    ]
  }

  fileprivate var sentences: [String] {
    var lines = ["Encrypted \(resealed) stored \(resealed == 1 ? "token" : "tokens") with it."]
    if unreadable > 0 {
      lines.append(
        "\(unreadable) could not be opened with any key and were left as they are: connect those accounts anew."
      )
    }
    if removedKeys > 0 { lines.append("Removed \(removedKeys) old \(removedKeys == 1 ? "key" : "keys").") }
    if keptKeys > 0 {
      lines.append("\(keptKeys) old \(keptKeys == 1 ? "key is" : "keys are") still in the ring.")
    }
    return lines
  }
}
