import GraphSimulator
import JSON
import Testing

@testable import Cache
@testable import MetaModule
@testable import Store
@testable import Text

/// `GET /feed/<public id>/`: what visitors of a client's site are given.
@Suite struct FeedTests {
  // MARK: - What it costs

  @Test func `a cold feed costs one call, a warm one none, and the grid none more`() throws {
    let fixture = try FeedFixture()
    let cold = fixture.get()
    #expect(cold.status == 200)
    #expect(cold.header("X-Cache") == "miss")
    let warm = fixture.get()
    #expect(warm.header("X-Cache") == "hit")
    #expect(warm.text == cold.text)
    #expect(fixture.harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
    #expect(fixture.harness.simulator.calls().count == 1)
  }

  @Test func `what was made is not served once the feed, the window or the client is another`() throws {
    let fixture = try FeedFixture()
    #expect(fixture.ids().count == 12)
    fixture.harness.send("PATCH", "/feeds/1/", #"{"limit":2}"#)
    #expect(fixture.ids().count == 2)
    let first = fixture.get().header("ETag")
    fixture.harness.simulator.addFault(
      Fault(
        MarkingTests.raw(#"{"id":"1","media":{"data":[{"id":"1"}]}}"#), match: .init(endpoint: .instagram)))
    #expect(fixture.harness.send("POST", "/mappings/1/refresh/").json["refreshed"] == true)
    #expect(fixture.ids() == ["1"])
    #expect(fixture.get().header("ETag") != first)
    fixture.harness.send("DELETE", "/mappings/1/")
    let gone = fixture.get()
    #expect(gone.status == 404)
    #expect(gone.detail == "The client of this feed is connected to no Page.")
    // The public id stands in the client's site: it works again as soon as the client is connected.
    fixture.harness.sync("client_001")
    #expect(fixture.get().status == 200)
    fixture.harness.send("DELETE", "/feeds/1/")
    #expect(fixture.get().status == 404)
  }

  @Test func `what was made of an old window does not stay for a day`() throws {
    let fixture = try FeedFixture()
    for form in ["", "?format=behold", "embed/"] { #expect(fixture.get(form).status == 200) }
    let cache = try #require(fixture.harness.application.rooms.cache)
    #expect(try cache.statistics(now: .now).expired == 0)
    #expect(try cache.statistics(now: .init(seconds: Timestamp.now.seconds + 601)).expired == 3)
  }

  @Test func `an expired feed stands in when Graph fails`() throws {
    let fixture = try FeedFixture()
    let fresh = fixture.get()
    for part in GridPart.allCases {
      let cache = try #require(fixture.harness.application.rooms.cache)
      let key = try #require(part.key(FeedFixture.account))
      let entry = try #require(cache.entry(of: key))
      try cache.store(
        entry.body, etag: entry.etag, under: key, now: .init(seconds: entry.storedAt.seconds - 400),
        freshFor: 300, staleFor: 86400)
    }
    fixture.harness.simulator.addFault(Fault(.html(status: 500)))
    let stale = fixture.get()
    #expect(stale.status == 200)
    #expect(stale.header("X-Cache") == "stale")
    #expect(stale.text == fresh.text)
  }

  // MARK: - What it shows

  @Test func `a feed has everything that a page needs`() throws {
    let fixture = try FeedFixture()
    let json = fixture.get().json
    #expect(json.object?.keys == ["feed", "posts", "paging"])
    #expect(
      json["feed"]?.object?.keys == [
        "name", "username", "biography", "profile_picture_url", "followers_count", "media_count", "permalink",
        "layout",
      ])
    #expect(json["feed"]?["permalink"] == "https://www.instagram.com/mybusinessaccount/")
    #expect(json["feed"]?["layout"]?["columns"] == 3)
    let post = try #require(json["posts"]?[0]?.object)
    #expect(
      post.keys == [
        "id", "caption", "media_url", "media_type", "thumbnail_url", "timestamp", "permalink", "alt",
        "is_reel", "like_count", "comments_count", "hashtags", "mentions", "caption_short", "images", "color",
        "children",
      ])
    #expect(post["id"] == "17999999999999999")
    #expect(post["images"]?["320"]?["url"]?.string?.hasPrefix("/media/17999999999999999/320/?v=") == true)
    #expect(post["images"]?["320"]?["width"] == .null)
  }

  @Test func `addresses begin with the mount point, or with the public one`() throws {
    let fixture = try FeedFixture(["origins": ["any"], "limit": 1])
    var request = Request("GET", "/api/meta/feed/\(fixture.publicID)/")
    func first(_ answer: Answer) -> String {
      answer.json["posts"]?[0]?["images"]?["320"]?["url"]?.string ?? ""
    }
    #expect(first(fixture.harness.send(request)).hasPrefix("/api/meta/media/"))
    #expect(
      fixture.harness.send(request).json["paging"]?["next"]?.string?.hasPrefix("/api/meta/feed/fd_") == true)
    let named = try fixture.harness.another(settings: ["META_PUBLIC_URL": "https://meta.example"])
    request.host = "localhost"
    #expect(first(Answer(named.respond(to: request))).hasPrefix("https://meta.example/api/meta/media/"))
  }

  @Test func `posts that lack what others have are kept`() throws {
    let fixture = try FeedFixture(media: [
      ##"{"id":"1"}"##,
      ##"{"id":"2","media_type":"HOLOGRAM","caption":"#only #tags","timestamp":"2025-12-18T10:30:00+0000"}"##,
      ##"{"id":"3","media_type":"CAROUSEL_ALBUM","children":{}}"##,
      ##"{"id":"4","media_type":"CAROUSEL_ALBUM","children":{"data":[{"id":"5"},{"media_url":"https://x.fbcdn.net/a.jpg"}]}}"##,
      ##"{"id":"6","media_type":"VIDEO","media_product_type":"REELS","alt_text":" Two\n lines "}"##,
    ])
    let posts = fixture.get().json["posts"]?.array ?? []
    #expect(posts.compactMap { $0["id"]?.string } == ["2", "1", "3", "4", "6"])
    #expect(
      posts.map { $0["alt"]?.string } == [
        "Instagram post by @shop, 18 Dec 2025", "Instagram post by @shop", "Instagram post by @shop",
        "Instagram post by @shop", "Two lines",
      ])
    #expect(posts[1]["images"] == .null)
    #expect(posts[2]["children"] == .null)
    // The album shows the first picture that it has.
    #expect(posts[3]["images"]?["orig"]?["url"]?.string?.hasPrefix("/media/4-2/orig/") == true)
    #expect(posts[3]["children"]?.array?.count == 2)
    #expect(posts[4]["is_reel"] == true)
    #expect(posts[4]["like_count"] == .null)
  }

  @Test func `filters run over the window, sorted by us, with the pinned ones first`() throws {
    func row(_ id: Int, _ type: String, _ day: Int, _ more: String = "") -> String {
      #"{"id":"\#(id)","media_type":"\#(type)","timestamp":"2025-12-\#(day)T10:00:00+0000"\#(more)}"#
    }
    let media = [
      row(1, "IMAGE", 11, #","caption":"Ｓale today #a","like_count":5"#),
      row(2, "VIDEO", 19, #","like_count":9"#),
      row(3, "CAROUSEL_ALBUM", 15, #","caption":"SALE is over""#),
      row(4, "VIDEO", 12, #","media_product_type":"REELS","is_shared_to_feed":false,"caption":"sale""#),
      row(5, "VIDEO", 13, #","media_product_type":"REELS","is_shared_to_feed":true"#), row(6, "HOLOGRAM", 14),
    ]
    func ids(_ settings: JSONObject, _ query: String = "") throws -> [String] {
      try FeedFixture(settings, media: media).ids(query)
    }
    #expect(try ids([:]) == ["2", "3", "6", "5", "1"])
    #expect(try ids(["order": "oldest"]) == ["1", "5", "6", "3", "2"])
    #expect(try ids(["order": "likes"]) == ["2", "1", "3", "6", "5"])
    #expect(try ids(["off_grid_reels": true]) == ["2", "3", "6", "5", "4", "1"])
    #expect(try ids(["types": ["image", "reel"]]) == ["5", "1"])
    #expect(try ids(["include_any": ["sale"]]) == ["3", "1"])
    #expect(try ids(["include_any": ["=SALE"]]) == ["3"])
    #expect(try ids(["include_any": ["sale"], "exclude_any": ["over"]]) == ["1"])
    #expect(try ids(["hidden": ["2", "3"]]) == ["6", "5", "1"])
    #expect(try ids(["pinned": ["1", "99", "6"], "hidden": ["6"], "limit": 2]) == ["1", "2"])
    #expect(try ids(["pinned": ["4"], "types": ["image"]]) == ["4", "1"])
    #expect(try ids([:], "?type=reel") == ["5"])
    #expect(try ids(["types": ["image"]], "?type=reel") == [])
    #expect(try ids(["limit": 2], "?limit=50") == ["2", "3"])
  }

  @Test func `pages follow each other without a gap, and none begins outside the window`() throws {
    let fixture = try FeedFixture(["origins": ["any"], "limit": 50])
    let all = fixture.ids()
    #expect(all.count == 50)
    var seen: [String] = []
    var query = "?limit=20"
    while true {
      let page = fixture.get(query).json
      seen += (page["posts"]?.array ?? []).compactMap { $0["id"]?.string }
      guard let next = page["paging"]?["next"]?.string, let question = next.firstIndex(of: "?") else { break }
      query = String(next[question...])
    }
    #expect(seen.count == 87)
    #expect(Set(seen).count == 87)
    #expect(Array(seen.prefix(50)) == all)
    #expect(fixture.get("?after=1").status == 404)
    #expect(fixture.get("?after=x").status == 400)
    for (query, field) in [
      ("?limit=51", "limit"), ("?limit=0", "limit"), ("?type=gif", "type"), ("?format=x", "format"),
    ] {
      let answer = fixture.get(query)
      #expect(answer.status == 400)
      #expect(answer.json[field]?.array?.count == 1)
    }
  }

  // MARK: - Who may show it

  @Test func `the origin decides, on answers, on 304 and before them`() throws {
    let fixture = try FeedFixture(["origins": ["https://site.example", "https://*.shop.example:8443"]])
    for (origin, isAllowed) in [
      ("https://site.example", true), ("https://a.b.shop.example:8443", true),
      ("https://shop.example:8443", false),
      ("https://a.shop.example", false), ("http://site.example", false), ("https://site.example.evil", false),
      ("https://evil.example/.shop.example:8443", false), ("null", false),
      ("https://xshop.example:8443", false),
    ] {
      let answer = fixture.get(origin: origin)
      #expect(answer.status == (isAllowed ? 200 : 403), "\(origin)")
      #expect(answer.header("Access-Control-Allow-Origin") == (isAllowed ? origin : nil))
      #expect(answer.header("Vary") == "Origin")
      var preflight = Request("OPTIONS", "/feed/\(fixture.publicID)/")
      preflight.origin = origin
      let before = fixture.harness.send(preflight)
      #expect(before.status == (isAllowed ? 204 : 403))
      #expect(before.header("Access-Control-Allow-Origin") == (isAllowed ? origin : nil))
      #expect(before.header("Vary") == "Origin")
    }
    let plain = fixture.get()
    #expect(plain.status == 200)
    #expect(plain.header("Vary") == "Origin")
    #expect(plain.header("Access-Control-Allow-Origin") == nil)
    let tag = try #require(plain.header("ETag"))
    let unchanged = fixture.get(origin: "https://site.example", ifNoneMatch: tag)
    #expect(unchanged.status == 304)
    #expect(unchanged.header("Access-Control-Allow-Origin") == "https://site.example")
    #expect(unchanged.header("Vary") == "Origin")
    #expect(unchanged.header("Cache-Control")?.hasPrefix("public, max-age=60, s-maxage=300") == true)
  }

  @Test func `it needs no credential, and its own page may be elsewhere`() throws {
    let fixture = try FeedFixture()
    // Protected mode: straight from this machine, whoever's page it is.
    var request = Request("GET", "/feed/\(fixture.publicID)/")
    request.origin = "http://localhost:8010"
    request.secFetchSite = "same-site"
    #expect(fixture.harness.send(request).status == 200)
    request.remoteAddress = "192.0.2.7"
    #expect(fixture.harness.send(request).status == 403)
    _ = try fixture.harness.application.createAPIKey(label: "k", scope: .read)
    #expect(fixture.harness.send(request).status == 200)
    request.apiKey = "mm_nobody"
    #expect(fixture.harness.send(request).status == 200)
    request.method = "OPTIONS"
    #expect(fixture.harness.send(request).status == 204)
  }

  @Test func `the 121st request of a minute is one too many`() throws {
    let fixture = try FeedFixture()
    for left in (0..<120).reversed() {
      let answer = fixture.get()
      #expect(answer.header("RateLimit")?.hasPrefix("\"feed\";r=\(left);t=") == true)
    }
    let refused = fixture.get(origin: "https://site.example")
    #expect(refused.status == 429)
    #expect(refused.reason == "rate_limited")
    #expect(refused.header("RateLimit-Policy") == "\"feed\";q=120;w=60")
    #expect(refused.header("Retry-After").flatMap { Int($0) }.map { (1...60).contains($0) } == true)
    #expect(refused.header("Access-Control-Allow-Origin") == "https://site.example")
    var other = Request("GET", "/feed/\(fixture.publicID)/")
    other.remoteAddress = "::1"
    #expect(fixture.harness.send(other).status == 200)
    #expect(fixture.harness.send("GET", "/feed/\(fixture.publicID)/embed/").status == 200)
  }

  @Test func `a quota begins anew a minute after its first request`() {
    let rate = FeedRate()
    let household = IPAddress("2001:db8::1")?.household
    for _ in 0..<120 { #expect(rate.take(1, household, now: 10).isLeft) }
    let neighbour = IPAddress("2001:db8::2")?.household
    #expect(!rate.take(1, neighbour, now: 69).isLeft)
    #expect(rate.take(1, neighbour, now: 69).seconds == 1)
    #expect(rate.take(2, household, now: 69).isLeft)
    let stranger = IPAddress("2001:db8:0:1::1")?.household
    #expect(rate.take(1, stranger, now: 69).isLeft)
    #expect(rate.take(1, nil, now: 69).isLeft)
    #expect(rate.take(1, household, now: 70).left == 119)
  }

  // MARK: - Behold's shape

  /// What a member is: its kind, whether it may be `null`, and whether it may be missing.
  private struct Member {
    enum Kind { case text, number, flag, texts, sizes, palette, children, type(Set<String>) }
    let kind: Kind
    var isNullable = false
    var isOptional = false
  }

  /// The interfaces of the public package `@behold/types` (Feed, Post, ChildPost, PostSizes, ColorPalette), and beyond them
  /// what the feeds themselves have: both counts, and sizes that are not known yet.
  private static let beholdFeed: [String: Member] = [
    "username": Member(kind: .text), "biography": Member(kind: .text),
    "profilePictureUrl": Member(kind: .text), "website": Member(kind: .text),
    "followersCount": Member(kind: .number), "followsCount": Member(kind: .number),
  ]
  private static let beholdPost: [String: Member] = [
    "id": Member(kind: .text), "timestamp": Member(kind: .text), "permalink": Member(kind: .text),
    "mediaType": Member(kind: .type(["IMAGE", "VIDEO", "CAROUSEL_ALBUM"])),
    "isReel": Member(kind: .flag, isOptional: true), "mediaUrl": Member(kind: .text),
    "thumbnailUrl": Member(kind: .text, isOptional: true), "sizes": Member(kind: .sizes),
    "caption": Member(kind: .text), "prunedCaption": Member(kind: .text), "hashtags": Member(kind: .texts),
    "mentions": Member(kind: .texts), "altText": Member(kind: .text, isOptional: true),
    "likeCount": Member(kind: .number, isNullable: true),
    "commentsCount": Member(kind: .number, isNullable: true), "colorPalette": Member(kind: .palette),
    "children": Member(kind: .children, isOptional: true),
  ]
  private static let beholdChild: [String: Member] = [
    "id": Member(kind: .text), "mediaType": Member(kind: .type(["IMAGE", "VIDEO"])),
    "mediaUrl": Member(kind: .text), "thumbnailUrl": Member(kind: .text, isOptional: true),
    "sizes": Member(kind: .sizes), "colorPalette": Member(kind: .palette),
    "altText": Member(kind: .text, isOptional: true),
  ]
  private static let beholdSize: [String: Member] = [
    "mediaUrl": Member(kind: .text), "width": Member(kind: .number, isNullable: true),
    "height": Member(kind: .number, isNullable: true),
  ]

  private static func expect(_ value: JSONValue, _ shape: [String: Member], _ place: String) {
    let members = value.object?.keys ?? []
    #expect(Set(members).isSubset(of: shape.keys), "\(place)")
    for (name, member) in shape {
      guard let found = value[name] else {
        #expect(member.isOptional, "\(place).\(name) is missing")
        continue
      }
      #expect(
        found == .null ? member.isNullable : fits(found, member.kind, "\(place).\(name)"), "\(place).\(name)")
    }
  }

  private static func fits(_ value: JSONValue, _ kind: Member.Kind, _ place: String) -> Bool {
    switch kind {
    case .text: return value.string != nil
    case .number: return value.int64 != nil
    case .flag: return value == true || value == false
    case .texts: return value.array?.allSatisfy { $0.string != nil } ?? false
    case .type(let known): return value.string.map(known.contains) ?? false
    case .children:
      for child in value.array ?? [] { expect(child, beholdChild, place) }
      return value.array?.isEmpty == false
    case .sizes:
      for name in value.object?.keys ?? [] { expect(value[name] ?? .null, beholdSize, "\(place).\(name)") }
      return value.object?.keys == ["small", "medium", "large", "full"]
    case .palette:
      let names: Set = [
        "dominant", "muted", "mutedLight", "mutedDark", "vibrant", "vibrantLight", "vibrantDark",
      ]
      return Set(value.object?.keys ?? []) == names
        && names.allSatisfy {
          value[$0]?.string?.wholeMatch(of: #/[0-9]{1,3}, [0-9]{1,3}, [0-9]{1,3}/#) != nil
        }
    }
  }

  @Test func `Behold's shape is member for member that of its types`() throws {
    let fixture = try FeedFixture(["origins": ["any"], "limit": 50])
    let feed = fixture.get("?format=behold").json
    let posts = try #require(feed["posts"]?.array)
    var profile = try #require(feed.object)
    profile["posts"] = nil
    Self.expect(.object(profile), Self.beholdFeed, "feed")
    #expect(posts.compactMap { $0["id"]?.string } == fixture.ids())
    for (place, post) in posts.enumerated() {
      Self.expect(post, Self.beholdPost, "posts[\(place)]")
      #expect((post["children"] != nil) == (post["mediaType"] == "CAROUSEL_ALBUM"))
    }
    #expect(posts.contains { $0["children"] != nil } && posts.contains { $0["thumbnailUrl"] != nil })
  }
}
