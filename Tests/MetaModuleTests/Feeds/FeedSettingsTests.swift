import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// Feeds as rows: what may be set, and what is told when it may not.
@Suite struct FeedSettingsTests {
  @Test func `a feed begins with the defaults, and is listed, changed and removed`() throws {
    let fixture = try FeedFixture(["origins": ["https://Site.Example:443", "HTTP://localhost:8010"]])
    let row = fixture.harness.send("GET", "/feeds/").json["feeds"]?[0]
    #expect(
      row?.object?.keys == [
        "id", "public_id", "client_id", "name", "limit", "types", "include_any", "exclude_any",
        "off_grid_reels", "order", "hidden", "pinned", "origins", "columns", "gap", "ratio", "show_captions",
        "theme", "created_at", "updated_at",
      ])
    #expect(row?["origins"] == ["https://site.example", "http://localhost:8010"])
    #expect(row?["limit"] == 12)
    #expect(row?["types"] == ["image", "video", "reel", "album"])
    #expect(Feeds.isPublicID(fixture.publicID))
    let changed = fixture.harness.send(
      "PATCH", "/feeds/1/", #"{"name":"Other","pinned":["1","1"],"theme":"dark"}"#)
    #expect(changed.status == 200)
    #expect(changed.json["pinned"] == ["1"])
    #expect(changed.json["origins"] == row?["origins"])
    let events = try fixture.harness.store().events(limit: 2)
    #expect(events.map(\.action) == ["feed.change", "feed.add"])
    #expect(events.map(\.subject) == ["feed 1", "feed 1"])
    #expect(fixture.harness.send("DELETE", "/feeds/1/").status == 204)
    #expect(fixture.harness.send("DELETE", "/feeds/1/").status == 404)
    #expect(fixture.harness.send("PATCH", "/feeds/1/", "{}").status == 404)
    #expect(fixture.harness.send("GET", "/feeds/").json["feeds"]?.array == [])
  }

  @Test(arguments: [
    (#""limit":0"#, "limit", "Ensure this value is greater than or equal to 1."),
    (#""limit":51"#, "limit", "Ensure this value is less than or equal to 50."),
    (#""limit":null"#, "limit", "This field may not be null."),
    (#""limit":"many""#, "limit", "A valid integer is required."),
    (#""types":[]"#, "types", "This list may not be empty."),
    (#""types":["gif"]"#, "types", "\"gif\" is not a valid choice."),
    (#""types":"image""#, "types", "Expected a list of items but got type \"str\"."),
    (#""include_any":[""]"#, "include_any", "This field may not be blank."),
    (#""exclude_any":["="]"#, "exclude_any", "Behind = stands the text that is meant exactly."),
    (#""off_grid_reels":"maybe""#, "off_grid_reels", "Must be a valid boolean."),
    (#""order":"random""#, "order", "\"random\" is not a valid choice."),
    (#""hidden":["x"]"#, "hidden", "This value does not match the required pattern."),
    (#""columns":13"#, "columns", "Ensure this value is less than or equal to 12."),
    (#""gap":65"#, "gap", "Ensure this value is less than or equal to 64."),
    (#""gap":99999999999999999999"#, "gap", "Ensure this value is less than or equal to 64."),
    (#""gap":"-99999999999999999999""#, "gap", "Ensure this value is greater than or equal to 0."),
    (#""ratio":"2:1""#, "ratio", "\"2:1\" is not a valid choice."),
    (#""theme":"blue""#, "theme", "\"blue\" is not a valid choice."),
    (#""origins":[]"#, "origins", "This list may not be empty."),
    (#""origins":["any","https://a.example"]"#, "origins", "The word any stands alone."),
  ])
  func `a setting out of range is refused with a sentence`(member: String, field: String, message: String)
    throws
  {
    let fixture = try FeedFixture()
    let answer = fixture.harness.send("PATCH", "/feeds/1/", "{\(member)}")
    #expect(answer.status == 400)
    #expect(answer.json[field]?.array == [.string(message)])
    let post = fixture.harness.send(
      "POST", "/feeds/", #"{"client_id":"client_001","name":"x",\#(member)}"#)
    #expect(post.status == 400)
    #expect(try fixture.harness.store().feeds(limit: 9).count == 1)
  }

  @Test func `every complaint about one list is told`() throws {
    let fixture = try FeedFixture()
    let answer = fixture.harness.send("PATCH", "/feeds/1/", #"{"types":["gif","bmp"],"limit":0}"#)
    #expect(answer.status == 400)
    #expect(
      answer.json["types"] == ["\"gif\" is not a valid choice.", "\"bmp\" is not a valid choice."])
    #expect(answer.json["limit"] == ["Ensure this value is greater than or equal to 1."])
  }

  @Test(arguments: [
    "https://site.example/", "site.example", "https://", "https://*", "https://*.example",
    "https://a.*.example",
    "https://user@site.example", "https://site.example:0", "https://site.example:65536", "https://-a.example",
    "https://a..example", "ftp://site.example", "https://sité.example", "null", "*", "https://site.example:",
    "https://site example", "https://site.example?x",
  ])
  func `what is no origin is refused`(origin: String) {
    #expect(FeedOrigin.checked(origin) == nil)
  }

  @Test func `a feed needs a client that is connected, and an origin`() throws {
    let fixture = try FeedFixture()
    let unknown = fixture.harness.send(
      "POST", "/feeds/", #"{"client_id":"nobody","name":"x","origins":["any"]}"#)
    #expect(unknown.status == 404)
    #expect(unknown.detail == "Mapping not found")
    let open = fixture.harness.send("POST", "/feeds/", #"{"client_id":"client_001","name":"x"}"#)
    #expect(open.json["origins"] == ["This field is required."])
  }

  @Test(
    arguments: [
      ("Sun today #sun #sea", "Sun today", ["sun", "sea"], []),
      ("Sun #today is fine\n.\n.\n#sun,#sea ", "Sun #today is fine", ["today", "sun", "sea"], []),
      ("#only #tags", "", ["only", "tags"], []),
      (
        "Mail a@b.example, ask @the.shop. and @_x", "Mail a@b.example, ask @the.shop. and @_x", [],
        ["the.shop", "_x"]
      ),
      ("Добрый день #привет_мир #日本語 #café", "Добрый день", ["привет_мир", "日本語", "café"], []),
      ("＃wide a#b ## #", "＃wide a#b ## #", ["wide"], []),
      ("#नमस्ते दुनिया", "#नमस्ते दुनिया", ["नमस्ते"], []),
      ("Kaffe #kaffe☕️", "Kaffe", ["kaffe☕️"], []), ("", "", [], []),
    ] as [(String, String, [String], [String])])
  func `a caption is taken apart in any script`(
    text: String, short: String, hashtags: [String], mentions: [String]
  ) {
    let caption = Caption(text)
    #expect(caption.short == short)
    #expect(caption.hashtags == hashtags)
    #expect(caption.mentions == mentions)
  }

  @Test(arguments: UInt64(0)..<200)
  func `whatever a caption or an origin is made of, it is taken apart without harm`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let pieces = [
      "#", "＃", "@", "a", "é", "日", "न", "्", "☕️", "\u{200D}", "\u{FE0F}", ".", ",", " ", "\n", "_", "1",
      "\u{0}", "ß",
      "https://", "*.", ":", "443", "[", "::1", "]", "-", "/", "any",
    ]
    for _ in 0..<50 {
      let text = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }.joined()
      let caption = Caption(text)
      #expect(text.utf8.starts(with: caption.short.utf8))
      for tag in caption.hashtags {
        #expect(text.containsBytes(of: "#" + tag) || text.containsBytes(of: "＃" + tag))
      }
      for name in caption.mentions { #expect(text.containsBytes(of: "@" + name)) }
      if let origin = FeedOrigin.checked(text) {
        #expect(FeedOrigin.checked(origin) == origin)
        #expect(origin == FeedOrigin.any || origin.contains("*") || FeedOrigin.allows([origin], origin))
      }
    }
  }

  @Test func `snippets see past case, width and composition`() {
    func stands(_ snippet: String, _ caption: String) -> Bool {
      CaptionSnippet(snippet).stands(in: FoldedCaption(caption))
    }
    #expect(stands("sale", "BIG ＳＡＬＥ"))
    #expect(stands("カフェ", "ｶﾌｪ"))
    #expect(stands("ガ", "ｶﾞ"))
    #expect(stands("caf\u{E9}", "Cafe\u{301}"))
    #expect(stands("ΟΔΟΣ", "οδος"))
    #expect(!stands("=sale", "Sale"))
    #expect(stands("=Sale", "A Sale"))
    #expect(!stands("sale", ""))
  }
}
