internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct FieldTests {
  @Test func `an unknown field fails the whole request and is named`() throws {
    let graph = try Graph()
    for (path, type) in [
      ("/me?fields=id,nonsense", "User"), ("/\(Demo.page)?fields=nonsense", "Page"),
      ("/\(Demo.instagram)?fields=media{nonsense}", "IGMedia"), ("/\(Demo.post)?fields=nonsense", "IGMedia"),
      ("/me/accounts?fields=instagram_business_account{nonsense}", "IGUser"),
      ("/me?fields=picture{nonsense}", "ProfilePictureSource"),
    ] {
      let reply = graph.get(path)
      #expect(reply.status == 400)
      #expect(
        reply.error?["message"]?.string
          == "(#100) Tried accessing nonexisting field (nonsense) on node type (\(type))")
    }
  }

  @Test func `access_token of something that is no Page is an unknown field`() throws {
    let reply = try Graph().get("/\(Demo.instagram)?fields=access_token")
    #expect(reply.error?["code"] == 100)
    #expect(reply.error?["message"]?.string?.contains("(access_token)") == true)
  }

  @Test func `id is there whether it is asked for or not, once`() throws {
    let graph = try Graph()
    #expect(graph.get("/me?fields=name").json.object?.keys == ["name", "id"])
    #expect(graph.get("/me?fields=id,name,id").json.object?.keys == ["id", "name"])
    #expect(graph.get("/\(Demo.instagram)/media?limit=1").json["data"]?[0]?.object?.keys == ["id"])
  }

  @Test func `the example of the documentation is what the demo answers`() throws {
    let graph = try Graph()
    let fields =
      "followers_count,follows_count,media_count,username,profile_picture_url,"
      + "media.limit(25){id,caption,media_url,media_type,thumbnail_url,timestamp,permalink}"
    let profile = graph.get("/\(Demo.instagram)?fields=\(fields)", as: "example").json
    #expect(profile["followers_count"] == 5432)
    #expect(profile["follows_count"] == 234)
    #expect(profile["media_count"] == 87)
    #expect(profile["username"] == "mybusinessaccount")
    #expect(profile["profile_picture_url"]?.string?.hasPrefix("http://127.0.0.1:") == true)
    let media = try #require(profile["media"]?["data"]?.array)
    #expect(media.count == 25)
    #expect(media[0]["id"] == "17999999999999999")
    #expect(media[0]["caption"] == "Check out our new product!")
    #expect(media[0]["timestamp"] == "2025-12-18T10:30:00+0000")
    #expect(media[0]["permalink"] == "https://instagram.com/p/ABC123/")
    #expect(media[0]["thumbnail_url"] == nil)
    #expect(media[1]["id"] == "17888888888888888")
    #expect(media[1]["media_type"] == "VIDEO")
    #expect(media[1]["thumbnail_url"] != nil)
    let post = graph.get("/\(Demo.post)?fields=like_count,comments_count").json
    #expect(post["like_count"] == 234)
    #expect(post["comments_count"] == 45)
  }

  @Test func `what has no value is left out, never null`() throws {
    let graph = try Graph()
    let everything =
      "id,name,username,biography,website,profile_picture_url,has_profile_pic,media_count,media"
    let empty = graph.get("/17841403243590117?fields=\(everything)", as: "yusuf").json
    #expect(empty.object?.keys == ["id", "username", "has_profile_pic", "media_count"])
    #expect(graph.get("/me?fields=id,name,picture", as: "yusuf").json["picture"] == nil)
    let pages = graph.get("/me/accounts?fields=instagram_business_account,access_token", as: "yusuf").json[
      "data"]
    #expect(pages?[2]?["instagram_business_account"] == nil)
    #expect(pages?[2]?["access_token"] == nil)
  }

  @Test func `every kind of post and every omission is in the demo`() throws {
    let fields = "id,caption,media_type,media_product_type,media_url,thumbnail_url,like_count,comments_count"
    let media = try Graph().get("/17841472020051826/media?fields=\(fields)", as: "maria").json["data"]?.array
    let rows = try #require(media)
    let types = Set(rows.compactMap { $0["media_type"]?.string })
    #expect(types == ["IMAGE", "VIDEO", "CAROUSEL_ALBUM", "BROADCAST", "HOLOGRAM"])
    #expect(rows.contains { $0["media_product_type"] == "REELS" && $0["media_url"] == nil })
    #expect(rows.contains { $0["caption"] == nil })
    #expect(rows.contains { $0["like_count"] == nil && $0["comments_count"] != nil })
    #expect(rows.contains { $0["like_count"] == nil && $0["comments_count"] == nil })
    #expect(rows.contains { $0["caption"]?.string?.unicodeScalars.count == 2_200 })
    #expect(rows.contains { $0["caption"]?.string?.hasPrefix("<script>") == true })
    #expect(rows.allSatisfy { ($0["thumbnail_url"] != nil) == ($0["media_type"] == "VIDEO") })
  }

  @Test func `hidden likes show when the post itself is asked`() throws {
    let graph = try Graph()
    let rows = graph.get("/17841472020051826/media?fields=caption,like_count", as: "maria").json["data"]?
      .array
    let hidden = rows?.first { $0["caption"] == "We do not count here." }
    #expect(hidden?["like_count"] == nil)
    let id = try #require(hidden?["id"]?.string)
    #expect(graph.get("/\(id)?fields=like_count", as: "maria").json["like_count"] == 222)
  }

  @Test func `an album shows its first part, and its parts have neither caption nor paging`() throws {
    let graph = try Graph()
    let rows = graph.get("/17841472020051826/media?fields=media_type", as: "maria").json["data"]?.array
    let id = try #require(rows?.first { $0["media_type"] == "CAROUSEL_ALBUM" }?["id"]?.string)
    let album = graph.get(
      "/\(id)?fields=media_url,thumbnail_url,children{id,media_type,caption,permalink,like_count,media_url}",
      as: "maria"
    ).json
    #expect(album["children"]?.object?.keys == ["data"])
    let children = try #require(album["children"]?["data"]?.array)
    #expect(children.count == 5)
    #expect(children[0].object?.keys == ["id", "media_type", "permalink", "media_url"])
    #expect(children[2]["media_type"] == "VIDEO")
    #expect(album["media_url"] == children[0]["media_url"])
    #expect(album["thumbnail_url"] == nil)
    #expect(graph.get("/\(id)/children", as: "maria").json["data"]?[0]?.object?.keys == ["id"])
    let child = try #require(children[1]["id"]?.string)
    #expect(graph.get("/\(child)?fields=media_type,owner", as: "maria").status == 200)
  }

  @Test func `pictures come in the size that was asked for`() throws {
    let graph = try Graph()
    for (field, width, height) in [
      ("picture", 50, 50), ("picture.type(large)", 200, 200), ("picture.width(321)", 321, 321),
      ("picture.width(80).height(40)", 80, 40),
    ] {
      let data = graph.get("/me?fields=\(field)").json["picture"]?["data"]
      #expect(data?["width"] == JSONValue(width))
      #expect(data?["height"] == JSONValue(height))
    }
    #expect(graph.get("/me?fields=picture{url}").json["picture"]?["data"]?.object?.keys == ["url"])
    let outline = graph.get("/112233445566779?fields=picture", as: "maria").json["picture"]?["data"]
    #expect(outline?["is_silhouette"] == true)
    #expect(outline?["url"] != nil)
  }

  @Test func `the picture edge redirects, or answers with redirect=0`() throws {
    let graph = try Graph()
    let redirect = graph.get("/me/picture?width=100")
    #expect(redirect.status == 302)
    #expect(redirect.headers["location"]?.hasPrefix(graph.server.url + "/cdn/platform/profilepic/?") == true)
    let data = graph.get("/\(Demo.page)/picture?redirect=0&height=60").json["data"]
    #expect(data?.object?.keys == ["height", "is_silhouette", "url", "width"])
    #expect(data?["height"] == 60)
  }

  @Test func `gone, foreign and invented ids are the same`() throws {
    let graph = try Graph()
    for path in [
      "/17900000000000001", "/17841472020051826", "/122093847561029384", "/999", "/17900000000000001/media",
    ] {
      let reply = graph.get(path)
      #expect(reply.status == 400)
      #expect(reply.error?["code"] == 100)
      #expect(reply.error?["error_subcode"] == 33)
      #expect(reply.error?["type"] == "GraphMethodException")
    }
  }

  @Test func `nothing can be changed`() throws {
    let graph = try Graph()
    let reply = graph.request("DELETE", "/v26.0/\(Demo.post)?access_token=your_token_here")
    #expect(reply.status == 400)
    #expect(reply.error?["message"]?.string?.hasPrefix("Unsupported delete request.") == true)
  }
}
