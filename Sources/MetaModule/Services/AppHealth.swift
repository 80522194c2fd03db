internal import Cache
internal import Cryptography
internal import Graph
internal import Text

/// What is wrong with our app, as Graph said last: noted in the cache directory, where every process finds it, under
/// the settings that it is about, so that others begin anew. Losing it loses nothing.
final class AppHealth {
  private let cache: FileCache?
  private let trouble: CacheKey?
  private let version: CacheKey?
  private let wanted: String

  init(_ cache: FileCache?, _ configuration: Configuration) {
    self.cache = cache
    let app = configuration.app
    let settings = [
      configuration.graphURL, configuration.graphVersion, app?.id ?? "", app?.secret.revealed() ?? "",
    ]
    let mark = SHA256.hex(Array(settings.joined(separator: "\n").utf8)).prefix(16)
    (trouble, version) = (CacheKey("graph_app_\(mark)"), CacheKey("graph_version_\(mark)"))
    wanted = configuration.graphVersion
  }

  /// Notes whether Graph takes us for who we say we are; only a call as the app tells that it does.
  func note(_ failure: GraphFailure?, _ asker: GraphQuestion.Asker, at now: Timestamp) {
    if case .appRefused(let trouble)? = failure?.kind { return write(trouble.rawValue, self.trouble, now) }
    guard failure == nil else { return }
    guard let noted = last(now), asker != .token || noted == .version, let cache, let trouble else { return }
    try? cache.remove(trouble)
  }

  /// Notes which version answered: for a dead one the oldest living one does, without a word.
  func noteVersion(_ answering: String?, at now: Timestamp) {
    guard let answering, answering != wanted, (try? GraphAddress.checkedVersion(answering)) != nil else {
      return
    }
    write(answering, version, now)
  }

  /// What was wrong when Graph was asked last; `nil`: nothing that is known.
  func last(_ now: Timestamp) -> AppTrouble? { read(trouble, now).flatMap { AppTrouble(rawValue: $0) } }

  /// The version that answers in the place of the one that is set; `nil`: that one, as far as is known.
  func otherVersion(_ now: Timestamp) -> String? { read(version, now) }

  private func read(_ key: CacheKey?, _ now: Timestamp) -> String? {
    guard let cache, let key, let entry = cache.read(key, now: now) else { return nil }
    return String(decoding: entry.body, as: UTF8.self)
  }

  private func write(_ text: String, _ key: CacheKey?, _ now: Timestamp) {
    guard let cache, let key, read(key, now) != text else { return }
    try? cache.store(Array(text.utf8), etag: "\"\"", under: key, now: now, freshFor: 86400, staleFor: 86400)
  }
}
