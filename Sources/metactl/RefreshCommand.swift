internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Text

struct RefreshCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh",
    abstract: "Extend the tokens that have less than half of their life left; for cron.",
    discussion: """
      Each token on its own, many at the same time: what happens to one does not touch the others. A new token is \
      stored after it has answered a call; a good one is never replaced by nothing. Tokens that waited for their owner \
      to log in are tried again. The others are checked once a day. Without META_APP_ID and META_APP_SECRET, tokens are \
      checked only.

      Exit codes: 0 all well, 1 a token failed, 2 nothing could be done. With --quiet what is the matter with a token \
      counts when it is new, and then once a day; metactl status tells at any time.

      Examples:
        metactl refresh
        # in a crontab: every hour, and a mail when a token fails, then once a day
        17 * * * * metactl refresh --quiet
      """)

  @OptionGroup var common: CommonOptions
  @Flag(name: .shortAndLong, help: "Print only what failed and is news, or a day old.") var quiet = false

  func run() throws {
    let report = try common.perform(quiet: quiet) { application, bar in
      try application.refreshTokens(progress: bar.report)
    }
    if common.json { try Terminal.say(report.json) } else { try show(report) }
    let isTroubled = quiet ? !report.troubled(newsOnly: true).isEmpty : !report.entries(.failed).isEmpty
    if isTroubled { throw ExitCode(1) }
  }

  private func show(_ report: RefreshReport) throws {
    let troubled = report.troubled(newsOnly: quiet)
    if !quiet {
      if report.entries.isEmpty {
        return try Terminal.say("No account is connected yet. metactl token add connects one.")
      }
      let words: [(RefreshReport.Outcome, String)] = [
        (.extended, "extended"), (.recovered, "recovered"), (.checked, "checked"), (.current, "not due"),
        (.inactive, "not active"), (.failed, "failed"),
      ]
      let counts = words.map { ($0.1, report.entries($0.0).count) }.filter { $0.1 > 0 }
      try Terminal.say(
        "\(Count.text(report.entries.count, "token")): "
          + counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ") + ".")
      if !report.canExtend {
        try Terminal.say("None can be extended: META_APP_ID and META_APP_SECRET are not set.")
      }
    }
    // Not a table: what happened is a sentence, which no column may cut.
    for entry in troubled {
      let told =
        entry.outcome == .inactive ? "It is not used any more: metactl token replace \(entry.id)" : nil
      let texts = [entry.detail ?? told].compactMap(\.self) + entry.warnings
      try Terminal.say(
        "Token \(entry.id) (\(entry.label)): \(entry.reason ?? "note"). \(texts.joined(separator: " "))")
    }
  }
}

extension RefreshReport {
  fileprivate var json: JSONValue {
    var counts = JSONObject()
    for outcome in Outcome.allCases {
      counts[outcome.rawValue] = JSONValue(entries(outcome).count)
    }
    return [
      "counts": .object(counts),
      "tokens": .array(
        entries.map { entry in
          [
            "id": JSONValue(entry.id), "account_label": .string(entry.label),
            "outcome": .string(entry.outcome.rawValue), "reason": JSONValue(entry.reason),
            "detail": JSONValue(entry.detail),
            "expires_at": JSONValue(entry.expiresAt?.description),
            "page_tokens": JSONValue(entry.pageTokens),
            "page_tokens_kept": JSONValue(entry.pageTokensKept),
            "is_news": .bool(entry.isNews), "warnings": .array(entry.warnings.map { .string($0) }),
          ]
        }),
    ]
  }
}
