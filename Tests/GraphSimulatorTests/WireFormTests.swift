internal import Glibc
internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct WireFormTests {
  @Test func `an answer has the headers of the recordings`() throws {
    let reply = try Graph().get("/me")
    #expect(reply.status == 200)
    #expect(reply.headers["facebook-api-version"] == "v26.0")
    #expect(reply.headers["content-type"] == "application/json; charset=UTF-8")
    #expect(reply.headers["expires"] == "Sat, 01 Jan 2000 00:00:00 GMT")
    #expect(reply.headers["cache-control"] == "private, no-cache, no-store, must-revalidate")
    #expect(reply.headers["pragma"] == "no-cache")
    #expect(reply.headers["access-control-allow-origin"] == "*")
    #expect(reply.headers["x-fb-request-id"]?.utf8.count == 23)
    #expect(reply.headers["x-fb-trace-id"]?.utf8.count == 11)
    #expect(reply.headers["x-fb-rev"]?.utf8.count == 10)
    #expect(reply.headers["etag"] == nil)
    #expect(reply.headers["x-app-usage"] == nil)
  }

  @Test func `a body is compact, escaped and has no newline at its end`() throws {
    let graph = try Graph()
    let reply = graph.get("/me?fields=name,id,link&pretty=1")
    #expect(reply.text == #"{"name":"John Doe","id":"123456789"}"#)
    let page = graph.get("/113344556677889?fields=name,link", as: "yusuf")
    #expect(
      page.text
        == #"{"name":"\u0628\u064a\u062a \u0627\u0644\u0632\u064a\u062a\u0648\u0646 \u00b7 Olive House","#
        + #""link":"https:\/\/www.facebook.com\/113344556677889","id":"113344556677889"}"#)
  }

  @Test func `emoji are surrogate pairs, as recorded`() throws {
    var world = World()
    world.add(User(id: "1", name: "Somebody", roles: [Role(pageID: "100000001")]))
    world.add(Page(id: "100000001", name: "Page", instagramID: "17841400000000001"))
    let post = Media(id: "18110789671048314", caption: "TEST CAPTION! 🧠🧠🧠", time: 0)
    world.add(
      InstagramAccount(id: "17841400000000001", pageID: "100000001", username: "u", media: [post]))
    world.tokens = [AccessToken(label: "john", userID: "1")]
    let reply = try Graph(world).get("/18110789671048314?fields=id,caption")
    #expect(try reply.body == Recording.bytes("ig_media_caption_emoji.json"))
  }

  @Test func `a picture has the keys of the recording, in their order`() throws {
    let recorded = try JSONValue(parsing: Recording.bytes("me_picture_lookaside.json"))
    let reply = try Graph().get("/me?fields=id,name,picture")
    #expect(reply.json.object?.keys == recorded.object?.keys)
    #expect(reply.json["picture"]?["data"]?.object?.keys == recorded["picture"]?["data"]?.object?.keys)
    #expect(reply.json["picture"]?["data"]?["is_silhouette"] == false)
  }

  @Test func `an error has no-store, a challenge and its trace id as request id`() throws {
    let reply = try Graph().get("/me", as: "expired")
    #expect(reply.status == 400)
    #expect(reply.headers["cache-control"] == "no-store")
    #expect(reply.headers["x-fb-request-id"] == reply.error?["fbtrace_id"]?.string)
    #expect(
      reply.headers["www-authenticate"]?.hasPrefix(
        #"OAuth "Facebook Platform" "invalid_token" "Error validating access token: Session has expired"#)
        == true)
  }

  @Test(arguments: [
    ("error_190_458_deauthorised.json", Refusal.token(.appRemoved, appID: "401490103558218")),
    ("error_190_460_password.json", Refusal.token(.passwordChanged)),
    ("error_4_app_limit_403.json", Refusal.throttled(4)),
    ("error_17_2446079_user_limit.json", Refusal.throttled(17)),
    ("error_80002_instagram_limit.json", Refusal.throttled(80002)),
    ("error_100_33_ig_media_gone.json", Refusal.noSuchObject("17900000000000001")),
    ("error_10_app_no_permission.json", Refusal.applicationMayNot),
  ]) func `an error is the recorded one`(name: String, refusal: Refusal?) throws {
    let recorded = try JSONValue(parsing: Recording.bytes(name))["error"]
    let trace = try #require(recorded?["fbtrace_id"]?.string)
    let ours = try #require(refusal?.body(trace: trace)["error"]?.object)
    // Key order varies between recordings; values and the set of keys do not.
    #expect(ours.keys.sorted() == recorded?.object?.keys.sorted())
    for (key, value) in ours { #expect(recorded?[key] == value, "\(key)") }
  }

  @Test func `a checkpointed token is told in the recorded words`() throws {
    let recorded = try JSONValue(parsing: Recording.bytes("error_190_459_checkpoint.json"))["error"]
    #expect(Refusal.token(.checkpoint)?.message == recorded?["message"]?.string)
  }

  @Test func `an expiry is told as California tells the time`() throws {
    let recorded = try JSONValue(parsing: Recording.bytes("error_190_463_2026.json"))["error"]
    let end = GraphTime.time(2026, 9, 2, 14)
    let now = GraphTime.time(2026, 9, 6, 14, 55, 10)
    let message =
      "Error validating access token: Session has expired on \(GraphTime.california(end)). "
      + "The current time is \(GraphTime.california(now))."
    #expect(message == recorded?["message"]?.string)
  }

  @Test(arguments: [
    "me_accounts_igfield_one.json", "ig_media_list_page1.json", "oauth_long_lived_token.json",
  ])
  func `a recording can be replayed byte for byte`(name: String) throws {
    let graph = try Graph()
    let body = try Recording.bytes(name)
    graph.server.addFault(
      Fault(.raw(status: 200, headers: ["Content-Type": "text/javascript; charset=UTF-8"], body: body)))
    let reply = graph.get("/me/accounts")
    #expect(reply.body == body)
    #expect(reply.headers["content-type"] == "text/javascript; charset=UTF-8")
  }

  @Test func `HEAD is GET without the body`() throws {
    let graph = try Graph()
    let reply = graph.request("HEAD", "/v26.0/me?access_token=your_token_here")
    #expect(reply.status == 200)
    #expect(reply.headers["content-length"] == "\(graph.get("/me").body.count)")
    #expect(reply.body.isEmpty)
  }

  @Test func `a connection answers one request after the other, pipelined ones too`() throws {
    let graph = try Graph()
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here&fields=id")
    #expect(connection.reply().text == #"{"id":"123456789"}"#)
    for field in ["name", "first_name", "last_name"] {
      connection.get("/v26.0/me?access_token=your_token_here&fields=\(field)")
    }
    #expect(connection.reply().json["name"] == "John Doe")
    #expect(connection.reply().json["first_name"] == "John")
    #expect(connection.reply().json["last_name"] == "Doe")
  }

  @Test func `a client that says close is left after the answer`() throws {
    let graph = try Graph()
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here", headers: ["Connection: close"])
    #expect(connection.reply().headers["connection"] == "close")
    _ = connection.readAll()
    #expect(connection.end == .closed)
  }
}

extension Refusal {
  static func token(_ state: TokenState, appID: String = World.defaultAppID) -> Refusal? {
    .token(state, value: "EAAB", appID: appID, expiredAt: 0)
  }
}
