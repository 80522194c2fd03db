internal import Cache
internal import Glibc
internal import Store
internal import Text

/// Grids of an installation of several machines: one of them asks Graph, and the others have it from the database.
///
/// Within a machine a flight sees to it that one asks; so each machine puts the question once. Where the database is away
/// each machine goes on by itself.
extension Grids {
  /// What was made of one answer of Graph's, here or by another machine.
  struct SharedGrid {
    let grid, window: SharedEntry
  }

  enum SharedTurn {
    /// Nobody else asks Graph; `nil`: nobody can tell.
    case mine(Lease?)
    /// Another machine has asked.
    case landed(SharedGrid)
    /// Another machine has been asking for as long as we were willing to wait.
    case timedOut
  }

  /// How often it is looked whether another machine has it, in microseconds; one look takes some tenths of a millisecond.
  private static let pause: UInt32 = 40_000

  /// - Parameters:
  ///   - earliest: an older one is not good enough, however fresh it is.
  func sharedTurn(_ account: String, notBefore earliest: Timestamp?, waitAtMost limit: Duration) -> SharedTurn
  {
    guard let store = try? services.store(), store.isShared, let key = GridPart.grid.key(account) else {
      return .mine(nil)
    }
    let end = ContinuousClock.now + limit
    do throws(StoreError) {
      while true {
        if let made = try shared(account, notBefore: earliest, store) { return .landed(made) }
        if let lease = try store.takeLease(key.description) {
          // Whoever had it may have handed it in between the two questions.
          guard let made = try shared(account, notBefore: earliest, store) else { return .mine(lease) }
          store.release(lease)
          return .landed(made)
        }
        guard ContinuousClock.now < end else { return .timedOut }
        usleep(Self.pause)
      }
    } catch { return .mine(nil) }
  }

  /// What another machine has made, if it is fresh.
  func shared(
    _ account: String, notBefore earliest: Timestamp?, _ store: Store
  ) throws(StoreError) -> SharedGrid? {
    func fresh(_ part: GridPart) throws(StoreError) -> SharedEntry? {
      guard let key = part.key(account), let entry = try store.sharedEntry(key.description),
        entry.freshUntil > .now, earliest.map({ entry.storedAt >= $0 }) ?? true
      else { return nil }
      return entry
    }
    guard let grid = try fresh(.grid), let window = try fresh(.window) else { return nil }
    return SharedGrid(grid: grid, window: window)
  }

  /// Keeps what was made, here or by another machine, as old as it is.
  func keep(_ made: SharedGrid, of account: String, _ flight: consuming Flight, in cache: FileCache) {
    let (grid, window) = (made.grid, made.window)
    var needsRoom = false
    // The grid last: whoever waits for the flight finds the window there.
    for (part, body) in [(GridPart.window, window.body), (.stamp, [])] {
      guard let key = part.key(account) else { continue }
      do throws(CacheError) {
        try cache.store(
          body, etag: window.etag, under: key, now: window.storedAt, freshFor: window.freshFor,
          staleFor: window.staleFor)
      } catch .full { needsRoom = true } catch { warnOfCache(error) }
    }
    do throws(CacheError) {
      let isKept = try flight.land(
        grid.body, etag: grid.etag, now: grid.storedAt, freshFor: grid.freshFor, staleFor: grid.staleFor)
      // The mapping was removed meanwhile.
      if !isKept { forget(account) }
    } catch .full { needsRoom = true } catch { warnOfCache(error) }
    services.rooms.turn.afterwards { [needsRoom] in cache.sweepIfDue(now: .now, needsRoom: needsRoom) }
  }
}

extension SharedEntry {
  fileprivate var freshFor: Int64 { freshUntil.seconds - storedAt.seconds }
  fileprivate var staleFor: Int64 { staleUntil.seconds - storedAt.seconds }
}
