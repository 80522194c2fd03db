internal import Cache
internal import Cryptography
internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import Text

/// A client's grid: from the cache while it is fresh, else from Graph, asked once however many want it at the same
/// moment, in whichever threads and processes; and the expired one when Graph does not give a new one.
struct GridService {
  private let context: RequestContext
  private var cache: FileCache? { context.application.cache }

  init(_ context: RequestContext) { self.context = context }

  /// How long Graph, or another request that asks it, is waited for when an expired grid stands ready.
  private static let patience = Duration.seconds(1)

  func answer(_ mapping: StoredMapping, _ account: String) throws -> Response {
    guard let key = CacheKey("ig_grid_\(account)"), let cache else {
      try context.prepareToAskGraph()
      return fresh(try fetch(mapping, account, orServe: nil))
    }
    let cached = cache.read(key, now: context.now)
    if let cached, cached.freshness == .fresh { return served(cached, "hit") }
    if context.application.graphBreaker.isResting { return try standIn(cached, insteadOf: .graphRests) }
    guard context.application.takePlace() else { return try standIn(cached, insteadOf: .tooManyWait) }

    let patience =
      cached == nil
      ? context.budget().remaining : ContinuousClock.now.duration(to: context.moment(after: Self.patience))
    switch cache.beginFlight(key, now: .now, waitAtMost: patience) {
    case .leader(let flight):
      guard context.application.takePlaceToAsk() else { return try standIn(cached, insteadOf: .tooManyWait) }
      guard context.application.graphBreaker.mayAsk() else {
        return try standIn(cached, insteadOf: .graphRests)
      }
      return try lead(flight, mapping, account, orServe: cached, cache)
    case .landed(let entry):
      return served(entry, "hit")
    case .failed(let note):
      return try stale(cached, insteadOf: GraphFailure(note: note))
    case .timedOut:
      return try stale(cached, insteadOf: GraphFailure.timedOut)
    case .unavailable:
      context.application.warnOnceAMinute("The cache cannot be used; Graph is asked for each request.")
      guard context.application.takePlaceToAsk() else { return try standIn(cached, insteadOf: .tooManyWait) }
      guard context.application.graphBreaker.mayAsk() else {
        return try standIn(cached, insteadOf: .graphRests)
      }
      do { return fresh(try fetch(mapping, account, orServe: cached)) } catch {
        return try stale(cached, insteadOf: error)
      }
    }
  }

  /// Fetches the grid anew, however fresh the cached one is, which stays until then: `POST /mappings/<id>/refresh/`.
  ///
  /// - Returns: why the cached one stands in for a while longer; `nil`: it is replaced.
  func refresh(_ mapping: StoredMapping, _ account: String) throws -> (any Answerable)? {
    try context.prepareToAskGraph(mayProbe: true)
    guard let key = CacheKey("ig_grid_\(account)"), let cache else {
      _ = try fetch(mapping, account, orServe: nil)
      return nil
    }
    let cached = cache.read(key, now: context.now)
    do {
      switch cache.beginFlight(
        key, now: .now, waitAtMost: context.budget().remaining, insteadOf: cached)
      {
      case .leader(let flight): _ = try lead(flight, mapping, account, orServe: nil, cache)
      case .landed: break
      case .failed(let note): throw GraphFailure(note: note)
      case .timedOut: throw GraphFailure.timedOut
      case .unavailable: _ = try fetch(mapping, account, orServe: nil)
      }
      return nil
    } catch let failure as GraphFailure where cached != nil && failure.mayBeCoveredByStale {
      return failure
    }
  }

  /// An account that no client shows any more leaves the cache at once.
  func forget(_ account: String) {
    guard let key = CacheKey("ig_grid_\(account)"), let cache else { return }
    do { try cache.remove(key) } catch { warnOfCache(error) }
  }

  /// When the cached grid was fetched, fresh or expired.
  func cachedAt(_ account: String) -> Timestamp? {
    CacheKey("ig_grid_\(account)").flatMap { cache?.read($0, now: context.now)?.storedAt }
  }

  /// The one that asks Graph. Retries only when there is nothing else to serve.
  private func lead(
    _ flight: consuming Flight, _ mapping: StoredMapping, _ account: String, orServe expired: CachedEntry?,
    _ cache: FileCache
  ) throws -> Response {
    let configuration = context.configuration
    do {
      let grid = try fetch(mapping, account, orServe: expired)
      let application = context.application
      do {
        try flight.land(
          grid.body, etag: grid.etag, now: .now, freshFor: configuration.cacheTTL,
          staleFor: max(configuration.cacheTTL, configuration.cacheStale))
        application.afterwards { cache.sweepIfDue(now: .now) }
      } catch .full {
        application.afterwards { cache.sweepIfDue(now: .now, needsRoom: true) }
      } catch { warnOfCache(error) }
      // Tried once before the answer: whoever lists the mappings next sees the name. Where a lock is in the way, it comes
      // afterwards with the rest.
      if let username = grid.username, username != mapping.instagramUsername {
        _ = try? application.store().setInstagramUsername(username, ofAccount: account, waitingAtMost: 0)
      }
      return fresh(grid)
    } catch let failure as GraphFailure {
      guard let note = failure.note else { throw failure }
      flight.fail(Array(note.utf8))
      return try stale(expired, insteadOf: failure)
    }
  }

  private struct Grid {
    let body: [UInt8]
    let etag: String
    let username: String?
  }

  /// One Graph call, and what is learnt from it: which media are whose, and the account's name.
  ///
  /// - Parameter expired: what is sent when Graph takes longer than somebody wants to wait; it is asked on.
  private func fetch(
    _ mapping: StoredMapping, _ account: String, orServe expired: CachedEntry?
  ) throws -> Grid {
    var budget = context.budget(retries: expired == nil)
    if let expired {
      budget.overdue = Overdue(at: context.moment(after: Self.patience)) {
        context.record.reason = GraphFailure.timedOut.reason
        context.answerNow(served(expired, "stale"))
      }
    }
    let grid = try InstagramGrid(
      context.askAsPage(of: mapping, account, InstagramGrid.query, within: budget))
    let application = context.application
    application.afterwards {
      do {
        let store = try application.store()
        try store.rememberMedia(grid.media.map(\.id), ofAccount: account)
        if let username = grid.username, username != mapping.instagramUsername {
          try store.setInstagramUsername(username, ofAccount: account)
        }
      } catch {
        application.warn("What a grid told could not be remembered; the grid itself is served.")
      }
    }
    let body = grid.json.serialized()
    return Grid(body: body, etag: "\"\(SHA256.hex(body).prefix(32))\"", username: grid.username)
  }

  private func warnOfCache(_ error: CacheError) {
    context.application.warnOnceAMinute("The cache cannot be written: \(error)")
  }

  /// The expired grid, if there is one, instead of the error. A refused token is not covered up.
  private func stale(_ expired: CachedEntry?, insteadOf error: any Error) throws -> Response {
    guard let expired, let failure = error as? GraphFailure, failure.mayBeCoveredByStale else { throw error }
    context.record.reason = failure.reason
    return served(expired, "stale")
  }

  /// The expired grid, if there is one, without asking Graph at all.
  private func standIn(_ expired: CachedEntry?, insteadOf error: Refusal) throws -> Response {
    guard let expired else { throw error }
    context.record.reason = error.logReason
    return served(expired, "stale")
  }

  private func fresh(_ grid: Grid) -> Response {
    answer(grid.body, etag: grid.etag, "miss", age: 0, left: context.configuration.cacheTTL)
  }

  private func served(_ entry: CachedEntry, _ state: String) -> Response {
    let now = Timestamp.now
    return answer(
      entry.body, etag: entry.etag, state, age: entry.age(now: now), left: entry.secondsLeft(now: now))
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
