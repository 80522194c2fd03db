internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct GeneratedWorldTests {
  private static let world = World.generated(seed: 7, tokens: 3, pagesPerToken: 30, mediaPerAccount: 60)

  @Test func `a seed gives one world`() throws {
    let again = World.generated(seed: 7, tokens: 3, pagesPerToken: 30, mediaPerAccount: 60)
    let other = World.generated(seed: 8, tokens: 3, pagesPerToken: 30, mediaPerAccount: 60)
    #expect(again.tokens.map(\.value) == Self.world.tokens.map(\.value))
    #expect(other.tokens.map(\.value) != Self.world.tokens.map(\.value))
    let path = "/me/accounts?fields=id,name,category,instagram_business_account&limit=100"
    let first = try Graph(Self.world).get(path, as: "t1")
    #expect(try Graph(again).get(path, as: "t1").body == first.body)
    #expect(first.json["data"]?.array?.count == 30)
  }

  @Test func `every Page, account, post and part can be read by its id`() throws {
    let graph = try Graph(Self.world)
    var rows = 0
    let fields =
      "id,name,instagram_business_account{id,username,media.limit(100){id,media_type,children{id}}}"
    for token in ["t0", "t2"] {
      let pages = graph.get("/me/accounts?limit=100&fields=\(fields)", as: token).json["data"]?.array ?? []
      #expect(pages.count == 30)
      #expect(pages.filter { $0["instagram_business_account"] == nil }.count == 3)
      #expect(pages[0]["instagram_business_account"] != nil)
      for page in pages.prefix(3) {
        let id = try #require(page["id"]?.string)
        #expect(graph.get("/\(id)?fields=name", as: token).json["name"] == page["name"])
        let media = page["instagram_business_account"]?["media"]?["data"]?.array ?? []
        #expect(media.count == 60)
        for post in media {
          let id = try #require(post["id"]?.string)
          #expect([17, 18].contains(id.utf8.count))
          #expect(
            graph.get("/\(id)?fields=media_type", as: token).json["media_type"] == post["media_type"])
          for child in post["children"]?["data"]?.array ?? [] {
            let reply = graph.get("/\(child["id"]?.string ?? "")?fields=media_type,username", as: token)
            #expect(reply.json["username"] == page["instagram_business_account"]?["username"])
          }
          rows += 1
        }
      }
    }
    #expect(rows == 360)
  }

  @Test(arguments: [
    "100000000000090", "122000000000003", "17841000000000000", "17900000000000060", "180000000000000000",
    "1790000000000000", "17900000000000001", "1800000000000000019", "179000000000000010",
  ]) func `ids outside of the world are unknown`(id: String) {
    #expect(Self.world.node(id) == nil)
  }

  @Test func `one token does not see what belongs to another`() throws {
    let graph = try Graph(Self.world)
    let page = graph.get("/me/accounts?fields=instagram_business_account", as: "t0").json["data"]?[0]
    let id = try #require(page?["instagram_business_account"]?["id"]?.string)
    #expect(graph.get("/\(id)", as: "t0").status == 200)
    #expect(graph.get("/\(id)", as: "t1").error?["error_subcode"] == 33)
  }

  @Test func `tens of thousands cost nothing until they are asked for`() throws {
    let world = World.generated(seed: 1, tokens: 20_000, pagesPerToken: 2_000, mediaPerAccount: 50_000)
    let graph = try Graph(world)
    let reply = graph.get("/me/accounts?fields=instagram_business_account&summary=1", as: "t19999")
    #expect(reply.json["summary"]?["total_count"] == 2_000)
    let id = try #require(reply.json["data"]?[0]?["instagram_business_account"]?["id"]?.string)
    let media = graph.get("/\(id)?fields=media_count,media.limit(1).summary(true)", as: "t19999").json
    #expect(media["media_count"] == 50_000)
    // The API lists the 10,000 newest.
    #expect(media["media"]?["summary"]?["total_count"] == 10_000)
  }
}
