internal import Synchronization
internal import Text

/// How often one address may ask for one feed: 120 times a minute, counted by each process (API.md, section 8).
///
/// For cost and not for secrecy: a shared cache in front answers most of it, and the next process counts anew.
final class FeedRate: Sendable {
  /// RFC draft "RateLimit header fields for HTTP": a name, the quota, the window in seconds.
  static let policy = "\"feed\";q=120;w=60"
  private static let quota: Int64 = 120
  private static let window: Int64 = 60
  /// So many are counted at once; with more, everybody begins anew.
  private static let most = 20_000

  struct Asker: Hashable {
    let feed: Int64
    /// `nil`: the web server does not say.
    let household: IPNetwork?
  }

  struct Rate {
    let left: Int64
    /// Until the quota is whole again.
    let seconds: Int64
    let isLeft: Bool
    var header: String {
      var text = TextBuffer(capacity: 64)
      text.append("\"feed\";r=")
      text.append(decimal: left)
      text.append(";t=")
      text.append(decimal: seconds)
      return String(decoding: text.bytes, as: UTF8.self)
    }
  }

  private let used = Mutex<[Asker: (since: Int64, count: Int64)]>([:])

  /// - Parameters:
  ///   - isCounted: not for one that was counted and is asked for again.
  ///   - now: in seconds, of a clock that never goes back.
  func take(
    _ feed: Int64, _ household: IPNetwork?, isCounted: Bool = true, now: Int64 = FeedRate.now
  ) -> Rate {
    let asker = Asker(feed: feed, household: household)
    return used.withLock { used in
      var (since, count) = used[asker] ?? (now, 0)
      if now - since >= Self.window { (since, count) = (now, 0) }
      let isLeft = count < Self.quota || !isCounted
      if isLeft, isCounted { count += 1 }
      if used.count >= Self.most, used[asker] == nil { used = [:] }
      used[asker] = (since, count)
      return Rate(left: Self.quota - count, seconds: max(1, since + Self.window - now), isLeft: isLeft)
    }
  }

  private static let start = ContinuousClock.now
  static var now: Int64 { start.duration(to: .now).components.seconds }
}
