import Cryptography
import Foundation
import GraphSimulator
import JSON

@testable import Cache
@testable import MetaModule
@testable import Store
@testable import System
@testable import Text

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

  /// One that gives Graph a second, for calls that are not answered.
  func impatient() throws -> Application { try another(settings: ["META_GRAPH_TIMEOUT": "1"]) }

  deinit {
    simulator.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func application(
    folder: URL, simulator: GraphSimulator.Server, settings: [String: String]
  ) throws -> Application {
    var environment = [
      "HOME": folder.path, "META_DATA_DIR": folder.appending(path: "data").path,
      "META_GRAPH_URL": simulator.url,
      "META_BACKOFF_UNIT_MS": "1", "META_LOG_LEVEL": "critical",
      // A Graph that answers has the time that a busy machine takes. Not more: whoever is to wait half a minute, waits.
      "META_GRAPH_TIMEOUT": "25", "META_REQUEST_BUDGET": "25",
    ]
    environment.merge(settings) { _, new in new }
    return Application(configuration: try Configuration(environment: environment))
  }

  // MARK: - Requests

  /// Sends one request and reads the answer.
  @discardableResult
  func send(_ method: String, _ target: String, _ json: String? = nil) -> Answer {
    send(Request(method, target, json: json))
  }

  /// Sends a request that was put together by the test.
  @discardableResult
  func send(_ request: Request) -> Answer { Answer(application.respond(to: request)) }

  /// Sends a body as it is.
  @discardableResult
  func send(_ method: String, _ target: String, body: [UInt8], type: String) -> Answer {
    var request = Request(method, target)
    request.contentType = type
    request.body = .complete(body)
    return send(request)
  }

  // MARK: - What is stored

  /// The database, as a further process sees it.
  func store() throws -> Store { try Store(folder: application.configuration.dataDirectory) }

  /// The row of that id.
  func token(_ id: Int64) throws -> StoredToken? { try store().token(id) }

  /// The mapping of a client.
  func mapping(_ client: String, page: String? = nil) throws -> StoredMapping? {
    try store().mappings(limit: 1000).first { $0.clientID == client && (page == nil || $0.pageID == page) }
  }

  /// Stores the simulator's token of that label through the API, and returns its row's id.
  @discardableResult
  func addToken(_ label: String) -> Int64 {
    let body: JSONValue = ["access_token": .string(simulator.token(label)), "account_label": .string(label)]
    return send("POST", "/tokens/", body.serializedText()).json["id"]?.int64 ?? 0
  }

  /// Puts a token into the database without asking Graph, which would refuse it: sealed as the program seals.
  @discardableResult
  func plant(_ value: String, label: String = "planted", expiresAt: Timestamp? = nil) throws -> Int64 {
    let sealed = try application.keyRing().seal(Array(value.utf8))
    let token = NewToken(accountLabel: label, sealedToken: sealed, facts: TokenFacts(expiresAt: expiresAt))
    return try store().saveToken(token).token.id
  }

  /// The demo's client: a token, and a mapping to the Page with Instagram.
  @discardableResult
  func addClient(_ client: String = "client_001", label: String = "john", page: String = "104567890123")
    -> Int64
  {
    let token = addToken(label)
    sync(client, page: page, token: token)
    simulator.clearCalls()
    return token
  }

  /// A mapping without Instagram that puts a token in use, as those are asked for what nobody has seen.
  func use(_ token: Int64) throws {
    let sealed = try application.keyRing().seal(Array("page".utf8))
    _ = try store().saveMapping(
      NewMapping(
        clientID: "user of \(token)", pageID: "1", instagramAccountID: nil, sealedPageToken: sealed,
        tokenID: token))
  }

  /// Stores the simulator's token of that label, and puts it in use.
  @discardableResult
  func addTokenInUse(_ label: String) throws -> Int64 {
    let id = addToken(label)
    try use(id)
    return id
  }

  /// Maps a client to a Page.
  @discardableResult
  func sync(_ client: String, page: String = "104567890123", account: String? = nil, token: Int64 = 1)
    -> Answer
  {
    let body: JSONValue = [
      "client_id": .string(client), "fb_page_id": .string(page), "ig_account_id": JSONValue(account),
      "token_id": JSONValue(token),
    ]
    return send("POST", "/sync/", body.serializedText())
  }

  /// The demo account's grid as it is in the cache.
  var cachedGrid: CachedEntry? {
    CacheKey("ig_grid_17841405822348523").flatMap { application.rooms.cache?.read($0, now: .now) }
  }

  /// Makes a cached grid as old as so many seconds.
  func age(_ account: String = "17841405822348523", seconds: Int64) throws {
    guard let cache = application.rooms.cache, let key = CacheKey("ig_grid_\(account)"),
      let entry = cache.read(key, now: .now)
    else { return }
    let configuration = application.configuration
    try cache.store(
      entry.body, etag: entry.etag, under: key, now: Timestamp(seconds: Timestamp.now.seconds - seconds),
      freshFor: configuration.cacheTTL, staleFor: configuration.cacheStale)
  }
}

/// An answer, taken apart for expectations.
struct Answer {
  let status: Int
  let headers: [(name: String, value: String)]
  let text: String
  let json: JSONValue
  /// The length that is announced, which for `HEAD` is not that of the body.
  let contentLength: Int
  /// The body, a file's content too.
  let bytes: [UInt8]

  init(_ response: Response) {
    bytes = (try? response.file?.bytes(from: 0, atMost: .max)) ?? response.body
    status = response.status
    headers = response.headers
    text = String(decoding: response.body, as: UTF8.self)
    json = (try? JSONValue(parsing: response.body)) ?? .null
    contentLength = response.contentLength
  }

  /// The first header of that name.
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The names of all headers, in alphabetical order.
  var headerNames: [String] { headers.map(\.name).sorted() }

  var detail: String? { json["detail"]?.string }
  var reason: String? { json["reason"]?.string }
}

extension Request {
  /// A request as a web server hands it over: CGI parameters in this order.
  init(cgi parameters: [(String, String)], body: [UInt8] = []) {
    self.init()
    for (name, value) in parameters { take(name, value) }
    self.body = .complete(body)
  }

  /// Takes one more parameter of a web server.
  mutating func take(_ name: String, _ value: String) { take(name, Array(value.utf8)) }

  /// Takes one more parameter of a web server, byte by byte.
  mutating func take(_ name: String, _ value: [UInt8]) {
    let name = Array(name.utf8)
    take(parameter: name.span, value: value.span)
  }
}
