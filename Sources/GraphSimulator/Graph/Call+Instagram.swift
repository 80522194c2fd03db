internal import JSON

/// Fields of Instagram accounts and posts.
extension Call {
  func value(_ field: Selection.Field, of account: InstagramAccount) -> FieldAnswer {
    switch field.name {
    case "username": FieldAnswer(account.username)
    case "name": FieldAnswer(account.name)
    case "biography": FieldAnswer(account.biography)
    case "website": FieldAnswer(account.website)
    case "followers_count": .value(JSONValue(account.followers))
    case "follows_count": .value(JSONValue(account.follows))
    case "media_count": .value(JSONValue(account.mediaCount))
    case "has_profile_pic": .value(.bool(account.hasPicture))
    case "is_published": .value(true)
    // A number, where every other id is a string.
    case "ig_id": .value(JSONValue(Int(account.id.suffix(10)) ?? 0))
    case "legacy_instagram_user_id": FieldAnswer("9" + account.id.suffix(9))
    case "profile_picture_url":
      FieldAnswer(account.hasPicture ? cdn.mediaURL(base: base, id: account.id, .portrait) : nil)
    default: .unknown
    }
  }

  func value(_ field: Selection.Field, of post: Post, viaEdge: Bool) throws(Refusal) -> FieldAnswer {
    let media = post.media
    switch field.name {
    case "media_type": return FieldAnswer(media.type)
    case "media_product_type": return FieldAnswer(media.productType)
    case "media_url": return FieldAnswer(mediaURL(of: media))
    case "thumbnail_url":
      return FieldAnswer(media.type == "VIDEO" ? cdn.mediaURL(base: base, id: media.id, .thumbnail) : nil)
    case "permalink": return FieldAnswer(media.permalink)
    case "shortcode": return FieldAnswer(media.shortcode)
    case "timestamp": return FieldAnswer(GraphTime.stamp(media.time))
    case "username": return FieldAnswer(post.account.username)
    case "owner": return .value(["id": .string(post.account.id)])
    case "ig_id", "legacy_instagram_media_id": return FieldAnswer("3" + media.id)
    case "alt_text": return FieldAnswer(media.alternativeText)
    case "is_comment_enabled": return .value(.bool(!media.disablesCounts))
    case "is_shared_to_feed": return media.productType == "REELS" ? .value(true) : .absent
    case "caption": return FieldAnswer(post.isChild ? nil : media.caption)
    case "like_count":
      let isHidden = post.isChild || media.disablesCounts || media.hidesLikes && viaEdge
      return isHidden ? .absent : .value(JSONValue(media.likes))
    case "comments_count":
      return post.isChild || media.disablesCounts ? .absent : .value(JSONValue(media.comments))
    case "reposts_count", "saved_count", "shares_count", "total_like_count", "total_comments_count",
      "total_views_count":
      return .absent
    default: return .unknown
    }
  }

  /// An album shows its first part; a copyrighted post shows nothing.
  private func mediaURL(of media: Media) -> String? {
    guard media.hasMediaURL else { return nil }
    if let first = media.children.first {
      return cdn.mediaURL(base: base, id: first.id, first.type == "VIDEO" ? .thumbnail : .image)
    }
    return cdn.mediaURL(base: base, id: media.id, media.type == "VIDEO" ? .video : .image)
  }
}
