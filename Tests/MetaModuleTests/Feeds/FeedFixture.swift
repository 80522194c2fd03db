import GraphSimulator
import JSON

@testable import MetaModule
@testable import Store

/// The demo's client with a feed that anybody may show, unless a test says otherwise.
struct FeedFixture {
  static let account = "17841405822348523"
  let harness: Harness
  let publicID: String

  /// - Parameters:
  ///   - settings: members of the body besides client and name.
  ///   - media: rows that Graph answers with, instead of the demo's.
  init(_ settings: JSONObject = ["origins": ["any"]], media: [String]? = nil) throws {
    harness = try Harness()
    harness.addClient()
    if let media {
      let body =
        #"{"id":"\#(Self.account)","username":"shop","media":{"data":[\#(media.joined(separator: ","))]}}"#
      harness.simulator.addFault(Fault(MarkingTests.raw(body), match: .init(endpoint: .instagram)))
    }
    var body: JSONObject = ["client_id": "client_001", "name": "Home"]
    for (name, value) in settings { body[name] = value }
    if body["origins"] == nil { body["origins"] = ["any"] }
    let answer = harness.send("POST", "/feeds/", JSONValue.object(body).serializedText())
    publicID = answer.json["public_id"]?.string ?? answer.text
  }

  @discardableResult
  func get(_ query: String = "", origin: String? = nil, ifNoneMatch: String? = nil) -> Answer {
    var request = Request("GET", "/feed/\(publicID)/\(query)")
    request.origin = origin
    request.ifNoneMatch = ifNoneMatch
    return harness.send(request)
  }

  func ids(_ query: String = "") -> [String] {
    (get(query).json["posts"]?.array ?? []).compactMap { $0["id"]?.string }
  }
}
