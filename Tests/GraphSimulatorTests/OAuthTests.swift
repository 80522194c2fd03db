internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct OAuthTests {
  private static let client =
    "client_id=138483919580948&client_secret=0123456789abcdef0123456789abcdef"

  private func debug(_ graph: Graph, _ token: String, as app: String = Demo.appToken) -> WireReply {
    graph.get("/debug_token?input_token=\(token)&access_token=\(app)", as: nil)
  }

  private func exchange(_ graph: Graph, _ token: String) -> WireReply {
    graph.get(
      "/oauth/access_token?grant_type=fb_exchange_token&\(Self.client)&fb_exchange_token=\(token)", as: nil)
  }

  @Test func `debug_token describes a user token with the keys of the recording`() throws {
    let graph = try Graph()
    let data = debug(graph, graph.server.token("one-page")).json["data"]
    let recorded = try JSONValue(parsing: Recording.bytes("debug_token_user.json"))["data"]
    #expect(data?.object?.keys.filter { $0 != "issued_at" } == recorded?.object?.keys)
    #expect(data?["type"] == "USER")
    #expect(data?["is_valid"] == true)
    #expect(data?["user_id"] == "123456789")
    #expect((data?["expires_at"]?.int64 ?? 0) > Int64(GraphTime.now()))
    #expect(data?["granular_scopes"]?[0]?["target_ids"] == [.string(Demo.page)])
    #expect(data?["granular_scopes"]?[2]?["target_ids"] == [.string(Demo.instagram)])
  }

  @Test func `a Page token never expires and tells its Page`() throws {
    let graph = try Graph()
    let data = debug(graph, graph.server.pageToken("john", page: Demo.page)).json["data"]
    #expect(data?["type"] == "PAGE")
    #expect(data?["expires_at"] == 0)
    #expect(data?["profile_id"] == .string(Demo.page))
  }

  @Test func `a dead token is described with HTTP 200, as in the documentation`() throws {
    let graph = try Graph()
    let reply = debug(graph, graph.server.token("password-changed"))
    #expect(reply.status == 200)
    let recorded = try JSONValue(parsing: Recording.bytes("debug_token_invalid_input.json"))["data"]
    let data = reply.json["data"]
    #expect(data?.object?.keys == recorded?.object?.keys)
    #expect(data?["error"]?.object?.keys == recorded?["error"]?.object?.keys)
    #expect(data?["error"]?["subcode"] == 460)
    #expect(data?["is_valid"] == false)
    #expect(debug(graph, "nonsense").json["data"]?["error"]?["message"] == "Invalid OAuth access token.")
  }

  @Test func `only the app asks, and only about its own tokens`() throws {
    let graph = try Graph()
    #expect(debug(graph, "your_token_here", as: "your_token_here").error?["code"] == 100)
    #expect(debug(graph, "your_token_here", as: "138483919580948%7Cwrong").error?["code"] == 190)
    let other = debug(graph, graph.server.token("wrong-app"))
    #expect(other.error?["message"]?.string?.contains("did not match the Viewing App") == true)
  }

  @Test func `a short-lived token is exchanged for the long-lived one`() throws {
    let graph = try Graph()
    let reply = exchange(graph, graph.server.token("short"))
    #expect(reply.json.object?.keys == ["access_token", "token_type", "expires_in"])
    #expect(reply.json["access_token"]?.string == graph.server.token("short-long"))
    #expect((reply.json["expires_in"]?.int64 ?? 0) > 59 * 86_400)
    let token = try #require(reply.json["access_token"]?.string)
    #expect(graph.get("/me?access_token=\(token)", as: nil).json["name"] == "John Doe")
    // Asked again, it gives the same.
    #expect(exchange(graph, graph.server.token("short")).json["access_token"]?.string == token)
  }

  @Test func `a token without an end has no expires_in`() throws {
    let graph = try Graph()
    let reply = exchange(graph, graph.server.token("forever"))
    #expect(reply.json.object?.keys == ["access_token", "token_type"])
  }

  @Test func `expired, foreign and unknown tokens are not exchanged`() throws {
    let graph = try Graph()
    #expect(exchange(graph, graph.server.token("expired")).error?["error_subcode"] == 463)
    #expect(exchange(graph, graph.server.token("wrong-app")).error?["code"] == 190)
    #expect(exchange(graph, "nonsense").error?["code"] == 190)
  }

  @Test func `the app must prove itself`() throws {
    let graph = try Graph()
    let path = "/oauth/access_token?grant_type=fb_exchange_token&fb_exchange_token=your_token_here"
    #expect(graph.get(path, as: nil).error?["code"] == 101)
    #expect(graph.get(path + "&client_id=1&client_secret=x", as: nil).error?["code"] == 101)
    let wrong = graph.get(path + "&client_id=138483919580948&client_secret=x", as: nil)
    #expect(wrong.error?["message"] == "Error validating client secret.")
  }

  @Test func `a code is good once and for its own address`() throws {
    let graph = try Graph()
    func redeem(_ code: String, _ address: String) -> WireReply {
      graph.get("/oauth/access_token?\(Self.client)&code=\(code)&redirect_uri=\(address)", as: nil)
    }
    let address = "http://localhost:8000/api/meta/login/"
    #expect(redeem("AQDemoCode", address + "x").error?["error_subcode"] == 36008)
    #expect(redeem("AQDemoCode", address).json["access_token"]?.string == graph.server.token("john"))
    #expect(redeem("AQDemoCode", address).error?["error_subcode"] == 36009)
    #expect(redeem("nonsense", address).headers["www-authenticate"]?.contains("invalid_code") == true)
  }

  @Test func `SHA-256 and HMAC are those of the standards`() {
    #expect(
      SHA256.hex(SHA256.digest(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex(SHA256.digest([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(SHA256.digest([UInt8](repeating: 0x61, count: 1_000)))
        == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
    // RFC 4231, cases 2 and 6.
    #expect(
      SHA256.hmacHex(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      SHA256.hmacHex(
        key: [UInt8](repeating: 0xaa, count: 131),
        message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test func `both forms of the proof are accepted, wrong and stale ones are not`() throws {
    let graph = try Graph()
    func proof(_ message: String) -> String {
      SHA256.hmacHex(key: Array("0123456789abcdef0123456789abcdef".utf8), message: Array(message.utf8))
    }
    let token = "your_token_here"
    let path = "/me?access_token=\(token)&appsecret_proof="
    #expect(graph.get(path + proof(token), as: nil).status == 200)
    #expect(graph.server.calls().last?.hasProof == true)
    let now = GraphTime.now()
    #expect(graph.get(path + proof("\(token)|\(now)") + "&appsecret_time=\(now)", as: nil).status == 200)
    let old = now - 301
    for wrong in [
      proof("other"), proof("\(token)|\(now)"), proof(token) + "&appsecret_time=\(now)",
      proof("\(token)|\(old)") + "&appsecret_time=\(old)", "", proof(token) + "&appsecret_time=x",
    ] {
      let reply = graph.get(path + wrong, as: nil)
      #expect(reply.status == 400)
      #expect(reply.error?["type"] == "GraphMethodException")
      #expect(reply.error?["message"] == "Invalid appsecret_proof provided in the API argument")
    }
  }

  @Test func `an app may demand the proof`() throws {
    var world = World.demo
    world.requiresProof = true
    let reply = try Graph(world).get("/me")
    #expect(reply.error?["code"] == 100)
    #expect(reply.error?["message"] == "API calls from the server require an appsecret_proof argument")
  }

  @Test func `a system user's token is renewed only when that is asked for`() throws {
    let graph = try Graph()
    let token = graph.server.token("system-user")
    #expect(debug(graph, token).json["data"]?["type"] == "SYSTEM_USER")
    #expect(exchange(graph, token).error?["code"] == 100)
    let form =
      "grant_type=fb_exchange_token&\(Self.client)&fb_exchange_token=\(token)&set_token_expires_in_60_days=true"
    let reply = graph.post("/v26.0/oauth/access_token", form: form)
    #expect(reply.json["access_token"]?.string == graph.server.token("system-user-long"))
    #expect(graph.server.calls().last?.form["set_token_expires_in_60_days"] == "true")
    #expect(graph.server.calls().last?.form["client_secret"] == "…")
  }

  @Test func `another app's token refuses every proof, since its app has another secret`() throws {
    let graph = try Graph()
    let token = graph.server.token("wrong-app")
    #expect(graph.get("/me?access_token=\(token)", as: nil).status == 200)
    let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    let proof = SHA256.hmacHex(key: secret, message: Array(token.utf8))
    let reply = graph.get("/me?access_token=\(token)&appsecret_proof=\(proof)", as: nil)
    #expect(reply.error?["message"] == "Invalid appsecret_proof provided in the API argument")
  }
}
