internal import Cache
internal import Cryptography
internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import Text

/// Clients' grids: from the cache while one is fresh, else from Graph, asked once however many want it at the same
/// moment, in whichever threads and processes; and the expired one when Graph does not give a new one.
struct Grids {
  let services: Services

  struct Grid {
    let body: [UInt8]
    let etag: String
    /// `hit`, `miss`, `stale`.
    let state: String
    var age: Int64 = 0
    /// Seconds for which it is fresh.
    let left: Int64
    /// Why an expired one stands in.
    var failure: (any Answerable)?
  }

  /// How long Graph, or another request that asks it, is waited for when an expired grid stands ready.
  private static let patience = Duration.seconds(1)

  private var cache: FileCache? { services.cache }
  private var breaker: GraphBreaker { services.rooms.graphBreaker }

  /// - Parameter overdue: is given the expired grid while Graph takes longer than anybody wants to wait; it is asked on.
  func grid(
    of mapping: StoredMapping, _ account: String, overdue: @escaping (Grid) -> Void
  ) throws -> Grid {
    guard let key = Self.key(account), let cache else {
      try services.prepareToAskGraph()
      return fresh(try fetch(mapping, account))
    }
    let cached = cache.read(key, now: services.now)
    if let cached, cached.isFresh(now: services.now) { return served(cached) }
    if breaker.isResting { return try standIn(cached, insteadOf: .graphRests) }
    guard services.rooms.turn.takePlace() else { return try standIn(cached, insteadOf: .tooManyWait) }

    let patience =
      cached == nil
      ? services.budget().remaining : ContinuousClock.now.duration(to: services.moment(after: Self.patience))
    switch cache.beginFlight(key, now: .now, waitAtMost: patience) {
    case .leader(let flight):
      if let refusal = refusalToAsk() { return try standIn(cached, insteadOf: refusal) }
      return try lead(flight, mapping, account, orServe: cached, cache, overdue)
    case .landed(let entry):
      return served(entry)
    case .failed(let note):
      return try stale(cached, insteadOf: GraphFailure(note: note))
    case .timedOut:
      return try stale(cached, insteadOf: .timedOut)
    case .unavailable:
      services.rooms.warnOnceAMinute("The cache cannot be used; Graph is asked for each request.")
      if let refusal = refusalToAsk() { return try standIn(cached, insteadOf: refusal) }
      do { return fresh(try fetch(mapping, account, orServe: cached, overdue)) } catch let failure
        as GraphFailure
      {
        return try stale(cached, insteadOf: failure)
      }
    }
  }

  /// Fetches the grid anew, however fresh the cached one is, which stays until then.
  ///
  /// - Returns: why the cached one stands in for a while longer; `nil`: it is replaced.
  func refresh(_ mapping: StoredMapping, _ account: String) throws -> GraphFailure? {
    try services.prepareToAskGraph(mayProbe: true)
    guard let key = Self.key(account), let cache else {
      _ = try fetch(mapping, account)
      return nil
    }
    let cached = cache.read(key, now: services.now)
    do {
      switch cache.beginFlight(
        key, now: .now, waitAtMost: services.budget().remaining, insteadOf: cached)
      {
      case .leader(let flight): _ = try lead(flight, mapping, account, orServe: nil, cache)
      case .landed: break
      case .failed(let note): throw GraphFailure(note: note)
      case .timedOut: throw GraphFailure.timedOut
      case .unavailable: _ = try fetch(mapping, account)
      }
      return nil
    } catch let failure as GraphFailure where cached != nil && failure.mayBeCoveredByStale {
      return failure
    }
  }

  /// An account that no client shows any more leaves the cache at once.
  func forget(_ account: String) {
    guard let key = Self.key(account), let cache else { return }
    do { try cache.remove(key) } catch { warnOfCache(error) }
  }

  /// When the cached grid was fetched, fresh or expired.
  func cachedAt(_ account: String) -> Timestamp? {
    Self.key(account).flatMap { cache?.read($0, now: services.now)?.storedAt }
  }

  private static func key(_ account: String) -> CacheKey? { CacheKey("ig_grid_\(account)") }

  private func refusalToAsk() -> Refusal? {
    guard services.rooms.turn.takePlaceToFetch() else { return .tooManyWait }
    do throws(Refusal) { try services.prepareToAskGraph() } catch { return error }
    return nil
  }

  /// The one that asks Graph. Retries only when there is nothing else to serve.
  private func lead(
    _ flight: consuming Flight, _ mapping: StoredMapping, _ account: String, orServe expired: CachedEntry?,
    _ cache: FileCache, _ overdue: @escaping (Grid) -> Void = { _ in }
  ) throws -> Grid {
    let configuration = services.configuration
    do {
      let fetched = try fetch(mapping, account, orServe: expired, overdue)
      let rooms = services.rooms
      do {
        try flight.land(
          fetched.body, etag: fetched.etag, now: .now, freshFor: configuration.cacheTTL,
          staleFor: max(configuration.cacheTTL, configuration.cacheStale))
        rooms.turn.afterwards { cache.sweepIfDue(now: .now) }
      } catch .full {
        rooms.turn.afterwards { cache.sweepIfDue(now: .now, needsRoom: true) }
      } catch { warnOfCache(error) }
      // Tried once before the answer: whoever lists the mappings next sees the name. Where a lock is in the way, it comes
      // afterwards with the rest.
      if let username = fetched.username, username != mapping.instagramUsername {
        _ = try? rooms.store().setInstagramUsername(username, ofAccount: account, waitingAtMost: 0)
      }
      return fresh(fetched)
    } catch let failure as GraphFailure {
      guard let note = failure.note else { throw failure }
      flight.fail(Array(note.utf8))
      return try stale(expired, insteadOf: failure)
    }
  }

  private struct Fetched {
    let body: [UInt8]
    let etag: String
    let username: String?
  }

  /// One Graph call, and what is learnt from it: which media are whose, and the account's name.
  private func fetch(
    _ mapping: StoredMapping, _ account: String, orServe expired: CachedEntry? = nil,
    _ overdue: @escaping (Grid) -> Void = { _ in }
  ) throws -> Fetched {
    var budget = services.budget(retries: expired == nil)
    if let expired {
      budget.overdue = Overdue(at: services.moment(after: Self.patience)) {
        overdue(served(expired, insteadOf: GraphFailure.timedOut))
      }
    }
    let grid = try InstagramGrid(
      services.askAsPage(of: mapping, account, InstagramGrid.query, within: budget))
    let rooms = services.rooms
    rooms.turn.afterwards {
      do {
        let store = try rooms.store()
        try store.rememberMedia(grid.media.map(\.id), ofAccount: account)
        if let username = grid.username, username != mapping.instagramUsername {
          try store.setInstagramUsername(username, ofAccount: account)
        }
      } catch {
        rooms.warn("What a grid told could not be remembered; the grid itself is served.")
      }
    }
    let body = grid.json.serialized()
    return Fetched(body: body, etag: "\"\(SHA256.hex(body).prefix(32))\"", username: grid.username)
  }

  private func warnOfCache(_ error: CacheError) {
    services.rooms.warnOnceAMinute("The cache cannot be written: \(error)")
  }

  /// The expired grid, if there is one, instead of the error. A refused token is not covered up.
  private func stale(_ expired: CachedEntry?, insteadOf failure: GraphFailure) throws -> Grid {
    guard let expired, failure.mayBeCoveredByStale else { throw failure }
    return served(expired, insteadOf: failure)
  }

  /// The expired grid, if there is one, without asking Graph at all.
  private func standIn(_ expired: CachedEntry?, insteadOf refusal: Refusal) throws -> Grid {
    guard let expired else { throw refusal }
    return served(expired, insteadOf: refusal)
  }

  private func fresh(_ fetched: Fetched) -> Grid {
    Grid(body: fetched.body, etag: fetched.etag, state: "miss", left: services.configuration.cacheTTL)
  }

  private func served(_ entry: CachedEntry, insteadOf failure: (any Answerable)? = nil) -> Grid {
    let now = Timestamp.now
    return Grid(
      body: entry.body, etag: entry.etag, state: failure == nil ? "hit" : "stale", age: entry.age(now: now),
      left: entry.secondsLeft(now: now), failure: failure)
  }
}

/// A leader's failure as a note to those who waited for it, so that Graph is not asked once more by each of them.
extension GraphFailure {
  static let timedOut = GraphFailure(Kind.timedOut)

  /// `nil` for a token that is none for us, which only this request can tell.
  var note: String? {
    switch kind {
    case .unfit(.proof): "app_refused \(AppTrouble.credentials.rawValue)"
    case .unfit: nil
    case .appRefused(let trouble): "app_refused \(trouble.rawValue)"
    case .refused, .pageTokenRefused: "token_refused \(logReason)"
    case .throttled: "rate_limited \(retryAfter ?? Self.throttleRest)"
    default: logReason
    }
  }

  init(note: [UInt8]) {
    let parts = String(decoding: note, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
    let told = parts.count > 1 ? parts[1] : ""
    switch parts.first {
    case "token_refused": self.init(.refused(RefusalReason(rawValue: told) ?? .invalid))
    case "permission_missing": self.init(.permissionMissing)
    case "rate_limited": self.init(.throttled(seconds: Int64(told)))
    case "upstream_timeout": self = .timedOut
    case "app_refused": self.init(.appRefused(AppTrouble(rawValue: told) ?? .credentials))
    default: self.init(.failed)
    }
  }

  /// Graph throttles, fails, does not answer, or refuses our app: its last word stands a while longer.
  var mayBeCoveredByStale: Bool {
    switch kind {
    case .refused, .pageTokenRefused, .permissionMissing: false
    case .unfit(let misfit): misfit == .proof
    case .throttled, .timedOut, .appRefused, .notFound, .transient, .declined, .failed: true
    }
  }
}
