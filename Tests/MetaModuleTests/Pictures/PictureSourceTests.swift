import JSON
import Testing

@testable import MetaModule

@Suite struct PictureSourceTests {
  private static let graph = "https://graph.facebook.com"

  @Test(arguments: [
    "https://scontent-muc2-1.cdninstagram.com/v/t51/1_n.jpg?oe=1", "https://scontent.xx.fbcdn.net/v/a.jpg",
    "https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=1", "https://a.fbcdn.net:443/x",
    "https://SCONTENT.CDNINSTAGRAM.COM/x",
  ])
  func `Meta's hosts are fetched from`(url: String) {
    #expect(PictureSource(url, graphURL: Self.graph)?.isOnThisMachine == false)
  }

  @Test(arguments: [
    "", "/x", "http://a.fbcdn.net/x", "HTTPS://a.fbcdn.net/x", "ftp://a.fbcdn.net/x", "//a.fbcdn.net/x",
    "https://evilfbcdn.net/x", "https://fbcdn.net/x", "https://fbcdn.net.evil.example/x",
    "https://a.fbcdn.net./x",
    "https://.fbcdn.net/x", "https://a..fbcdn.net/x", "https://a.fbcdn.net:80/x",
    "https://a.fbcdn.net:4430/x",
    "https://a.fbcdn.net:/x", "https://user@a.fbcdn.net/x", "https://user:p@a.fbcdn.net/x",
    "https://evil.example/@a.fbcdn.net/x", "https://evil.example?a.fbcdn.net/x",
    "https://evil.example#a.fbcdn.net/x",
    "https://evil.example\\.fbcdn.net/x", "https://a.fbcdn.net\\@evil.example/x", "https://a%2efbcdn.net/x",
    "https://a_b.fbcdn.net/x", "https://ä.fbcdn.net/x", "https://a.fbcdn。net/x", "https://a.fbcdn.net",
    "https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x", "https://0x7f.1/x",
    "https://0177.0.0.1/x",
    "https://localhost/x", "https://a.fbcdn.net/x y", "https://a.fbcdn.net/\r\nHost: x",
    "https://a.fbcdn.net/ä",
    "https://\(String(repeating: "a.", count: 130))fbcdn.net/x",
    "https://\(String(repeating: "a", count: 64)).fbcdn.net/x",
    "http://127.0.0.1:8001/cdn/x", "file:///etc/passwd", "data:image/png,x",
  ])
  func `no other address is fetched from`(url: String) {
    #expect(PictureSource(url, graphURL: Self.graph) == nil)
  }

  @Test func `a simulator's pictures are exactly where it is`() {
    for graph in ["http://127.0.0.1:8001", "http://localhost:8001/graph", "http://[::1]:8001"] {
      let origin = graph.replacing("/graph", with: "")
      #expect(PictureSource("\(origin)/cdn/x", graphURL: graph)?.isOnThisMachine == true)
      for other in [
        "\(origin)1/cdn/x", "\(origin)", "\(origin)@evil.example/x", "http://127.0.0.1:8002/cdn/x",
      ] {
        #expect(PictureSource(other, graphURL: graph) == nil, "\(other)")
      }
      #expect(PictureSource("https://a.fbcdn.net/x", graphURL: graph)?.isOnThisMachine == false)
    }
    #expect(PictureSource("https://graph.facebook.com/x", graphURL: Self.graph) == nil)
  }

  @Test func `a film is shown by its poster, and an album by its parts`() throws {
    let film = try JSONValue(
      parsing: Array(#"{"media_type":"VIDEO","media_url":"film","thumbnail_url":"poster"}"#.utf8))
    #expect(PictureID("1")?.sources(in: film).first == "poster")
    for children in [#"{"data":[\#(Self.parts)]}"#, "[\(Self.parts)]"] {
      let album = try JSONValue(
        parsing: Array(#"{"media_type":"CAROUSEL_ALBUM","media_url":null,"children":\#(children)}"#.utf8))
      #expect(PictureID("1")?.sources(in: album).first == "one")
      #expect(PictureID("1-1")?.sources(in: album) == ["one"])
      #expect(PictureID("1-2")?.sources(in: album) == ["poster"])
      #expect(PictureID("1-3")?.sources(in: album) == [])
    }
    for odd in ["null", "[]", #"{"media_url":1}"#, #"{"children":{"data":null}}"#, #"{"children":7}"#] {
      #expect(PictureID("1")?.sources(in: try JSONValue(parsing: Array(odd.utf8))) == [])
    }
  }

  private static let parts =
    #"{"media_type":"IMAGE","media_url":"one"},{"media_type":"VIDEO","media_url":"film","thumbnail_url":"poster"}"#
}
