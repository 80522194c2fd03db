internal import JSON
internal import Text

/// A medium of the window, as feeds look at it. What Graph did not tell is `nil`; nothing of it costs the post.
struct FeedPost {
  let id: String
  let json: JSONObject
  /// Of those that are shown, it is taken apart.
  private(set) var caption: Caption?
  /// Seconds since 1970.
  let moment: Int64?

  init?(_ value: JSONValue) {
    guard let json = value.object, let id = json["id"]?.string else { return nil }
    (self.id, self.json) = (id, json)
    moment = json["timestamp"]?.string.flatMap { Timestamp($0)?.seconds }
  }

  /// With its caption taken apart.
  var whole: FeedPost {
    var whole = self
    whole.caption = self["caption"].map { Caption($0) }
    return whole
  }

  subscript(name: String) -> String? { json[name]?.string }

  var isReel: Bool { self["media_product_type"] == "REELS" }
  var likes: Int64? { json["like_count"]?.int64 }
  var children: [JSONValue]? { json["children"]?.array }

  /// `nil` for a kind that Meta has yet to tell of.
  var kind: FeedSettings.Kind? {
    switch self["media_type"] {
    case "IMAGE": .image
    case "CAROUSEL_ALBUM": .album
    case "VIDEO": isReel ? .reel : .video
    default: nil
    }
  }

  /// The text for whoever does not see the picture; never empty.
  func alternativeText(username: String?) -> String {
    for text in [self["alt_text"], caption?.short] {
      let line = Self.line(text ?? "")
      if !line.isEmpty { return line }
    }
    let author = username.map { "Instagram post by @\($0)" } ?? "Instagram post"
    return moment.map { "\(author), \(Self.day($0))" } ?? author
  }

  /// One line of 120 characters at most.
  private static func line(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 120 ? line.prefix(119) + "…" : line
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `18 Dec 2025`, by the calendar of UTC as the timestamp is.
  private static func day(_ moment: Int64) -> String {
    let parts = Timestamp(seconds: moment).description.utf8.split(separator: UInt8(ascii: "-"))
      .map { Int(String(decoding: $0.prefix(4).prefix { $0.isDigit }, as: UTF8.self)) ?? 1 }
    guard parts.count == 3, (1...12).contains(parts[1]) else { return "" }
    return "\(parts[2]) \(months[parts[1] - 1]) \(parts[0])"
  }
}

/// The window as feeds look at it.
struct FeedWindow {
  let profile: JSONObject
  let posts: [FeedPost]
  let account: String

  init(_ grid: Grids.Grid, account: String) throws(ServerError) {
    guard let json = try? JSONValue(parsing: grid.body), let profile = json["profile"]?.object,
      let media = json["media"]?.array
    else { throw ServerError(cause: "A cached window is none.") }
    (self.profile, posts, self.account) = (profile, media.compactMap(FeedPost.init), account)
  }

  var username: String? { profile["username"]?.string }
}
