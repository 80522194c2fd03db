internal import Cache
internal import Cryptography
internal import Graph
internal import Text

/// When Graph answered last, and what it says against our app and the version that is set: noted in the cache directory,
/// where every process finds it, the latter under the settings that it is about, so that others begin anew. Losing it
/// loses nothing.
final class GraphHealth {
  enum Outcome: String {
    case answered
    case failed
  }

  private let cache: FileCache?
  private let wanted: String
  private let (health, trouble, version): (CacheKey?, CacheKey?, CacheKey?)
  private var noted: (outcome: Outcome, at: Timestamp)?

  init(_ cache: FileCache?, _ configuration: Configuration) {
    self.cache = cache
    wanted = configuration.graphVersion
    let app = configuration.app
    let settings = [configuration.graphURL, wanted, app?.id ?? "", app?.secret.revealed() ?? ""]
    let mark = SHA256.hex(Array(settings.joined(separator: "\n").utf8)).prefix(16)
    (health, trouble, version) = (
      CacheKey("graph_health"), CacheKey("graph_app_\(mark)"), CacheKey("graph_version_\(mark)")
    )
  }

  /// Notes what came of a call, and which version answered: for a dead one the oldest living one does, without a word.
  func note(
    _ failure: GraphFailure?, _ asker: GraphQuestion.Asker = .token, answering: String? = nil,
    at now: Timestamp
  ) {
    noteOutcome(failure?.isOfGraphAsAWhole == true ? .failed : .answered, now)
    if case .appRefused(let trouble)? = failure?.kind {
      if self.trouble(now) != trouble { write(trouble.rawValue, self.trouble, now) }
    } else if failure == nil, let noted = self.trouble(now), asker != .token || noted == .version, let trouble
    {
      // Only a call as the app tells that Graph takes us for who we say we are.
      try? cache?.remove(trouble)
    }
    if let answering, answering != wanted, (try? GraphAddress.checkedVersion(answering)) != nil,
      otherVersion(now) != answering
    {
      write(answering, version, now)
    }
  }

  /// At most every ten seconds unless it changed. That Graph refuses a token is an answer like any other: Graph is well.
  private func noteOutcome(_ outcome: Outcome, _ now: Timestamp) {
    if let noted, noted.outcome == outcome, now.seconds - noted.at.seconds < 10 { return }
    noted = (outcome, now)
    write(outcome.rawValue, health, now, staleFor: 2_592_000)
  }

  /// The last outcome that any process noted.
  func last() -> (outcome: Outcome, at: Timestamp)? {
    guard let (text, storedAt) = read(health, .now), let outcome = Outcome(rawValue: text) else { return nil }
    return (outcome, storedAt)
  }

  /// What was wrong with our app when Graph was asked last; `nil`: nothing that is known.
  func trouble(_ now: Timestamp) -> AppTrouble? {
    read(trouble, now).flatMap { AppTrouble(rawValue: $0.text) }
  }

  /// The version that answers in the place of the one that is set; `nil`: that one, as far as is known.
  func otherVersion(_ now: Timestamp) -> String? { read(version, now)?.text }

  private func read(_ key: CacheKey?, _ now: Timestamp) -> (text: String, storedAt: Timestamp)? {
    guard let cache, let key, let entry = cache.read(key, now: now) else { return nil }
    return (String(decoding: entry.body, as: UTF8.self), entry.storedAt)
  }

  private func write(_ text: String, _ key: CacheKey?, _ now: Timestamp, staleFor: Int64 = 86400) {
    guard let cache, let key else { return }
    try? cache.store(
      Array(text.utf8), etag: "\"\"", under: key, now: now, freshFor: 86400, staleFor: staleFor)
  }
}
