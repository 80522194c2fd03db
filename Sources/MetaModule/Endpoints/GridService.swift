internal import Cryptography
internal import JSON

/// A client's grid: from the cache while it is fresh, else from Graph, asked once however many want it at the same
/// moment, in whichever threads and processes; and the expired one when Graph does not give a new one.
struct GridService {
  private let context: RequestContext
  private var cache: FileCache? { context.application.cache }

  init(_ context: RequestContext) { self.context = context }

  /// How long a request waits for another one that is asking Graph already, when an expired grid stands ready.
  private static let patienceWithStale = Duration.seconds(2)

  func answer(_ mapping: StoredMapping, _ account: String) throws(APIError) -> Response {
    guard let key = CacheKey("ig_grid_\(account)"), let cache else {
      return fresh(try fetch(mapping, account, within: context.budget()))
    }
    let cached = cache.read(key, now: context.now)
    if let cached, cached.freshness(at: context.now) == .fresh { return served(cached, "hit") }

    let patience = cached == nil ? Duration.seconds(context.configuration.requestBudget) : Self.patienceWithStale
    switch cache.beginFlight(key, waitAtMost: patience) {
    case .leader(let flight):
      // Another one may have fetched it while this one waited.
      let now = Timestamp.now
      if let entry = cache.read(key, now: now), entry.freshness(at: now) == .fresh { return served(entry, "hit") }
      return try lead(consume flight, key, mapping, account, cache)
    case .failed(let note):
      guard let failure = GridFailure(note: note) else { throw .upstreamFailed }
      return try stale(key, insteadOf: failure.apiError, cache)
    case .timedOut:
      return try stale(key, insteadOf: .upstreamTimedOut, cache)
    case .unavailable:
      return fresh(try fetch(mapping, account, within: context.budget()))
    }
  }

  /// Fetches the grid anew whatever the cache holds: `POST /mappings/<id>/refresh/`.
  func refresh(_ mapping: StoredMapping, _ account: String) throws(APIError) {
    let grid = try fetch(mapping, account, within: context.budget())
    if let key = CacheKey("ig_grid_\(account)"), let cache { store(grid, under: key, in: cache) }
  }

  /// An account that no client shows any more leaves the cache at once.
  func forget(_ account: String) {
    if let key = CacheKey("ig_grid_\(account)") { cache?.remove(key) }
  }

  /// When the cached grid was fetched, fresh or expired.
  func cachedAt(_ account: String) -> Timestamp? {
    CacheKey("ig_grid_\(account)").flatMap { cache?.read($0, now: context.now)?.storedAt }
  }

  /// The one that asks Graph. Retries only when there is nothing else to serve.
  private func lead(
    _ flight: consuming Flight, _ key: CacheKey, _ mapping: StoredMapping, _ account: String, _ cache: FileCache
  ) throws(APIError) -> Response {
    let hasStale = cache.read(key, now: .now) != nil
    do {
      let grid = try fetch(mapping, account, within: context.budget(retries: !hasStale))
      store(grid, under: key, in: cache)
      return fresh(grid)
    } catch {
      guard let failure = GridFailure(error) else { throw error }
      flight.fail(note: failure.note)
      return try stale(key, insteadOf: error, cache)
    }
  }

  private struct Grid {
    let body: [UInt8]
    let etag: String
  }

  /// One Graph call, and what is learnt from it: which media are whose, and the account's name.
  private func fetch(
    _ mapping: StoredMapping, _ account: String, within budget: GraphBudget
  ) throws(APIError) -> Grid {
    let grid: InstagramGrid
    do {
      let value = try context.askAsPage(of: mapping, account, InstagramGrid.query, within: budget)
      grid = try InstagramGrid(value)
    } catch let failure as GraphCallFailure {
      throw failure.apiError
    } catch { throw .upstreamFailed }
    do {
      let store = try context.store()
      try store.rememberMedia(grid.media.map(\.id), account: account)
      if let username = grid.username, username != mapping.instagramUsername {
        try store.setInstagramUsername(username, account: account)
      }
    } catch { context.logger.warning("What a grid told could not be remembered; the grid itself is served.") }
    let body = grid.json.serialized()
    return Grid(body: body, etag: "\"\(SHA256.hex(body).prefix(32))\"")
  }

  private func store(_ grid: Grid, under key: CacheKey, in cache: FileCache) {
    let configuration = context.configuration
    do {
      try cache.store(
        grid.body, etag: grid.etag, under: key, now: .now, freshFor: configuration.cacheTTL,
        staleFor: configuration.cacheStale)
    } catch { context.application.warnOnceAMinute("The cache cannot be written: \(error.sentence)") }
  }

  /// The expired grid, if there is one that is not too old, instead of the error. A refused token is not covered up.
  private func stale(_ key: CacheKey, insteadOf error: APIError, _ cache: FileCache) throws(APIError) -> Response {
    guard GridFailure(error)?.mayBeCoveredByStale == true, let entry = cache.read(key, now: .now) else { throw error }
    context.record.reason = error.reason
    return served(entry, entry.freshness(at: .now) == .fresh ? "hit" : "stale")
  }

  private func fresh(_ grid: Grid) -> Response {
    answer(grid.body, etag: grid.etag, "miss", age: 0, left: context.configuration.cacheTTL)
  }

  private func served(_ entry: CachedEntry, _ state: String) -> Response {
    let now = Timestamp.now
    return answer(
      entry.body, etag: entry.etag, state, age: entry.age(at: now), left: state == "hit" ? entry.secondsLeft(at: now) : 0)
  }

  private func answer(_ body: [UInt8], etag: String, _ state: String, age: Int64, left: Int64) -> Response {
    context.record.cache = state
    let headers: [Response.Header] = [
      ("X-Cache", state), ("Age", String(age)), ("Cache-Control", "private, max-age=\(left)"), ("ETag", etag),
    ]
    if let candidates = context.request.ifNoneMatch, EntityTag.matches(etag, candidates) {
      return Response(empty: 304, headers: headers)
    }
    return Response(200, bytes: body, headers: headers)
  }
}

/// Comparison of entity tags (RFC 9110, section 13.1.2): `If-None-Match` compares weakly.
enum EntityTag {
  static func matches(_ etag: String, _ candidates: String) -> Bool {
    candidates.split(separator: ",").contains { candidate in
      let candidate = FieldRule.trimmed(String(candidate))
      return candidate == "*" || candidate == etag || candidate == "W/" + etag
    }
  }
}

/// A leader's failure as a note to those who waited for it, so that Graph is not asked once more by each of them.
struct GridFailure {
  let apiError: APIError

  /// `nil` for failures that concern this request alone.
  init?(_ error: APIError) {
    switch error {
    case .tokenRefused, .permissionMissing, .rateLimited, .upstreamFailed, .upstreamTimedOut: apiError = error
    default: return nil
    }
  }

  init?(note: String) {
    let parts = note.split(separator: " ", maxSplits: 1).map(String.init)
    switch (parts.first, parts.count > 1 ? parts[1] : "") {
    case ("token_refused", let reason): apiError = .tokenRefused(reason: reason)
    case ("permission_missing", _): apiError = .permissionMissing
    case ("rate_limited", let seconds): apiError = .rateLimited(seconds: Int64(seconds) ?? 60)
    case ("upstream_error", _): apiError = .upstreamFailed
    case ("upstream_timeout", _): apiError = .upstreamTimedOut
    default: return nil
    }
  }

  var note: String {
    switch apiError {
    case .tokenRefused(let reason): "token_refused \(reason)"
    case .rateLimited(let seconds): "rate_limited \(seconds)"
    default: apiError.reason ?? ""
    }
  }

  /// Graph throttles, fails or does not answer: its last word stands a while longer.
  var mayBeCoveredByStale: Bool {
    switch apiError {
    case .rateLimited, .upstreamFailed, .upstreamTimedOut: true
    default: false
    }
  }
}
