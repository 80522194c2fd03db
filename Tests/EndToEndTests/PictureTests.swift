import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Pictures behind a real nginx, which keeps them.
@Suite struct PictureTests {
  /// The site with a client and a feed, and the address of a small picture in it.
  private static func site(_ settings: [String: String] = [:]) throws -> (site: Site, picture: String) {
    let site = try Site(settings: settings)
    try site.addClient()
    let feed = try site.metactl([
      "feed", "add", "--client", "client_001", "--name", "Home", "--origin", "any", "--json",
    ])
    let id = try #require(try JSONValue(parsing: Array(feed.utf8))["public_id"]?.string)
    let posts = try site.send("GET", "/api/meta/feed/\(id)/").json["posts"]
    let address = try #require(posts?[0]?["images"]?["320"]?["url"]?.string)
    return (site, try #require(address.firstRange(of: "/api/").map { String(address[$0.lowerBound...]) }))
  }

  @Test func `a picture out of nginx's cache has the id of who asks, and nothing of who asked first`() throws
  {
    let (site, picture) = try Self.site()
    let first = try site.send("GET", picture, headers: [("X-Request-Id", "first")])
    #expect(first.status == 200)
    #expect(first.headers["Cache-Control"]?.contains("immutable") == true)
    // Out of the cache: there is nobody else who could answer.
    site.programs[0].end()
    let second = try site.send("GET", picture, headers: [("X-Request-Id", "second")])
    #expect(second.status == 200)
    #expect(second.text == first.text)
    let unchanged = try site.send(
      "GET", picture,
      headers: [("X-Request-Id", "third"), ("If-None-Match", first.headers["ETag"] ?? "")])
    #expect(unchanged.status == 304)
    for (reply, id) in [(first, "first"), (second, "second"), (unchanged, "third")] {
      #expect(reply.headers.filter { $0.name.lowercased() == "x-request-id" }.map(\.value) == [id])
      #expect(reply.headers["Set-Cookie"] == nil && reply.headers["Age"] == nil)
    }
  }

  /// As the kernel does where memory is short.
  @Test func `a meta-image that is killed is told once a minute, and the original is served`() throws {
    let folder = try TemporaryFolder()
    let program = folder.path + "/meta-image"
    try "#!/bin/sh\nkill -9 $$\n".write(toFile: program, atomically: true, encoding: .utf8)
    chmod(program, 0o755)
    let (site, picture) = try Self.site(["META_IMAGE_BIN": program])
    for accepted in ["image/webp", "image/jpeg"] {
      let reply = try site.send("GET", picture, headers: [("Accept", accepted)])
      #expect(reply.status == 200)
      #expect(reply.headers["Content-Type"] == "image/jpeg")
    }
    let sentence = "meta-image made no picture, so the original is served: it was ended by signal 9."
    #expect(Wait.until { site.programLog().contains(sentence) })
    #expect(site.programLog().components(separatedBy: sentence).count == 2)
  }
}
