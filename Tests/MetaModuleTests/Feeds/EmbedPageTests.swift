import GraphSimulator
import JSON
import Testing

@testable import MetaModule

/// `GET /feed/<public id>/embed/`: the page for frames.
@Suite struct EmbedPageTests {
  private static func page(_ settings: JSONObject = [:], media: [String]? = nil) throws -> Answer {
    let fixture = try FeedFixture(settings, media: media)
    return fixture.harness.send("GET", "/feed/\(fixture.publicID)/embed/")
  }

  @Test func `it is HTML without script, framed by the feed's origins alone`() throws {
    let page = try Self.page(["origins": ["https://site.example", "https://*.shop.example"]])
    #expect(page.status == 200)
    #expect(page.header("Content-Type") == "text/html; charset=utf-8")
    let policy = try #require(page.header("Content-Security-Policy"))
    #expect(policy.hasPrefix("default-src 'none'; img-src 'self'; style-src 'sha256-"))
    #expect(policy.hasSuffix("frame-ancestors https://site.example https://*.shop.example"))
    #expect(!page.text.contains("<script"))
    #expect(!page.text.contains("style="))
    #expect(page.text.split(separator: "<img alt=\"").count == 13)
    #expect(page.text.contains("width=\"400\" height=\"400\""))
    #expect(page.text.contains("target=\"_blank\" rel=\"noopener\""))
    #expect(try Self.page().header("Content-Security-Policy")?.hasSuffix("frame-ancestors *") == true)
  }

  @Test func `what others wrote stays text`() throws {
    let page = try Self.page(
      ["show_captions": true],
      media: [
        #"{"id":"1","caption":"</p><script>alert(1)</script>\" onload='x' & <b>\u0000\u0007","permalink":"javascript:alert(1)"}"#,
        #"{"id":"2","alt_text":"\"><img src=x onerror=y>","media_type":"IMAGE","media_url":"https://x.fbcdn.net/\"a.jpg","permalink":"https://www.instagram.com/p/\"><script>/"}"#,
      ])
    #expect(!page.text.contains("<script"))
    #expect(!page.text.contains("javascript:"))
    #expect(!page.text.contains("<img src"))
    #expect(
      page.text.contains(
        "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp; &lt;b&gt;"))
    #expect(!page.text.utf8.contains { $0 < 0x20 && $0 != 0x0A })
  }
}
