import GraphSimulator
import JSON
import Testing

@testable import Cache
@testable import MetaModule

/// The newest 100 media, which one call brings along with the seed's 25.
@Suite struct WindowTests {
  @Test func `a Graph that wants less is asked for half, and half again, without a wait`() throws {
    for failing in 1...2 {
      let harness = try Harness(settings: ["META_BACKOFF_UNIT_MS": "20000"])
      harness.addClient()
      harness.simulator.addFault(Fault(.error(GraphError(code: 1)), count: failing))
      #expect(harness.send("GET", "/instagram/client_001/").status == 200)
      let sizes = harness.simulator.calls().map {
        $0.query["fields"]?.split(separator: "limit(").last?.prefix(3)
      }
      #expect(sizes == ["100", "50)", "25)"].prefix(failing + 1).map { $0[...] })
    }
  }

  @Test func `a grid is the same from whichever window`() throws {
    let whole = try Harness()
    whole.addClient()
    let halved = try Harness()
    halved.addClient()
    halved.simulator.addFault(Fault(.error(GraphError(code: 1)), count: 2))
    func body(_ harness: Harness) -> String {
      harness.send("GET", "/instagram/client_001/").text.replacing(
        "127.0.0.1:\(harness.simulator.port)", with: "")
    }
    #expect(body(whole) == body(halved))
  }

  @Test func `an odd count or child costs neither the post nor the grid`() throws {
    let harness = try Harness()
    harness.addClient()
    let odd = [
      #"{"id":"1","like_count":"many","comments_count":[],"alt_text":7,"children":{}}"#,
      #"{"id":"2","media_type":"CAROUSEL_ALBUM","children":{"data":[{"id":"3"},7,{"media_url":null}]}}"#,
      #"{"id":"4","media_type":"HOLOGRAM","timestamp":null,"is_shared_to_feed":"yes"}"#,
    ]
    harness.simulator.addFault(
      Fault(MarkingTests.raw(#"{"id":"1","media":{"data":[\#(odd.joined(separator: ","))]}}"#)))
    let media = harness.send("GET", "/instagram/client_001/").json["media"]?.array
    #expect(media?.compactMap { $0["id"]?.string } == ["1", "2", "4"])
    let window = try #require(
      GridPart.window.key("17841405822348523").flatMap { harness.application.rooms.cache?.entry(of: $0) })
    let kept = try JSONValue(parsing: window.body)["media"]
    #expect(kept?[0]?["like_count"] == .null)
    #expect(kept?[0]?["children"] == .null)
    #expect(kept?[1]?["children"]?.array?.count == 3)
    #expect(kept?[2]?["shared_to_feed"] == .null)
  }

  @Test func `a removed mapping takes the window along`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    func kept(_ part: GridPart) -> CachedEntry? {
      part.key("17841405822348523").flatMap { harness.application.rooms.cache?.entry(of: $0) }
    }
    #expect(GridPart.allCases.allSatisfy { kept($0) != nil })
    #expect(kept(.stamp)?.etag == kept(.window)?.etag)
    harness.send("DELETE", "/mappings/1/")
    #expect(GridPart.allCases.allSatisfy { kept($0) == nil })
  }
}
