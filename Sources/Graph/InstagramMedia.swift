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

  /// - Parameter countsMatter: an odd count costs the post, else only itself.
  package init(_ value: JSONValue, countsMatter: Bool = true) throws(GraphFailure) {
    guard let id = value["id"]?.graphID else { throw GraphFailure(.failed) }
    self.id = id
    caption = try value.text("caption")
    mediaURL = try value.text("media_url")
    mediaType = try value.text("media_type")
    thumbnailURL = try value.text("thumbnail_url")
    timestamp = try value.text("timestamp")
    permalink = try value.text("permalink")
    likeCount = countsMatter ? try value.count("like_count") : value.countIfAny("like_count")
    commentsCount = countsMatter ? try value.count("comments_count") : value.countIfAny("comments_count")
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
