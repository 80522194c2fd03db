internal import Cache
internal import Graph
internal import Text

/// When Graph answered last, for `GET /health/`: noted in the cache directory, where every process finds it. Losing it
/// loses nothing.
final class GraphHealth {
  enum Outcome: String {
    case answered
    case failed
  }

  private let cache: FileCache?
  private let key = CacheKey("graph_health")
  private var noted: (outcome: Outcome, at: Timestamp)?

  init(_ cache: FileCache?) { self.cache = cache }

  /// Notes the outcome of a call; at most every ten seconds unless the outcome changed. That Graph refuses a token is
  /// an answer like any other: Graph is well.
  func note(_ failure: GraphFailure?, at now: Timestamp) {
    let outcome: Outcome = failure?.isOfGraphAsAWhole == true ? .failed : .answered
    if let noted, noted.outcome == outcome, now.seconds - noted.at.seconds < 10 { return }
    noted = (outcome, now)
    guard let cache, let key else { return }
    try? cache.store(
      Array(outcome.rawValue.utf8), etag: "\"\"", under: key, now: now, freshFor: 86400, staleFor: 2_592_000)
  }

  /// The last outcome that any process noted.
  func last() -> (outcome: Outcome, at: Timestamp)? {
    guard let cache, let key, let entry = cache.read(key, now: .now),
      let outcome = Outcome(rawValue: String(decoding: entry.body, as: UTF8.self))
    else { return nil }
    return (outcome, entry.storedAt)
  }
}
