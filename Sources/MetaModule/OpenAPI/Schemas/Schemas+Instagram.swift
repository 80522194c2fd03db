internal import JSON

extension Schemas {
  /// What a medium has everywhere; Graph leaves out what has no value, and the answer says `null`.
  private static let medium: JSONObject = [
    "id": metaID("The post, for `GET /post/{post_id}/`."), "caption": string("Its text.", orNull: true),
    "media_url": string("Address of picture or video; it expires.", orNull: true),
    "media_type": string("`IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`, or what Meta adds.", orNull: true),
    "thumbnail_url": string("Address of a video's still; else `null`.", orNull: true),
    "timestamp": string("When it was posted, as Meta writes it: `2025-12-18T10:30:00+0000`.", orNull: true),
    "permalink": string("Its page on Instagram.", orNull: true),
  ]

  static let instagram: JSONObject = [
    "InstagramProfile": [
      "anyOf": [Component.schema("InstagramGrid"), Component.schema("NoInstagramAccount")]
    ],
    "InstagramGrid": answer(
      "Profile and newest 25 media.",
      [
        "profile": Component.schema("Profile"),
        "media": [
          "type": "array", "maxItems": .init(InstagramGrid.size), "items": Component.schema("Medium"),
        ],
      ]),
    "NoInstagramAccount": answer(
      "The client has a Page, but no Instagram account.",
      ["detail": ["const": "No Instagram account linked", "description": "A sentence for a person."]]),
    "Profile": answer(
      "An Instagram account.",
      [
        "followers_count": count("Who follows it.", orNull: true),
        "follows_count": count("Whom it follows.", orNull: true),
        "media_count": count("Its posts.", orNull: true), "username": string("Its name.", orNull: true),
        "profile_picture_url": string("Address of its picture.", orNull: true),
      ]),
    "Medium": answer("A post in a grid.", medium),
    "Post": answer(
      "A post with its figures.",
      {
        var post = medium
        post["like_count"] = count("Likes; `null` where their owner hides them.", orNull: true)
        post["comments_count"] = count("Comments.", orNull: true)
        return post
      }()),
  ]
}
