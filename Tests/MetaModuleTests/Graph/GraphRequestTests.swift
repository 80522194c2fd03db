import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Text

/// What goes over the wire to Graph, and where it goes.
@Suite struct GraphRequestTests {
  /// One call of every kind.
  private static func useEverything(_ harness: Harness) {
    harness.addClient()
    harness.send("POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
    harness.send("GET", "/pages/")
    harness.sync("client_001")
    harness.send("GET", "/instagram/client_001/")
    harness.send("GET", "/post/17999999999999999/")
    harness.send("GET", "/post/18012000000000000/")
    harness.send("POST", "/tokens/1/check/")
    harness.send("POST", "/mappings/1/refresh/")
  }

  @Test func `the token travels in a header, under the pinned version, in one GET`() throws {
    let harness = try Harness()
    Self.useEverything(harness)
    let calls = harness.simulator.calls()
    #expect(calls.count >= 9)
    for call in calls {
      #expect(call.tokenPlace == "header", "\(call.path)")
      #expect(call.method == "GET")
      #expect(call.userAgent == "meta-module/\(version)")
      #expect(call.acceptEncoding?.contains("gzip") == true)
      #expect(!call.hasProof)
      #expect(call.tokenLabel != nil)
    }
  }

  @Test func `an app secret proves each call, and is never sent itself`() throws {
    var world = World.demo
    world.requiresProof = true
    let harness = try Harness(
      world: world, settings: ["META_APP_ID": world.appID, "META_APP_SECRET": world.appSecret])
    Self.useEverything(harness)
    let calls = harness.simulator.calls()
    #expect(calls.count >= 9)
    for call in calls where call.path != "/18012000000000000" {
      #expect(call.hasProof, "\(call.path)")
      #expect(call.status == 200, "\(call.path)")
    }
    #expect(calls.contains { $0.endpoint == .debugToken })
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
  }

  @Test func `neither a token nor the app's secret stands in a request line where Graph takes a form`() throws
  {
    let harness = try Harness(settings: appSettings)
    harness.addToken("short")
    let calls = harness.simulator.calls()
    let exchange = try #require(calls.first { $0.endpoint == .oauth })
    #expect(exchange.method == "POST")
    #expect(exchange.query.isEmpty)
    #expect(Set(exchange.form.keys) == ["grant_type", "client_id", "client_secret", "fb_exchange_token"])
    #expect(exchange.tokenPlace == "none", "the form says who asks")
    #expect(exchange.status == 200)
    let secrets: Set<String> = ["access_token", "client_secret", "fb_exchange_token", "input_token"]
    for call in calls {
      let inLine = secrets.intersection(call.query.keys)
      #expect(
        inLine == (call.endpoint == .debugToken ? ["input_token"] : []),
        "Graph takes that one as a query only")
    }
  }

  @Test func `each of the five endpoints asks exactly what it needs`() throws {
    let harness = try Harness()
    harness.addToken("john")
    func calls(_ body: () -> Void) -> [String] {
      harness.simulator.clearCalls()
      body()
      return harness.simulator.calls().map { "\($0.path) \($0.query["fields"] ?? "")" }
    }
    let media = "id,caption,media_url,media_type,thumbnail_url,timestamp,permalink"
    #expect(
      calls {
        harness.send("POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
      }
        == ["/me id,name,picture{url}"])
    #expect(
      calls { harness.sync("c") } == ["/104567890123 id,name,access_token,instagram_business_account{id}"])
    #expect(
      calls { harness.send("GET", "/instagram/c/") }
        == [
          "/17841405822348523 followers_count,follows_count,media_count,username,profile_picture_url,biography,"
            + "website,media.limit(100){\(media),like_count,comments_count,alt_text,media_product_type,"
            + "is_shared_to_feed,children{id,media_type,media_url,thumbnail_url}}"
        ])
    #expect(calls { harness.send("GET", "/instagram/c/") } == [])
    #expect(
      calls { harness.send("GET", "/post/17999999999999999/") }
        == ["/17999999999999999 \(media),like_count,comments_count"])
    let pages = calls { harness.send("GET", "/pages/") }.sorted()
    #expect(pages.count == 2)
    #expect(pages.first == "/me/accounts id,name,picture{url},instagram_business_account{id}")
    #expect(!pages.joined().contains("access_token"), "a list has no use for tokens")
  }

  @Test func `only digits enter a path`() throws {
    let harness = try Harness()
    harness.addClient()
    for id in [
      "me", "1%2Faccounts", "1%3Ffields%3Dx", "..%2f1", "1%23", "%D9%A1", "1%0a",
      String(repeating: "1", count: 65),
    ] {
      #expect(harness.send("GET", "/post/\(id)/").status == 404)
    }
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test func `redirects are not followed, wherever they lead`() throws {
    let elsewhere = try Server.start()
    defer { elsewhere.stop() }
    for location in [elsewhere.url + "/v26.0/me", "/v26.0/me", "//127.0.0.1:\(elsewhere.port)/v26.0/me"] {
      let harness = try Harness()
      harness.simulator.addFault(Fault(.redirect(location: location)))
      #expect(harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#).status == 502)
      #expect(harness.simulator.calls().count == 1)
    }
    #expect(elsewhere.calls().isEmpty)
  }

  @Test func `next is not followed, only its cursor`() throws {
    let elsewhere = try Server.start()
    defer { elsewhere.stop() }
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    let body =
      #"{"data":[{"id":"1","name":"One"}],"paging":{"cursors":{"after":"x&y=1"},"#
      + #""next":"\#(elsewhere.url)/v26.0/me/accounts?access_token=stolen"}}"#
    harness.simulator.addFault(
      Fault(MarkingTests.raw(body), match: .init(endpoint: .accounts), count: 1))
    harness.simulator.addFault(Fault(MarkingTests.raw(#"{"data":[]}"#), match: .init(endpoint: .accounts)))
    #expect(harness.send("GET", "/pages/").json["pages"]?.array?.count == 1)
    #expect(elsewhere.calls().isEmpty)
    let second = try #require(harness.simulator.calls().last { $0.endpoint == .accounts })
    #expect(second.query["after"] == "x&y=1")
    #expect(second.query["limit"] == "100")
  }

  @Test func `a wrong certificate is a failure like any other, and gets no token`() throws {
    for flaw in [WrongCertificateServer.Flaw.selfSigned, .otherHost] {
      let server = try WrongCertificateServer(flaw)
      defer { server.stop() }
      let harness = try Harness(settings: ["META_GRAPH_URL": server.url])
      let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
      #expect(answer.status == 502)
      #expect(answer.reason == "upstream_error")
    }
  }
}
