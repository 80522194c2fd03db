internal import Cache
internal import Cryptography
internal import Glibc
internal import Store
internal import System
internal import Text

/// What asking for posts that nobody knows may cost: an id that Graph does not know is not asked for again for a minute,
/// and one API key has so many new ones asked for.
///
/// Kept in the cache, where every process finds it. Where the cache cannot be used, each request asks: losing this loses
/// nothing but Graph calls.
struct UnknownPosts {
  static let lifetime: Int64 = 60
  /// So many ids are remembered at once. Each has one place, which it shares with others: who asks for a million
  /// ids must not fill the cache that holds the grids.
  static let places = 512

  /// What a key may ask for at once.
  private static let burst: Int64 = 20
  /// After that, one more in so many milliseconds.
  private static let interval: Int64 = 500

  private let cache: FileCache

  init(_ cache: FileCache) { self.cache = cache }

  // MARK: - Ids

  /// Remembers that these tokens do not know the post, or that it is this account's, which no mapping has.
  func remember(_ id: String, owner: String?, tokens: [StoredToken], now: Timestamp) {
    guard let key = Self.place(of: id) else { return }
    let body = Self.digest(of: id, tokens) + Array((owner ?? "").utf8)
    try? cache.store(
      body, etag: "\"\"", under: key, now: now, freshFor: Self.lifetime, staleFor: Self.lifetime)
  }

  /// Whose the post was, empty when nobody knew it; `nil` when it has to be asked for, as when other tokens than these
  /// were asked.
  func knownOwner(of id: String, tokens: [StoredToken], now: Timestamp) -> String? {
    guard let key = Self.place(of: id), let entry = cache.read(key, now: now), entry.isFresh(now: now)
    else { return nil }
    let digest = Self.digest(of: id, tokens)
    guard entry.body.starts(with: digest) else { return nil }
    return String(decoding: entry.body.dropFirst(digest.count), as: UTF8.self)
  }

  private static func place(of id: String) -> CacheKey? {
    let digest = SHA256.digest(Array(id.utf8))
    return CacheKey("post_unknown_\((Int(digest[0]) << 8 | Int(digest[1])) % places)")
  }

  private static func digest(of id: String, _ tokens: [StoredToken]) -> [UInt8] {
    SHA256.digest(Array(tokens.reduce(into: id) { $0 += " \($1.id) \($1.sealedToken)" }.utf8))
  }

  // MARK: - Keys

  /// Takes an API key's turn to have an unknown post asked for.
  ///
  /// What is kept is the moment up to which the key has used its turns up, which never lies more than a burst ahead: a
  /// clock that stepped back must not lock anybody out.
  ///
  /// - Returns: `nil` when it is the key's turn, else the seconds until it is.
  func secondsUntilTurn(of apiKey: Int64, atMilliseconds now: Int64 = Self.millisecondsNow) -> Int64? {
    guard let key = CacheKey("post_rate_\(apiKey)"), let index = try? CacheIndex(in: cache.directory) else {
      return nil
    }
    do { try index.lock(.flight(key)) } catch .busy { return 1 } catch { return nil }
    let horizon = now + Self.burst * Self.interval
    let stored = usedUp(key)
    let used = min(max(stored, now), horizon)
    if used + Self.interval <= horizon {
      write(used + Self.interval, under: key, at: now)
      return nil
    }
    // What a clock that stood ahead has left would be refused for as long.
    if stored > horizon { write(horizon, under: key, at: now) }
    return 1
  }

  private func write(_ used: Int64, under key: CacheKey, at now: Int64) {
    try? cache.store(
      Array(String(used).utf8), etag: "\"\"", under: key, now: Timestamp(seconds: now / 1000),
      freshFor: Self.lifetime,
      staleFor: Self.lifetime)
  }

  private func usedUp(_ key: CacheKey) -> Int64 {
    // Whatever the clock says: how old the note is does not matter, only what stands in it.
    guard let entry = cache.entry(of: key) else { return 0 }
    return Int64(String(decoding: entry.body, as: UTF8.self)) ?? 0
  }

  static var millisecondsNow: Int64 { milliseconds(of: CLOCK_REALTIME) }
}
