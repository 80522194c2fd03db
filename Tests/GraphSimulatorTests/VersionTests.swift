internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct VersionTests {
  private static let november = GraphTime.time(2026, 11, 24)

  @Test(
    arguments: [
      ("v26.0", "v26.0"), ("v22.0", "v22.0"), ("v20.0", "v21.0"), ("v2.8", "v21.0"), ("v24.5", "v25.0"),
      ("v27.0", nil), ("26.0", nil), ("v26", nil), ("v26.00", nil), ("v.0", nil), ("vxx.0", nil), ("", nil),
    ] as [(String, String?)])
  func `a version is served by itself or by the oldest living one`(asked: String, answering: String?) {
    #expect(Versions.answering(asked, now: Self.november) == answering)
  }

  @Test func `a version dies on its day`() {
    #expect(Versions.answering("v21.0", now: GraphTime.time(2027, 1, 20)) == "v21.0")
    #expect(Versions.answering("v21.0", now: GraphTime.time(2027, 1, 21)) == "v22.0")
  }

  @Test func `a dead version answers silently, its header tells`() throws {
    let reply = try Graph().get("/me?fields=id", version: "/v3.2")
    #expect(reply.status == 200)
    #expect(reply.headers["facebook-api-version"] != "v3.2")
    #expect(reply.headers["facebook-api-version"] == Versions.answering("v3.2"))
  }

  @Test(arguments: ["/me", "/v99.0/me", "/v26.0/nonsense", "/v26.0/me/nonsense", "/v26.0/me/accounts/x"])
  func `an unknown path is code 2500`(path: String) throws {
    let reply = try Graph().get(path, version: "")
    #expect(reply.status == 400)
    #expect(reply.error?["code"] == 2500)
    #expect(reply.error?["message"]?.string?.hasPrefix("Unknown path components: /") == true)
  }

  @Test func `what the legacy protocol had is gone`() throws {
    let graph = try Graph()
    #expect(graph.get("/?ids=123456789").error?["code"] == 100)
    #expect(graph.get("/me?date_format=U").error?["code"] == 100)
    #expect(graph.get("/me", headers: ["If-None-Match: *"]).status == 200)
  }
}
