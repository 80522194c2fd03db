package import Text

/// What `metactl refresh` did, token by token.
package struct RefreshReport: Sendable, Equatable {
  /// What became of one token.
  package enum Outcome: String, Sendable, CaseIterable {
    /// A longer-lived one took its place, after it had answered.
    case extended
    /// Its owner has logged in again: it works.
    case recovered
    /// Graph was asked and took it; nothing had to be done.
    case checked
    /// More than half of its life is left, and it was looked at not long ago.
    case current
    /// It is expired or invalid already: only its owner can help, with a new one.
    case inactive
    /// Something is wrong with it; the reason says what. What was stored before is stored still.
    case failed
  }

  package struct Entry: Sendable, Equatable {
    package let id: Int64
    package let label: String
    package internal(set) var outcome: Outcome
    package internal(set) var reason: String?
    package internal(set) var detail: String?
    /// When it ends, as known afterwards; `nil`: never, or not known.
    package internal(set) var expiresAt: Timestamp?
    /// Page tokens that were derived anew, and those that could not be: the old ones stay.
    package internal(set) var pageTokens = 0
    package internal(set) var pageTokensKept = 0
    /// What a person should know besides: Pages whose tokens were not given.
    package internal(set) var warnings: [String] = []
    /// What is the matter was not told yet, or not within the day.
    package internal(set) var isNews = false

    /// A stable word for what is the matter; `nil` when nothing is that anybody need do anything about. A token that was
    /// switched off here is as it should be.
    var trouble: String? {
      switch outcome {
      case .failed: reason ?? "failed"
      case .inactive: reason == "disabled" ? nil : reason ?? "inactive"
      case .extended, .checked, .recovered: warnings.isEmpty ? nil : "page_tokens_kept"
      case .current: nil
      }
    }
  }

  /// Every stored token, in the order of the ids.
  package internal(set) var entries: [Entry] = []
  /// Without an app id and secret, tokens can be checked and not extended.
  package internal(set) var canExtend = false

  /// The tokens with which something is the matter; for a cron job only those of which that is news.
  package func troubled(newsOnly: Bool) -> [Entry] {
    entries.filter { $0.trouble != nil && ($0.isNews || !newsOnly) }
  }

  package func entries(_ outcome: Outcome) -> [Entry] { entries.filter { $0.outcome == outcome } }
}
