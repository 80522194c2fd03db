internal import JSON
internal import Text

/// The same feed in the shape of Behold's JSON feed, so that a site moves by changing one address.
///
/// Members that may be missing there are missing where they have no value; all others are there, whatever Graph told.
extension FeedDocument {
  var beholdJSON: JSONValue {
    let profile = window.profile
    return [
      "username": .string(window.username ?? ""), "biography": .string(profile["biography"]?.string ?? ""),
      "profilePictureUrl": .string(pictures.profile(profile)?.address(.small) ?? ""),
      "website": .string(profile["website"]?.string ?? ""),
      "followersCount": JSONValue(profile["followers_count"]?.int64 ?? 0),
      "followsCount": JSONValue(profile["follows_count"]?.int64 ?? 0),
      "posts": .array(selection.posts.map { .object(beholdPost($0)) }),
    ]
  }

  private func beholdPost(_ post: FeedPost) -> JSONObject {
    let local = pictures.localized(post.json)
    let picture = pictures.picture(of: post.json)
    var json: JSONObject = [
      "id": .string(post.id), "timestamp": .string(post["timestamp"] ?? ""),
      "permalink": .string(post["permalink"] ?? ""),
      "mediaType": .string(Self.beholdType(post["media_type"], album: true)), "isReel": .bool(post.isReel),
      "mediaUrl": .string(local["media_url"]?.string ?? picture?.address(.original) ?? ""),
    ]
    if let still = local["thumbnail_url"]?.string { json["thumbnailUrl"] = .string(still) }
    json["sizes"] = Self.beholdSizes(picture)
    json["caption"] = .string(post["caption"] ?? "")
    json["prunedCaption"] = .string(post.caption?.short ?? "")
    json["hashtags"] = Self.list(post.caption?.hashtags)
    json["mentions"] = Self.list(post.caption?.mentions)
    json["altText"] = .string(post.alternativeText(username: window.username))
    json["likeCount"] = JSONValue(post.likes)
    json["commentsCount"] = JSONValue(post.json["comments_count"]?.int64)
    json["colorPalette"] = Self.beholdPalette(picture)
    if let children = local["children"]?.array {
      json["children"] = .array(
        children.enumerated().map { place, child in
          .object(beholdChild(child, pictures.child(place, of: post.id, post.children?[place] ?? .null)))
        })
    }
    return json
  }

  private func beholdChild(_ child: JSONValue, _ picture: LocalPictures.Picture?) -> JSONObject {
    var json: JSONObject = [
      "id": .string(child["id"]?.string ?? ""),
      "mediaType": .string(Self.beholdType(child["media_type"]?.string, album: false)),
      "mediaUrl": .string(child["media_url"]?.string ?? picture?.address(.original) ?? ""),
    ]
    if let still = child["thumbnail_url"]?.string { json["thumbnailUrl"] = .string(still) }
    json["sizes"] = Self.beholdSizes(picture)
    json["colorPalette"] = Self.beholdPalette(picture)
    return json
  }

  /// There are no others in that shape; what is of another kind shows a picture.
  private static func beholdType(_ type: String?, album: Bool) -> String {
    switch type {
    case "VIDEO": "VIDEO"
    case "CAROUSEL_ALBUM" where album: "CAROUSEL_ALBUM"
    default: "IMAGE"
    }
  }

  private static func beholdSizes(_ picture: LocalPictures.Picture?) -> JSONValue {
    var sizes = JSONObject()
    for (name, width) in [
      ("small", PictureWidth.small), ("medium", .medium), ("large", .large), ("full", .original),
    ] {
      let size = picture?.facts?.size(width)
      sizes[name] = [
        "mediaUrl": .string(picture?.address(width) ?? ""), "width": JSONValue(size.map { Int64($0.width) }),
        "height": JSONValue(size.map { Int64($0.height) }),
      ]
    }
    return .object(sizes)
  }

  /// One colour is known of a picture. Where none is, a grey that stands on every page. With a blank behind each comma, as
  /// the types of `@behold/types` want it; their feeds have been seen without, and CSS takes both.
  private static func beholdPalette(_ picture: LocalPictures.Picture?) -> JSONValue {
    let digits = picture.flatMap { $0.facts?.color.utf8.dropFirst() }.map(Array.init) ?? Array("808080".utf8)
    let parts = (0..<3).map { place in
      (0..<2).reduce(0) { $0 * 16 + Int(digits.dropFirst(2 * place + $1).first?.hexadecimalValue ?? 8) }
    }
    let color = JSONValue.string(parts.map(String.init).joined(separator: ", "))
    return [
      "dominant": color, "muted": color, "mutedLight": color, "mutedDark": color, "vibrant": color,
      "vibrantLight": color, "vibrantDark": color,
    ]
  }
}
