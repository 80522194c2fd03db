package import JSON

/// An Instagram medium (Graph reference, "IG Media"). Graph leaves out what has no value; the answers say `null`.
package struct InstagramMedium {
  package let id: String
  package let caption: String?
  let mediaURL: String?
  let mediaType: String?
  let thumbnailURL: String?
  /// `2025-12-18T10:30:00+0000`, passed through.
  package let timestamp: String?
  package let permalink: String?
  let likeCount: Int64?
  let commentsCount: Int64?
  /// The account that the medium belongs to; absent when it is not the token's own.
  package let ownerID: String?

  static let gridFields = "id,caption,media_url,media_type,thumbnail_url,timestamp,permalink"
  package static let detailFields = gridFields + ",like_count,comments_count"

  package init(_ value: JSONValue) throws(GraphFailure) {
    guard let id = value["id"]?.graphID else { throw GraphFailure(.failed) }
    self.id = id
    caption = try value.text("caption")
    mediaURL = try value.text("media_url")
    mediaType = try value.text("media_type")
    thumbnailURL = try value.text("thumbnail_url")
    timestamp = try value.text("timestamp")
    permalink = try value.text("permalink")
    likeCount = try value.count("like_count")
    commentsCount = try value.count("comments_count")
    ownerID = value["owner"]?["id"]?.graphID
  }

  var gridJSON: JSONObject {
    [
      "id": .string(id), "caption": JSONValue(caption), "media_url": JSONValue(mediaURL),
      "media_type": JSONValue(mediaType), "thumbnail_url": JSONValue(thumbnailURL),
      "timestamp": JSONValue(timestamp), "permalink": JSONValue(permalink),
    ]
  }

  package var detailJSON: JSONObject {
    var json = gridJSON
    json["like_count"] = JSONValue(likeCount)
    json["comments_count"] = JSONValue(commentsCount)
    return json
  }
}

/// Profile and newest media of an Instagram account, as one call gives them (Graph reference, "IG User").
package struct InstagramGrid {
  package let username: String?
  package let media: [InstagramMedium]
  private let profile: JSONObject

  package static let size = 25
  package static let query = [
    (
      "fields",
      "followers_count,follows_count,media_count,username,profile_picture_url,"
        + "media.limit(\(size)){\(InstagramMedium.gridFields)}"
    )
  ]

  package init(_ value: JSONValue) throws(GraphFailure) {
    guard value["id"]?.graphID != nil else { throw GraphFailure(.failed) }
    username = try value.name("username")
    profile = [
      "followers_count": JSONValue(try value.count("followers_count")),
      "follows_count": JSONValue(try value.count("follows_count")),
      "media_count": JSONValue(try value.count("media_count")), "username": JSONValue(username),
      "profile_picture_url": JSONValue(try value.text("profile_picture_url")),
    ]
    // The edge of an account without posts is left out altogether.
    guard let edge = value["media"], !edge.isNull else {
      media = []
      return
    }
    guard let rows = GraphConnection(edge)?.rows else { throw GraphFailure(.failed) }
    // One odd post is left out; that all of them are odd is none of Graph's answers.
    media = rows.compactMap { try? InstagramMedium($0) }
    if media.isEmpty, !rows.isEmpty { throw GraphFailure(.failed) }
  }

  /// The answer of `GET /instagram/<client_id>/`.
  package var json: JSONValue {
    ["profile": .object(profile), "media": .array(media.prefix(Self.size).map { .object($0.gridJSON) })]
  }
}
