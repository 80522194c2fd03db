internal import JSON

/// The endpoints of the seed, with the seed's examples.
extension Operations {
  static let clients = [
    Operation(
      method: "POST", pattern: "/verify-user/", id: "verifyUser", tag: .seed,
      summary: "Whose token is it?",
      description:
        "Asks Graph who a token belongs to, so that a person can confirm it first. Stores nothing.",
      body: "VerifyUser",
      bodyExamples: [
        ("seed", ["access_token": "your_meta_access_token_here", "account_label": "My Facebook Account"])
      ],
      results: [
        .init(
          status: 200, description: "The owner of the token.", schema: "VerifiedUser",
          examples: [
            (
              "seed",
              [
                "user_id": "123456789", "user_name": "John Doe",
                "profile_picture": "https://platform-lookaside.fbsbx.com/platform/profilepic/...",
              ]
            )
          ], headers: ["NoStore"])
      ],
      errors: [.invalidToken], asksGraph: true),
    Operation(
      method: "GET", pattern: "/pages/", id: "listPages", tag: .seed,
      summary: "Every Page that every active token reaches",
      description: """
        Token by token in the order of their ids, Pages in Graph's order. A token that Graph refuses is \
        set to `invalid` and left out; one that could not be asked keeps its status and stands in \
        `warnings`. Only when no token could be asked is the answer an error.
        """,
      results: [
        .init(
          status: 200, description: "The Pages.", schema: "Pages", examples: [("seed", pagesExample)],
          headers: ["NoStore"])
      ],
      asksGraph: true),
    Operation(
      method: "POST", pattern: "/sync/", id: "syncClient", tag: .seed,
      summary: "Map a client to a Page",
      description: """
        Fetches the Page's own token and its Instagram account in one Graph call, and stores the mapping, \
        the token encrypted. A client that has the Page already is updated.
        """,
      body: "Sync",
      bodyExamples: [
        (
          "seed",
          ["client_id": "client_001", "fb_page_id": "104567890123", "ig_account_id": nil, "token_id": 1]
        )
      ],
      results: [
        .init(
          status: 200, description: "The mapping is stored.", schema: "Synced",
          examples: [("seed", ["success": true, "created": true])], headers: ["NoStore"])
      ],
      errors: [.invalidTokenID, .tokenNotUsable, .pageNotAccessible, .instagramAccountNotLinked],
      asksGraph: true),
    Operation(
      method: "GET", pattern: "/instagram/<client_id>/", id: "instagramProfile", tag: .seed,
      summary: "A client's Instagram profile and newest media",
      description: """
        Cached for 300 seconds. Of several mappings of a client the one that was updated last and has an \
        Instagram account counts. While Graph throttles, fails or does not answer, an expired grid up to \
        24 hours old is served, with `X-Cache: stale`.
        """,
      parameters: ["FacebookPageID", "IfNoneMatch"],
      results: [
        .init(
          status: 200, description: "The grid, or that there is none.", schema: "InstagramProfile",
          examples: [("seed", gridExample), ("none", ["detail": "No Instagram account linked"])],
          headers: ["GridCacheControl", "XCache", "Age", "ETag"]),
        .init(
          status: 304, description: "The client has this grid.",
          headers: ["GridCacheControl", "XCache", "Age", "ETag"]),
      ],
      errors: [.mappingNotFound], asksGraph: true),
    Operation(
      method: "GET", pattern: "/post/<post_id>/", id: "instagramPost", tag: .seed,
      summary: "One post with its likes and comments",
      description: """
        Fetched live. A post is shown when its owner is the Instagram account of a mapping. That nobody knows a post \
        is remembered for a minute; an API key may ask for 20 unknown ones at once, then for 2 a second.
        """,
      results: [
        .init(
          status: 200, description: "The post.", schema: "Post",
          examples: [
            (
              "seed",
              [
                "id": "17999999999999999", "caption": "Check out our new product! Amazing features included.",
                "media_url": "https://instagram.com/...", "media_type": "IMAGE", "thumbnail_url": nil,
                "timestamp": "2025-12-18T10:30:00+0000", "permalink": "https://instagram.com/p/ABC123/",
                "like_count": 234, "comments_count": 45,
              ]
            )
          ], headers: ["NoStore"])
      ],
      errors: [.postNotFound], asksGraph: true),
  ]

  private static let pagesExample: JSONValue = [
    "pages": [
      page("104567890123", "My Business Page", instagram: "17841405822348523"),
      page("987654321098", "Another Page", instagram: nil),
    ]
  ]

  private static func page(_ id: String, _ name: String, instagram: String?) -> JSONValue {
    [
      "account_label": "My Facebook Account", "token_id": 1, "fb_page_id": .string(id),
      "fb_page_name": .string(name),
      "fb_page_picture": "https://platform-lookaside.fbsbx.com/platform/profilepic/...",
      "page_access_token": nil,
      "ig_account_id": JSONValue(instagram),
    ]
  }

  private static let gridExample: JSONValue = [
    "profile": [
      "followers_count": 5432, "follows_count": 234, "media_count": 87, "username": "mybusinessaccount",
      "profile_picture_url": "https://instagram.com/...",
    ],
    "media": [
      [
        "id": "17999999999999999", "caption": "Check out our new product!",
        "media_url": "https://instagram.com/...",
        "media_type": "IMAGE", "thumbnail_url": nil, "timestamp": "2025-12-18T10:30:00+0000",
        "permalink": "https://instagram.com/p/ABC123/",
      ],
      [
        "id": "17888888888888888", "caption": "Behind the scenes video",
        "media_url": "https://instagram.com/...",
        "media_type": "VIDEO", "thumbnail_url": "https://instagram.com/...",
        "timestamp": "2025-12-17T15:45:00+0000",
        "permalink": "https://instagram.com/p/XYZ789/",
      ],
    ],
  ]
}
