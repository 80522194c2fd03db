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
    /// Of the entry, where it is one as it stands in the cache.
    var validator: EntryValidator?
  }

  private static let patience = Duration.seconds(1)

  private var cache: FileCache? { services.cache }
  private var breaker: GraphBreaker { services.rooms.graphBreaker }

  /// - Parameters:
  ///   - part: which of the two texts that one call makes.
  ///   - overdue: is given the expired grid while Graph takes longer than anybody wants to wait; it is asked on.
  func grid(
    _ part: GridPart = .grid, of mapping: StoredMapping, _ account: String,
    overdue: @escaping (Grid) -> Void
  ) throws -> Grid {
    guard let key = GridPart.grid.key(account), let partKey = part == .grid ? key : part.key(account),
      let cache
    else {
      try services.prepareToAskGraph()
      return given(try fetch(mapping, account).made, part, "miss")
    }
    // Before the window is looked for: a grid that came between the two has brought a window along.
    let known = part == .grid ? nil : cache.read(key, now: services.now)
    let cached = cache.read(partKey, now: services.now, keeping: part == .grid)
    if let cached, cached.isFresh(now: services.now) { return served(cached) }
    if breaker.isResting { return try stale(cached, insteadOf: Refusal.graphRests) }
    guard services.rooms.turn.takePlace() else {
      let mayWait = cached == nil && mayComeAgain(key, cache)
      return try stale(cached, insteadOf: mayWait ? Refusal.tooManyWaitForOne : .tooManyWait)
    }

    // Whoever wants which part, one flight brings both.
    switch cache.beginFlight(key, now: .now, waitAtMost: patience(with: cached), insteadOf: known) {
    case .leader(let flight):
      if let refusal = refusalToAsk() { return try stale(cached, insteadOf: refusal) }
      return try lead(flight, mapping, account, part, orServe: cached, cache, overdue)
    case .landed(let entry):
      if part == .grid { return served(entry) }
      if let window = cache.read(partKey, now: .now, keeping: false), window.isFresh(now: .now) {
        return served(window)
      }
      return try withoutCache(mapping, account, part, orServe: cached, overdue)
    case .failed(let note):
      return try stale(cached, insteadOf: GraphFailure(note: note))
    case .timedOut:
      return try stale(cached, insteadOf: GraphFailure.timedOut)
    case .unavailable:
      return try withoutCache(mapping, account, part, orServe: cached, overdue)
    }
  }

  private func withoutCache(
    _ mapping: StoredMapping, _ account: String, _ part: GridPart, orServe cached: CachedEntry?,
    _ overdue: @escaping (Grid) -> Void
  ) throws -> Grid {
    services.rooms.warnOnceAMinute("The cache cannot be used; Graph is asked for each request.")
    if let refusal = refusalToAsk() { return try stale(cached, insteadOf: refusal) }
    do {
      return given(try fetch(mapping, account, orServe: cached, overdue).made, part, "miss")
    } catch let failure as GraphFailure { return try stale(cached, insteadOf: failure) }
  }

  /// Fetches the grid anew, however fresh the cached one is, which stays until then.
  ///
  /// - Returns: why the cached one stands in for a while longer; `nil`: it is replaced.
  func refresh(_ mapping: StoredMapping, _ account: String) throws -> GraphFailure? {
    try services.prepareToAskGraph(mayProbe: true)
    guard let key = GridPart.grid.key(account), let cache else {
      _ = try fetch(mapping, account)
      return nil
    }
    let cached = cache.read(key, now: services.now)
    do {
      switch cache.beginFlight(
        key, now: .now, waitAtMost: services.budget().remaining, insteadOf: cached)
      {
      case .leader(let flight):
        _ = try lead(flight, mapping, account, .grid, orServe: nil, cache, notBefore: services.now)
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
    guard let cache else { return }
    for part in GridPart.allCases {
      guard let key = part.key(account) else { continue }
      do { try cache.remove(key) } catch { warnOfCache(error) }
    }
    try? services.store().forgetShared(GridPart.allCases.compactMap { $0.key(account)?.description })
  }

  /// The tag of the window that is fresh now, and until when; `nil`: there is none. Costs what reading a grid costs.
  func windowTag(_ account: String) -> CachedEntry? {
    guard let cache, let key = GridPart.stamp.key(account), let entry = cache.read(key, now: services.now),
      entry.isFresh(now: services.now)
    else { return nil }
    return entry
  }

  /// Which of a client's mappings its grid is of; `nil`: none has an Instagram account.
  func servingMapping(ofClient clientID: String) throws(StoreError) -> Int64? {
    guard case .mapping(let mapping) = try services.store().latestMappingWithInstagram(clientID: clientID)
    else { return nil }
    return mapping.id
  }

  /// When the cached grid was fetched, fresh or expired.
  func cachedAt(_ account: String) -> Timestamp? {
    GridPart.grid.key(account).flatMap { cache?.read($0, now: services.now)?.storedAt }
  }

  /// Whether another request asks Graph for it at this moment, or just has, or is about to.
  private func mayComeAgain(_ key: CacheKey, _ cache: FileCache) -> Bool {
    switch cache.beginFlight(key, now: .now, waitAtMost: .zero) {
    case .timedOut: true
    case .landed: true
    default: ContinuousClock.now < services.moment(after: .milliseconds(100))
    }
  }

  private func refusalToAsk() -> Refusal? {
    guard services.rooms.turn.takePlaceToFetch() else { return .tooManyWait }
    do throws(Refusal) { try services.prepareToAskGraph() } catch { return error }
    return nil
  }

  /// The one that asks Graph. Retries only when there is nothing else to serve.
  private func lead(
    _ flight: consuming Flight, _ mapping: StoredMapping, _ account: String, _ part: GridPart,
    orServe expired: CachedEntry?, _ cache: FileCache, notBefore earliest: Timestamp? = nil,
    _ overdue: @escaping (Grid) -> Void = { _ in }
  ) throws -> Grid {
    let rooms = services.rooms
    var lease: Lease?
    switch sharedTurn(account, notBefore: earliest, waitAtMost: patience(with: expired)) {
    case .mine(let taken): lease = taken
    case .timedOut: return try stale(expired, insteadOf: GraphFailure.timedOut)
    case .landed(let made):
      keep(made, of: account, flight, in: cache)
      return given(made, part, "hit")
    }
    defer { if let lease { try? rooms.store().release(lease) } }
    do {
      let (made, username) = try fetch(mapping, account, orServe: expired, overdue)
      if let held = lease {
        lease = nil
        // Whoever was too slow throws its own away. Where nobody can tell, this machine goes on by itself.
        if let store = try? rooms.store(),
          (try? store.publish([made.window, made.grid], under: held)) == false
        {
          guard let others = try? shared(account, notBefore: nil, store) else {
            return given(made, part, "miss")
          }
          keep(others, of: account, flight, in: cache)
          return given(others, part, "hit")
        }
      }
      keep(made, of: account, flight, in: cache)
      // Tried once before the answer: whoever lists the mappings next sees the name. Where a lock is in the way, it comes
      // afterwards with the rest.
      if let username, username != mapping.instagramUsername {
        _ = try? rooms.store().setInstagramUsername(username, ofAccount: account, waitingAtMost: 0)
      }
      return given(made, part, "miss")
    } catch let failure as GraphFailure {
      guard let note = failure.note else { throw failure }
      flight.fail(Array(note.utf8))
      return try stale(expired, insteadOf: failure)
    } catch let failure as StoreError {
      return try stale(expired, insteadOf: failure)
    }
  }

  /// One Graph call, and what is learnt from it: which media are whose, and the account's name.
  private func fetch(
    _ mapping: StoredMapping, _ account: String, orServe expired: CachedEntry? = nil,
    _ overdue: @escaping (Grid) -> Void = { _ in }
  ) throws -> (made: SharedGrid, username: String?) {
    var budget = services.budget(retries: expired == nil)
    if let expired {
      budget.overdue = Overdue(at: services.moment(after: Self.patience)) {
        overdue(served(expired, insteadOf: GraphFailure.timedOut))
      }
    }
    let grid = try ask(mapping, account, within: budget)
    let rooms = services.rooms
    if grid.leftOut > 0 {
      rooms.warnOnceAMinute(
        "Graph gave \(grid.leftOut) of an account's posts in a form that cannot be read; they are left out.")
    }
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
    let now = Timestamp.now
    let freshFor = services.configuration.cacheTTL
    func entry(_ part: GridPart, _ json: JSONValue) -> SharedEntry {
      let body = json.serialized()
      return SharedEntry(
        key: part.key(account)?.description ?? "", body: body, etag: EntityTag.strong(of: body),
        storedAt: now,
        freshUntil: Timestamp(seconds: now.seconds + freshFor),
        staleUntil: Timestamp(seconds: now.seconds + max(freshFor, services.configuration.cacheStale)))
    }
    return (SharedGrid(grid: entry(.grid, grid.json), window: entry(.window, grid.windowJSON)), grid.username)
  }

  /// Where Graph wants less data at a time it is asked for half, and half again, without a wait.
  private func ask(
    _ mapping: StoredMapping, _ account: String, within budget: GraphBudget
  ) throws -> InstagramGrid {
    var budget = budget
    for size in InstagramGrid.windowSizes {
      budget.takesLess = size > InstagramGrid.size
      do {
        return try InstagramGrid(
          services.askAsPage(of: mapping, account, InstagramGrid.query(size), within: budget))
      } catch let failure as GraphFailure where budget.takesLess && failure.wantsLess {}
    }
    throw GraphFailure(.failed)
  }

  func warnOfCache(_ error: CacheError) {
    services.rooms.warnOnceAMinute("The cache cannot be written: \(error)")
  }

  /// What is left of the time for which one waits, for Graph or for whoever asks it: a second where an expired grid stands
  /// ready.
  private func patience(with expired: CachedEntry?) -> Duration {
    expired == nil
      ? services.budget().remaining : ContinuousClock.now.duration(to: services.moment(after: Self.patience))
  }

  /// The expired grid, if there is one, instead of the error. A refused token is not covered up.
  private func stale(_ expired: CachedEntry?, insteadOf failure: any Answerable) throws -> Grid {
    guard let expired, (failure as? GraphFailure)?.mayBeCoveredByStale != false else { throw failure }
    return served(expired, insteadOf: failure)
  }

  /// What was just made, here (`miss`) or by another machine.
  private func given(_ made: SharedGrid, _ part: GridPart, _ state: String) -> Grid {
    let entry = part == .grid ? made.grid : made.window
    let now = state == "miss" ? entry.storedAt : .now
    return Grid(
      body: entry.body, etag: entry.etag, state: state, age: max(0, now.seconds - entry.storedAt.seconds),
      left: max(0, entry.freshUntil.seconds - now.seconds))
  }

  private func served(_ entry: CachedEntry, insteadOf failure: (any Answerable)? = nil) -> Grid {
    let now = Timestamp.now
    return Grid(
      body: entry.body, etag: entry.etag, state: failure == nil ? "hit" : "stale", age: entry.age(now: now),
      left: entry.secondsLeft(now: now), failure: failure, validator: failure == nil ? entry.validator : nil)
  }
}
