import Foundation
import GraphSimulator
import JSON
import Logging
import MetaModule

/// The whole core against a simulated Graph and a folder of its own: what `meta.fcgi` is, without a web server.
///
/// Waits are a thousandth of the real ones, so that a test may exhaust every retry.
final class Harness {
  let simulator: GraphSimulator.Server
  let folder: URL
  let application: Application

  init(world: World = .demo, settings: [String: String] = [:]) throws {
    simulator = try Server.start(world: world)
    folder = FileManager.default.temporaryDirectory.appending(path: "meta-module-\(UUID().uuidString)")
    application = try Self.application(folder: folder, simulator: simulator, settings: settings)
  }

  /// A further application on the same folder, as another worker or process would have.
  func another(settings: [String: String] = [:]) throws -> Application {
    try Self.application(folder: folder, simulator: simulator, settings: settings)
  }

  deinit {
    simulator.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func application(
    folder: URL, simulator: GraphSimulator.Server, settings: [String: String]
  ) throws -> Application {
    var environment = [
      "HOME": folder.path, "META_DATA_DIR": folder.appending(path: "data").path, "META_GRAPH_URL": simulator.url,
      "META_BACKOFF_UNIT_MS": "1", "META_LOG_LEVEL": "critical",
    ]
    environment.merge(settings) { _, new in new }
    return Application(configuration: try Configuration(environment: environment))
  }

  /// Sends one request and reads the answer.
  @discardableResult
  func send(_ method: String, _ target: String, _ json: String? = nil) -> Answer {
    Answer(application.respond(to: Request(method, target, json: json)))
  }

  /// Stores the simulator's token of that label, and returns its row's id.
  @discardableResult
  func addToken(_ label: String) -> Int64 {
    let body: JSONValue = ["access_token": .string(simulator.token(label)), "account_label": .string(label)]
    return send("POST", "/tokens/", body.serializedText()).json["id"]?.int64 ?? 0
  }

  /// The demo's client: a token, and a mapping to the Page with Instagram.
  func addClient(_ client: String = "client_001") {
    let token = addToken("john")
    send("POST", "/sync/", #"{"client_id":"\#(client)","fb_page_id":"104567890123","token_id":\#(token)}"#)
    simulator.clearCalls()
  }
}

/// An answer, taken apart for expectations.
struct Answer {
  let status: Int
  let headers: [(name: String, value: String)]
  let text: String
  let json: JSONValue

  init(_ response: Response) {
    status = response.status
    headers = response.headers
    text = String(decoding: response.body, as: UTF8.self)
    json = (try? JSONValue(parsing: response.body)) ?? .null
  }

  /// The first header of that name.
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  var detail: String? { json["detail"]?.string }
  var reason: String? { json["reason"]?.string }
}
