package import JSON

/// Profile and newest media of an Instagram account, as one call gives them (Graph reference, "IG User").
///
/// One answer makes two texts: the grid of the seed's document, 25 media with seven members each, and the window, up to
/// 100 media with all that feeds and `?include=` can want. What only the window has never costs the grid a post.
package struct InstagramGrid {
  package let username: String?
  package let media: [InstagramMedium]
  /// Posts that Graph gave in a form that cannot be read.
  package let leftOut: Int
  private let profile: JSONObject
  private let windowProfile: JSONObject
  private let windowMedia: [JSONObject]
  /// How many of the posts are among the first 25 that Graph gave.
  private let shown: Int

  package static let size = 25
  /// How many media are asked for; where Graph wants less at a time, the next.
  package static let windowSizes = [100, 50, size]

  package static func query(_ size: Int) -> [(String, String)] {
    [
      (
        "fields",
        "followers_count,follows_count,media_count,username,profile_picture_url,biography,website,"
          + "media.limit(\(size)){\(InstagramMedium.detailFields),alt_text,media_product_type,is_shared_to_feed,"
          + "children{id,media_type,media_url,thumbnail_url}}"
      )
    ]
  }

  package init(_ value: JSONValue) throws(GraphFailure) {
    guard value["id"]?.graphID != nil else { throw GraphFailure(.failed) }
    username = try value.name("username")
    profile = [
      "followers_count": JSONValue(try value.count("followers_count")),
      "follows_count": JSONValue(try value.count("follows_count")),
      "media_count": JSONValue(try value.count("media_count")), "username": JSONValue(username),
      "profile_picture_url": JSONValue(try value.text("profile_picture_url")),
    ]
    var windowProfile = profile
    for name in ["biography", "website"] { windowProfile[name] = JSONValue(value.textIfAny(name)) }
    self.windowProfile = windowProfile

    var rows: [JSONValue] = []
    // The edge of an account without posts is left out altogether.
    if let edge = value["media"], !edge.isNull {
      guard let connection = GraphConnection(edge) else { throw GraphFailure(.failed) }
      rows = Array(connection.rows.prefix(Self.windowSizes[0]))
    }
    var media: [InstagramMedium] = []
    var windowMedia: [JSONObject] = []
    var shown = 0
    for (place, row) in rows.enumerated() {
      // One odd post is left out; that all of them are odd is none of Graph's answers.
      guard let medium = try? InstagramMedium(row, countsMatter: false) else { continue }
      media.append(medium)
      windowMedia.append(medium.windowJSON(row))
      if place < Self.size { shown += 1 }
    }
    if media.isEmpty, !rows.isEmpty { throw GraphFailure(.failed) }
    (self.media, self.windowMedia, self.shown, leftOut) = (
      media, windowMedia, shown, rows.count - media.count
    )
  }

  /// The answer of `GET /instagram/<client_id>/`.
  package var json: JSONValue {
    ["profile": .object(profile), "media": .array(media.prefix(shown).map { .object($0.gridJSON) })]
  }

  /// The same with everything that was asked for, under the names that answers use.
  package var windowJSON: JSONValue {
    ["profile": .object(windowProfile), "media": .array(windowMedia.map { .object($0) })]
  }
}

extension InstagramMedium {
  /// The seed's, in its order.
  package static let members = [
    "id", "caption", "media_url", "media_type", "thumbnail_url", "timestamp", "permalink",
  ]

  /// What `?include=` can name, in the order in which answers have it.
  package static let additions = [
    "children", "alt_text", "like_count", "comments_count", "media_product_type", "shared_to_feed",
  ]

  /// The seed's members and the additions. What Graph leaves out, hides, or gives in another form is `null`.
  fileprivate func windowJSON(_ row: JSONValue) -> JSONObject {
    var json = gridJSON
    json["children"] = Self.children(row)
    json["alt_text"] = JSONValue(row.textIfAny("alt_text"))
    json["like_count"] = JSONValue(likeCount)
    json["comments_count"] = JSONValue(commentsCount)
    json["media_product_type"] = JSONValue(row.textIfAny("media_product_type"))
    json["shared_to_feed"] = row["is_shared_to_feed"]?.bool.map { .bool($0) } ?? .null
    return json
  }

  /// `null` for what is no album, or where Graph does not tell its parts.
  private static func children(_ row: JSONValue) -> JSONValue {
    guard let parts = row["children"]?["data"]?.array else { return .null }
    return .array(
      parts.map { part in
        [
          "id": JSONValue(part["id"]?.graphID), "media_type": JSONValue(part.textIfAny("media_type")),
          "media_url": JSONValue(part.textIfAny("media_url")),
          "thumbnail_url": JSONValue(part.textIfAny("thumbnail_url")),
        ]
      })
  }
}
