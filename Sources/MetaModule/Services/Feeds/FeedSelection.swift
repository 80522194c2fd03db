internal import JSON
internal import Text

/// What a request may wish of a feed: only less than the feed shows.
struct FeedWish: Equatable {
  var limit: Int?
  /// The medium behind which to go on.
  var after: String?
  var types: [FeedSettings.Kind]?

  /// It shows what everybody is shown.
  var isPlain: Bool { limit == nil && after == nil && types == nil }
}

/// The posts of a window that a feed shows.
struct FeedSelection {
  let posts: [FeedPost]
  /// Behind which the next page begins.
  let next: String?

  /// The filters run over the whole window: over a page of it they would leave two of twelve.
  init(_ window: FeedWindow, _ settings: FeedSettings, _ wish: FeedWish) throws(Refusal) {
    let filter = FeedFilter(settings)
    let shown = Self.ordered(window.posts, settings)
    var rest = shown[...]
    if let after = wish.after {
      // Where it would stand, although its feed may not show it any more.
      guard let place = shown.firstIndex(where: { $0.post.id.isSameBytes(as: after) }) else {
        throw .mediumNotInWindow
      }
      rest = shown[(place + 1)...]
    }
    let limit = min(wish.limit ?? settings.limit, settings.limit)
    var posts = rest.filter { post, isPinned in
      let isWished = wish.types.map { types in post.kind.map { types.contains($0) } ?? false } ?? true
      return isWished && !filter.hides(post) && (isPinned || filter.passes(post))
    }.map(\.post)
    let hasMore = posts.count > limit
    posts = posts.prefix(limit).map(\.whole)
    (self.posts, next) = (posts, hasMore ? posts.last?.id : nil)
  }

  /// Pinned ones first, in their own order. The others sorted by us: Graph's first is not always the newest.
  private static func ordered(
    _ posts: [FeedPost], _ settings: FeedSettings
  ) -> [(post: FeedPost, isPinned: Bool)] {
    let pinned = settings.pinned.withoutRepetitions.compactMap { id in
      posts.first { $0.id.isSameBytes(as: id) }
    }
    let others = posts.enumerated()
      .filter { post in !pinned.contains { $0.id.isSameBytes(as: post.element.id) } }
      .sorted { left, right in
        let isBefore: Bool? =
          switch settings.order {
          case .newest: Self.isBefore(right.element.moment, left.element.moment)
          case .oldest: Self.isBefore(left.element.moment, right.element.moment, missingLast: true)
          case .likes:
            Self.isBefore(right.element.likes, left.element.likes)
              ?? Self.isBefore(right.element.moment, left.element.moment)
          }
        return isBefore ?? (left.offset < right.offset)
      }
    return pinned.map { ($0, true) } + others.map { ($0.element, false) }
  }

  /// `nil` where they are equal. What is not known comes last, whichever way it goes.
  private static func isBefore(_ one: Int64?, _ other: Int64?, missingLast: Bool = false) -> Bool? {
    switch (one, other) {
    case (let one?, let other?): one == other ? nil : one < other
    case (nil, nil): nil
    case (nil, _): !missingLast
    case (_, nil): missingLast
    }
  }
}

private struct FeedFilter {
  private let settings: FeedSettings
  private let including, excluding: [CaptionSnippet]

  init(_ settings: FeedSettings) {
    self.settings = settings
    including = settings.includeAny.map { CaptionSnippet($0) }
    excluding = settings.excludeAny.map { CaptionSnippet($0) }
  }

  func hides(_ post: FeedPost) -> Bool { settings.hidden.contains { $0.isSameBytes(as: post.id) } }

  func passes(_ post: FeedPost) -> Bool {
    // Who has left no kind out shows those, too, that Meta has yet to tell of.
    let isOfType =
      post.kind.map { settings.types.contains($0) }
      ?? FeedSettings.Kind.allCases.allSatisfy { settings.types.contains($0) }
    guard isOfType else { return false }
    if !settings.offGridReels, post.isReel, post.json["shared_to_feed"]?.bool == false { return false }
    guard !including.isEmpty || !excluding.isEmpty else { return true }
    let caption = FoldedCaption(post["caption"] ?? "")
    func has(_ snippet: CaptionSnippet) -> Bool { snippet.stands(in: caption) }
    return (including.isEmpty || including.contains(where: has)) && !excluding.contains(where: has)
  }
}
