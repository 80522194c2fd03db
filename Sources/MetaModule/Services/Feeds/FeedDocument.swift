internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import Text

/// A feed as everybody is given it, in our own shape or in that of Behold's JSON feed.
struct FeedDocument {
  let feed: StoredFeed
  let settings: FeedSettings
  let window: FeedWindow
  let selection: FeedSelection
  let pictures: LocalPictures
  /// The address of the next page; `nil`: there is none.
  let next: String?

  var json: JSONValue {
    let profile = window.profile
    return [
      "feed": [
        "name": .string(feed.name), "username": profile["username"] ?? nil,
        "biography": profile["biography"] ?? nil,
        "profile_picture_url": JSONValue(pictures.profile(profile)?.address(.small)),
        "followers_count": profile["followers_count"] ?? nil, "media_count": profile["media_count"] ?? nil,
        "permalink": JSONValue(Self.permalink(window)), "layout": Self.layout(settings),
      ],
      "posts": .array(selection.posts.map { .object(post($0)) }), "paging": ["next": JSONValue(next)],
    ]
  }

  static func permalink(_ window: FeedWindow) -> String? {
    window.username.map { "https://www.instagram.com/\(QueryString.encode($0))/" }
  }

  private static func layout(_ settings: FeedSettings) -> JSONValue {
    var layout = JSONObject()
    for name in ["columns", "gap", "ratio", "show_captions", "theme"] { layout[name] = settings.json[name] }
    return .object(layout)
  }

  private func post(_ post: FeedPost) -> JSONObject {
    let local = pictures.localized(post.json)
    let picture = pictures.picture(of: post.json)
    var json = JSONObject()
    for name in InstagramMedium.members { json[name] = local[name] ?? .null }
    json["alt"] = .string(post.alternativeText(username: window.username))
    json["is_reel"] = .bool(post.isReel)
    json["like_count"] = JSONValue(post.likes)
    json["comments_count"] = JSONValue(post.json["comments_count"]?.int64)
    json["hashtags"] = Self.list(post.caption?.hashtags)
    json["mentions"] = Self.list(post.caption?.mentions)
    json["caption_short"] = JSONValue(post.caption?.short)
    json["images"] = Self.images(picture)
    json["color"] = JSONValue(picture?.facts?.color)
    json["children"] =
      local["children"]?.array.map { children in
        .array(
          children.enumerated().map { place, child in
            guard var part = child.object else { return .null }
            let picture = pictures.child(place, of: post.id, post.children?[place] ?? .null)
            part["images"] = Self.images(picture)
            part["color"] = JSONValue(picture?.facts?.color)
            return .object(part)
          })
      } ?? .null
    return json
  }

  /// Sizes are `null` until the picture has been fetched once.
  private static func images(_ picture: LocalPictures.Picture?) -> JSONValue {
    guard let picture else { return .null }
    var images = JSONObject()
    for width in PictureWidth.allCases {
      let size = picture.facts?.size(width)
      images[width.rawValue] = [
        "url": .string(picture.address(width)), "width": JSONValue(size.map { Int64($0.width) }),
        "height": JSONValue(size.map { Int64($0.height) }),
      ]
    }
    return .object(images)
  }

  static func list(_ texts: [String]?) -> JSONValue { .array((texts ?? []).map { .string($0) }) }
}
