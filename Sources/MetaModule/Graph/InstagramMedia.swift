internal import JSON

/// An Instagram medium (Graph reference, "IG Media"). Graph leaves out what has no value; the answers say `null`.
struct InstagramMedium {
  let id: String
  let caption: String?
  let mediaURL: String?
  let mediaType: String?
  let thumbnailURL: String?
  /// `2025-12-18T10:30:00+0000`, passed through.
  let timestamp: String?
  let permalink: String?
  let likeCount: Int64?
  let commentsCount: Int64?
  /// The account that the medium belongs to; absent when it is not the token's own.
  let ownerID: String?

  static let gridFields = "id,caption,media_url,media_type,thumbnail_url,timestamp,permalink"
  static let detailFields = gridFields + ",like_count,comments_count"

  init?(_ value: JSONValue) {
    guard let id = value["id"]?.graphID else { return nil }
    self.id = id
    caption = value["caption"]?.string
    mediaURL = value["media_url"]?.string
    mediaType = value["media_type"]?.string
    thumbnailURL = value["thumbnail_url"]?.string
    timestamp = value["timestamp"]?.string
    permalink = value["permalink"]?.string
    likeCount = value["like_count"]?.int64
    commentsCount = value["comments_count"]?.int64
    ownerID = value["owner"]?["id"]?.graphID
  }

  /// A medium of the grid.
  var gridJSON: JSONObject {
    [
      "id": .string(id), "caption": JSONValue(caption), "media_url": JSONValue(mediaURL),
      "media_type": JSONValue(mediaType), "thumbnail_url": JSONValue(thumbnailURL),
      "timestamp": JSONValue(timestamp), "permalink": JSONValue(permalink),
    ]
  }

  /// A medium on its own.
  var detailJSON: JSONObject {
    var json = gridJSON
    json["like_count"] = JSONValue(likeCount)
    json["comments_count"] = JSONValue(commentsCount)
    return json
  }
}

/// Profile and newest media of an Instagram account, as one call gives them (Graph reference, "IG User").
struct InstagramGrid {
  let username: String?
  let media: [InstagramMedium]
  private let profile: JSONObject

  /// How many media a grid has.
  static let size = 25
  static let query = [
    (
      "fields",
      "followers_count,follows_count,media_count,username,profile_picture_url,"
        + "media.limit(\(size)){\(InstagramMedium.gridFields)}"
    )
  ]

  init(_ value: JSONValue) throws(GraphFailure) {
    guard value["id"]?.graphID != nil else { throw GraphFailure(.failed) }
    username = value["username"]?.string
    profile = [
      "followers_count": JSONValue(value["followers_count"]?.int64),
      "follows_count": JSONValue(value["follows_count"]?.int64),
      "media_count": JSONValue(value["media_count"]?.int64), "username": JSONValue(username),
      "profile_picture_url": JSONValue(value["profile_picture_url"]?.string),
    ]
    // The edge of an account without posts is left out altogether.
    media = (GraphConnection(value["media"])?.rows ?? []).compactMap { InstagramMedium($0) }
  }

  /// The answer of `GET /instagram/<client_id>/`.
  var json: JSONValue {
    ["profile": .object(profile), "media": .array(media.prefix(Self.size).map { .object($0.gridJSON) })]
  }
}
