internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import Text

/// What a request wishes beyond the seed's answer.
struct WindowWish: Equatable {
  var additions: [String] = []
  var limit: Int?
  /// The medium behind which to go on.
  var after: String?
  var hasLocalPictures = false
}

/// The window as one request wants it: some of its media, with some of what is known of them.
struct WindowView {
  let wish: WindowWish
  let account: String
  /// What stands in front of our own addresses.
  let base: String
  /// The request's own, to which the next page's words are added.
  let address: String

  func bytes(of grid: Grids.Grid, _ services: Services) throws -> [UInt8] {
    let window = try FeedWindow(grid, account: account)
    var media = window.posts[...]
    if let after = wish.after {
      guard let place = media.firstIndex(where: { $0.id.isSameBytes(as: after) }) else {
        throw Refusal.mediumNotInWindow
      }
      media = media[(place + 1)...]
    }
    let shown = media.prefix(wish.limit ?? InstagramGrid.size)
    let pictures =
      wish.hasLocalPictures
      ? try LocalPictures(services, account: account, base: base, withFacts: false) : nil
    var profile = JSONObject()
    for name in [
      "followers_count", "follows_count", "media_count", "username", "profile_picture_url",
    ] { profile[name] = window.profile[name] ?? .null }
    if let local = pictures?.profile(window.profile)?.address(.original) {
      profile["profile_picture_url"] = .string(local)
    }
    let names = InstagramMedium.members + InstagramMedium.additions.filter { wish.additions.contains($0) }
    var body: JSONObject = [
      "profile": .object(profile),
      "media": .array(
        shown.map { post in
          let whole = pictures?.localized(post.json) ?? post.json
          return .object(names.reduce(into: JSONObject()) { $0[$1] = whole[$1] ?? .null })
        }),
    ]
    if wish.limit != nil || wish.after != nil {
      let next = shown.count < media.count ? shown.last.map { self.next(after: $0.id) } : nil
      body["paging"] = ["next": JSONValue(next)]
    }
    return JSONValue.object(body).serialized()
  }

  private func next(after id: String) -> String {
    let query: QueryString = ["limit": String(wish.limit ?? InstagramGrid.size), "after": id]
    return address + (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query.encoded
  }
}

extension Grids {
  func view(
    _ view: WindowView, of mapping: StoredMapping, overdue: @escaping (Grid) -> Void
  ) throws -> Grid {
    try made(of: mapping, view.account, overdue: overdue) { window in
      let body = try view.bytes(of: window, services)
      return (body, EntityTag.strong(of: body))
    }
  }

  /// What is made of an account's window, as fresh as that is.
  func made(
    of mapping: StoredMapping, _ account: String, overdue: @escaping (Grid) -> Void,
    _ make: @escaping (_ window: Grid) throws -> (body: [UInt8], etag: String)
  ) throws -> Grid {
    func shown(_ window: Grid) throws -> Grid {
      let (body, etag) = try make(window)
      return Grid(
        body: body, etag: etag, state: window.state, age: window.age, left: window.left,
        failure: window.failure)
    }
    let window = try grid(.window, of: mapping, account) { expired in
      if let grid = try? shown(expired) { overdue(grid) }
    }
    return try shown(window)
  }
}
