internal import Cache
internal import Cryptography
internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import Synchronization
internal import Text

/// In which form a feed is given.
enum FeedForm: String {
  case json, behold
  /// A page of its own, for a frame.
  case page
}

/// What clients' sites show: feeds, made of the window that is cached for their accounts.
///
/// In life: a visitor of a client's site asks for one, and nearly always it is as it was for the one before. What was made
/// is therefore kept, under a key that says of what: the window, the feed's settings, what was known of its pictures, and
/// the address of the installation. It is looked up and sent; nothing of it is ever stale.
struct Feeds {
  let services: Services

  // MARK: - Rows

  /// 22 characters of base64url are 16 bytes; nobody meets another's by chance.
  static func isPublicID(_ text: String) -> Bool {
    text.utf8.count == 25 && text.utf8.starts(with: "fd_".utf8)
      && text.allBytes {
        $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  func make(_ name: String, ofClient clientID: String, _ settings: FeedSettings) throws -> StoredFeed {
    let store = try services.store()
    guard try store.latestMappingWithInstagram(clientID: clientID) != .none else {
      throw Refusal.mappingNotFound
    }
    let id: [UInt8]
    do { id = try SecureRandom.bytes(16) } catch { throw Refusal.noRandomness("for a feed's id") }
    return try store.insertFeed(
      publicID: "fd_" + Base64URL.encode(id, padded: false), clientID: clientID, name: name,
      settings: settings.stored, origins: settings.origins, event: services.event("feed.add"))
  }

  /// Changes a feed as it is now, whoever else is changing it; `nil`: it is gone.
  func change(_ id: Int64, name: String?, _ change: (inout FeedSettings) -> Void) throws -> StoredFeed? {
    let store = try services.store()
    while let feed = try store.feed(id) {
      var settings = FeedSettings(feed)
      let hidden = settings.hidden
      change(&settings)
      let changed = try store.updateFeed(
        feed, name: name ?? feed.name, settings: settings.stored, origins: settings.origins,
        event: services.event("feed.change"))
      if let changed {
        let newlyHidden = settings.hidden.filter { medium in
          !hidden.contains { $0.isSameBytes(as: medium) }
        }
        try services.pictures.forget(newlyHidden, ofClient: changed.clientID)
        return changed
      }
    }
    return nil
  }

  func feed(publicID: String) throws -> StoredFeed {
    guard Self.isPublicID(publicID), let feed = try services.rooms.readCache().feed(publicID: publicID) else {
      throw Refusal.feedNotFound
    }
    return feed
  }

  // MARK: - What they show

  /// - Parameters:
  ///   - base: what stands in front of our own addresses.
  ///   - overdue: is given what an expired window shows while Graph takes longer than anybody wants to wait.
  func answer(
    _ feed: StoredFeed, _ form: FeedForm, _ wish: FeedWish, base: String,
    overdue: @escaping (Grids.Grid) -> Void
  ) throws -> Grids.Grid {
    let (mapping, account) = try mapping(of: feed)
    let grids = services.grids
    let known = services.pictures.factsTag(ofAccount: account)
    func key(_ tag: String) -> CacheKey? {
      guard wish.isPlain else { return nil }
      return self.key(feed, form, window: tag, known: known, base: base)
    }
    if let stamp = grids.windowTag(account), let key = key(stamp.etag),
      let made = services.cache?.read(key, now: services.now, isOfOneBody: true)
    {
      return Grids.Grid(
        body: made.body, etag: made.etag, state: "hit", left: stamp.secondsLeft(now: services.now))
    }
    return try grids.made(of: mapping, account, overdue: overdue) { window in
      try made(key(window.etag)) {
        try bytes(feed, form, wish, FeedWindow(window, account: account), base)
      }
    }
  }

  private func mapping(of feed: StoredFeed) throws -> (StoredMapping, String) {
    let lookup = try services.rooms.readCache().latestMappingWithInstagram(
      clientID: feed.clientID, pageID: nil)
    switch lookup {
    case .none: throw Refusal.feedWithoutMapping
    case .withoutInstagram: throw Refusal.feedWithoutInstagram
    case .mapping(let mapping):
      guard let account = mapping.instagramAccountID else { throw Refusal.feedWithoutInstagram }
      return (mapping, account)
    }
  }

  /// However many want what is not made yet, one makes it.
  private func made(
    _ key: CacheKey?, _ make: () throws -> [UInt8]
  ) throws -> (body: [UInt8], etag: String) {
    guard let key, let cache = services.cache, services.rooms.turn.takePlace() else {
      return try tagged(make())
    }
    switch cache.beginFlight(key, now: .now, waitAtMost: .seconds(1)) {
    case .landed(let entry): return (entry.body, entry.etag)
    case .failed: return try tagged(make())
    case .timedOut: return try tagged(make())
    case .unavailable: return try tagged(make())
    case .leader(let flight):
      if let entry = cache.read(key, now: services.now) { return (entry.body, entry.etag) }
      let text = try tagged(make())
      // Each window makes new ones, and nobody asks for the old ones again. Where Graph fails for so long that the window
      // stays, they are made once more.
      let life = services.configuration.cacheTTL
      _ = try? flight.land(text.body, etag: text.etag, now: .now, freshFor: life, staleFor: 2 * life)
      return text
    }
  }

  private func tagged(_ body: [UInt8]) -> (body: [UInt8], etag: String) { (body, EntityTag.strong(of: body)) }

  private func bytes(
    _ feed: StoredFeed, _ form: FeedForm, _ wish: FeedWish, _ window: FeedWindow, _ base: String
  ) throws -> [UInt8] {
    let settings = FeedSettings(feed)
    let selection = try FeedSelection(window, settings, wish)
    let document = FeedDocument(
      feed: feed, settings: settings, window: window, selection: selection,
      pictures: try LocalPictures(services, account: window.account, base: base),
      next: selection.next.map { "\(base)/feed/\(feed.publicID)/?\(Self.query(wish, form, after: $0))" })
    return switch form {
    case .json: document.json.serialized()
    case .behold: document.beholdJSON.serialized()
    case .page: EmbedPage(document).bytes
    }
  }

  private static func query(_ wish: FeedWish, _ form: FeedForm, after: String) -> String {
    var query = QueryString()
    if form == .behold { query.append("format", "behold") }
    if let types = wish.types { query.append("type", types.map(\.rawValue).joined(separator: ",")) }
    if let limit = wish.limit { query.append("limit", String(limit)) }
    query.append("after", after)
    return query.encoded
  }

  /// `nil` where the key would be none.
  private func key(
    _ feed: StoredFeed, _ form: FeedForm, window tag: String, known: Int64, base: String
  ) -> CacheKey? {
    var text = TextBuffer(capacity: CacheKey.maximumLength)
    text.append(text: feed.publicID)
    text.append("_")
    text.append(decimal: feed.revision)
    text.append("_")
    text.append(text: form.rawValue)
    text.append("_")
    text.append(text: String(Substring(tag.utf8.dropFirst().dropLast())))
    text.append("_")
    text.append(decimal: known)
    text.append("_")
    text.append(text: services.rooms.shared.feedBase.tag(of: base))
    return CacheKey(String(decoding: text.bytes, as: UTF8.self))
  }
}

/// What our own addresses begin with, as a word of a key. It is the same for nearly every request, and digested for the first.
final class FeedBase: Sendable {
  private let last = Mutex((base: "/api/meta", tag: ""))

  func tag(of base: String) -> String {
    last.withLock { last in
      if !last.base.isSameBytes(as: base) {
        last = (base, hexadecimal(SHA256.digest(Array(base.utf8)).prefix(6)))
      }
      return last.tag
    }
  }
}
