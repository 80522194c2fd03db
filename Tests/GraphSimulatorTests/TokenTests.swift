internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct TokenTests {
  @Test(arguments: ["header", "query", "form"]) func `a token may come three ways`(place: String) throws {
    let graph = try Graph()
    let reply =
      switch place {
      case "header": graph.get("/me", as: "example")
      case "query": graph.get("/me?access_token=your_token_here", as: nil)
      default:
        graph.request(
          "GET", "/v26.0/me", headers: ["Content-Type: application/x-www-form-urlencoded"],
          body: "access_token=your_token_here")
      }
    #expect(reply.json["name"] == "John Doe")
    #expect(graph.server.calls().first?.tokenPlace == place)
    #expect(graph.server.calls().first?.tokenLabel == "example")
  }

  @Test func `without a token there is no answer`() throws {
    let graph = try Graph()
    #expect(graph.get("/me", as: nil).error?["code"] == 2500)
    #expect(graph.get("/\(Demo.page)", as: nil).error?["code"] == 104)
  }

  @Test(
    arguments: [
      ("expired", 463), ("password-changed", 460), ("app-removed", 458), ("revoked", 466),
      ("logged-out", 467),
      ("checkpoint", 459), ("unconfirmed", 464), ("blocked-by-checkpoint", 490), ("malformed", nil),
    ] as [(String, Int?)])
  func `a dead token is refused with its subcode`(label: String, subcode: Int?) throws {
    let reply = try Graph().get("/me/accounts", as: label)
    #expect(reply.status == 400)
    #expect(reply.error?["code"] == 190)
    #expect(reply.error?["type"] == "OAuthException")
    #expect(reply.error?["error_subcode"] == subcode.map { JSONValue($0) })
  }

  @Test func `the message of an unknown token repeats it`() throws {
    let graph = try Graph()
    let reply = graph.get("/me?access_token=EAABsecret", as: nil)
    #expect(reply.error?["message"] == "Malformed access token EAABsecret")
    #expect(reply.error?["error_subcode"] == nil)
    #expect(
      graph.get("/me?access_token=a%20b", as: nil).error?["message"]
        == "Invalid OAuth access token - Cannot parse access token")
  }

  @Test func `a checkpointed token works again after its owner has logged in`() throws {
    let graph = try Graph()
    #expect(graph.get("/me", as: "checkpoint").error?["error_subcode"] == 459)
    graph.server.setState(.active, ofToken: "checkpoint")
    #expect(graph.get("/me", as: "checkpoint").status == 200)
  }

  @Test func `with a Page token, me is the Page`() throws {
    let graph = try Graph()
    let pages = graph.get("/me/accounts").json["data"]
    let token = try #require(pages?[0]?["access_token"]?.string)
    #expect(token == graph.server.pageToken("john", page: Demo.page))
    #expect(graph.get("/me?access_token=\(token)", as: nil).json["name"] == "My Business Page")
    #expect(graph.get("/me/accounts?access_token=\(token)", as: nil).error?["code"] == 100)
    let media = graph.get("/\(Demo.instagram)/media?access_token=\(token)", as: nil)
    #expect(media.status == 200)
    #expect(graph.server.calls().last?.tokenLabel == "john/\(Demo.page)")
    // Of its own Page only.
    #expect(graph.get("/17841472020051826?access_token=\(token)", as: nil).error?["code"] == 100)
  }

  @Test func `a Page token is known again after a restart, and a forged one is not`() throws {
    let token = try Graph().server.pageToken("maria", page: "112233445566778")
    let graph = try Graph()
    #expect(graph.get("/me?access_token=\(token)", as: nil).json["id"] == "112233445566778")
    let forged = token.replacing("112233445566778", with: "112233445566779")
    #expect(graph.get("/me?access_token=\(forged)", as: nil).error?["code"] == 190)
  }

  @Test func `two tokens of one person have different Page tokens`() throws {
    let graph = try Graph()
    #expect(
      graph.server.pageToken("john", page: Demo.page) != graph.server.pageToken("forever", page: Demo.page))
  }

  @Test func `a Page token outlives the expiry of its user token, but not a changed password`() throws {
    let graph = try Graph()
    let token = graph.server.pageToken("john", page: Demo.page)
    graph.server.setState(.expired, ofToken: "john")
    #expect(graph.get("/me").error?["error_subcode"] == 463)
    #expect(graph.get("/me?access_token=\(token)", as: nil).status == 200)
    graph.server.setState(.passwordChanged, ofToken: "john")
    #expect(graph.get("/me?access_token=\(token)", as: nil).error?["error_subcode"] == 460)
  }

  @Test(
    arguments: [
      (PageTrouble.roleLost, 492), (.notAdministrator, nil), (.deleted, nil), (.permissionMissing, nil),
    ] as [(PageTrouble, Int?)])
  func `a Page token can be dead while its user token lives`(trouble: PageTrouble, subcode: Int?) throws {
    let graph = try Graph()
    let token = graph.server.pageToken("john", page: Demo.page)
    graph.server.setTrouble(trouble, page: Demo.page, ofToken: "john")
    let reply = graph.get("/\(Demo.instagram)?access_token=\(token)", as: nil)
    #expect(reply.error?["code"] == 190)
    #expect(reply.error?["error_subcode"] == subcode.map { JSONValue($0) })
    let pages = graph.get("/me/accounts?fields=name,access_token").json["data"]?.array
    let row = pages?.first { $0["id"] == .string(Demo.page) }
    #expect(row?["access_token"] == nil)
    #expect((row == nil) == (trouble == .deleted))
    graph.server.setTrouble(nil, page: Demo.page, ofToken: "john")
    #expect(graph.get("/\(Demo.instagram)?access_token=\(token)", as: nil).status == 200)
  }

  @Test func `the content of a Page needs the Page's own token`() throws {
    let graph = try Graph()
    let asUser = graph.get("/\(Demo.page)/posts")
    #expect(asUser.status == 400)
    #expect(asUser.error?["code"] == 190)
    #expect(asUser.error?["error_subcode"] == 2_069_032)
    let own = graph.server.pageToken("john", page: Demo.page)
    #expect(graph.get("/\(Demo.page)/posts?access_token=\(own)", as: nil).text == #"{"data":[]}"#)
    let other = graph.server.pageToken("john", page: "987654321098")
    let refused = graph.get("/\(Demo.page)/posts?access_token=\(other)", as: nil)
    #expect(refused.error?["message"] == "(#10) Requested Page Does Not Match Page Access Token")
  }

  @Test func `scopes decide what is seen`() throws {
    let graph = try Graph()
    #expect(graph.get("/me/accounts", as: "profile-only").text == #"{"data":[]}"#)
    #expect(graph.get("/me", as: "profile-only").status == 200)
    let instagram = graph.get("/\(Demo.instagram)", as: "no-instagram")
    #expect(instagram.status == 400)
    #expect(instagram.error?["code"] == 10)
    let link = graph.get("/\(Demo.page)?fields=instagram_business_account", as: "no-instagram")
    #expect(link.json["instagram_business_account"]?["id"] == .string(Demo.instagram))
  }

  @Test func `only ticked Pages are reached`() throws {
    let graph = try Graph()
    #expect(graph.get("/me/accounts", as: "one-page").json["data"]?.array?.count == 1)
    #expect(graph.get("/me/accounts", as: "no-pages").text == #"{"data":[]}"#)
    let foreign = graph.get("/\(Demo.page)?fields=name,access_token,instagram_business_account", as: "maria")
    #expect(foreign.text == #"{"name":"My Business Page","id":"104567890123"}"#)
  }

  @Test func `Pages of a portfolio are found only there, and only with business_management`() throws {
    let graph = try Graph()
    let direct = graph.get("/me/accounts?fields=id", as: "maria").json["data"]?.array ?? []
    #expect(direct.compactMap { $0["id"]?.string } == ["112233445566778", "112233445566779"])
    let fields =
      "owned_pages{id,name,access_token,instagram_business_account{id}},client_pages{id,access_token}"
    let business = graph.get("/me/businesses?fields=\(fields)", as: "maria").json["data"]?[0]
    let owned = business?["owned_pages"]?["data"]
    #expect(owned?[1]?["id"] == "112233445566780")
    #expect(owned?[1]?["instagram_business_account"]?["id"] == "17841472020051833")
    #expect(owned?[1]?["access_token"]?.string == graph.server.pageToken("maria", page: "112233445566780"))
    #expect(business?["client_pages"]?["data"]?[0]?.object?.keys == ["id"])
    let edge = graph.get("/645699291956344/owned_pages?limit=1", as: "maria").json
    #expect(edge["paging"]?["next"] != nil)

    for path in ["/me/businesses", "/me?fields=businesses", "/645699291956344/owned_pages"] {
      let refused = graph.get(path, as: "no-business")
      #expect(refused.status == 403)
      #expect(refused.error?["code"] == 200)
    }
    #expect(graph.get("/me/accounts", as: "no-business").status == 200)
    #expect(graph.get("/645699291956344").error?["error_subcode"] == 33)
  }

  @Test func `permissions are listed`() throws {
    let rows = try Graph().get("/me/permissions", as: "profile-only").text
    #expect(rows == #"{"data":[{"permission":"public_profile","status":"granted"}]}"#)
  }
}
