internal import Cache
internal import Glibc
internal import Graph
internal import System
internal import Text

/// Whether Graph is asked at all. After five failures in a row it is not, but once a second, until it answers.
///
/// What counts is Graph as a whole: no answer, 5xx, nonsense. That it refuses or throttles a token is an answer. Kept in
/// the cache directory, where every process finds it; without a cache there is no breaker.
struct GraphBreaker: Breaker {
  private static let limit: UInt64 = 5
  private static let pause: UInt64 = 1000
  private let cache: FileCache?

  init(_ cache: FileCache?) { self.cache = cache }

  /// Graph has failed again and again, and has not answered since.
  var isOpen: Bool { (cache?.tally()?.count ?? 0) >= Self.limit }

  /// It is open, and somebody has tried within this second.
  var isResting: Bool {
    guard let tally = cache?.tally() else { return false }
    return tally.count >= Self.limit && !Self.isDue(tally)
  }

  /// Whether to ask. While it is open, one caller a second is told to.
  func mayAsk() -> Bool {
    guard let cache, isOpen else { return true }
    // Where nothing can be locked, nobody is kept from asking.
    return cache.changeTally { tally in
      guard tally.count >= Self.limit else { return true }
      guard Self.isDue(tally) else { return false }
      tally.moment = Self.now + Self.pause
      return true
    } ?? true
  }

  /// Notes what came of one call.
  func note(_ failure: GraphFailure?) {
    guard let cache else { return }
    guard failure?.isOfGraphAsAWhole == true else {
      if cache.tally().map({ $0.count > 0 }) == true { cache.changeTally { $0.count = 0 } }
      return
    }
    cache.changeTally { tally in
      tally.count = min(tally.count, 1 << 20) + 1
      tally.moment = Self.now + Self.pause
    }
  }

  /// Further away than the pause is a clock that stepped back.
  private static func isDue(_ tally: (count: UInt64, moment: UInt64)) -> Bool {
    let now = now
    return now >= tally.moment || tally.moment - now > pause
  }

  /// Milliseconds; of the wall clock, which processes in several containers share as well.
  private static var now: UInt64 { UInt64(max(0, milliseconds(of: CLOCK_REALTIME))) }
}

extension Configuration {
  /// What asking Graph needs to know of the settings.
  var graph: GraphSettings {
    GraphSettings(
      url: graphURL, version: graphVersion, timeout: graphTimeout, retries: retries, backoffUnit: backoffUnit,
      app: app)
  }
}
