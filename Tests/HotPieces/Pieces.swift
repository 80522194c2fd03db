internal import Cache
internal import Cryptography
internal import Glibc
internal import Graph
internal import JSON
internal import MetaModule
internal import Store
internal import Text

/// Each piece with what it works on: one installation with a client, its grid in the cache, and an API key.
final class Pieces {
  private let application: Application
  private let files: FileCache
  private let kept: FileCache
  private let key: CacheKey
  private let ring: KeyRing
  private let sealed: String
  private let grid: InstagramGrid
  private let request: Request
  private let route: Route
  private let message = [UInt8](repeating: 7, count: 4096)

  init(folder: String) throws {
    let environment = [
      "HOME": folder, "META_DATA_DIR": folder + "/data", "META_LOG_LEVEL": "critical",
      "META_GRAPH_URL": "http://127.0.0.1:9",
    ]
    let configuration = try Configuration(environment: environment)
    let memory = EntryMemory(maximumBytes: 1 << 20)
    application = Application(configuration: configuration, isServing: true)
    application.prepare()

    let account = "17841405822348523"
    let store = try Store(folder: folder + "/data")
    let token = try store.saveToken(NewToken(accountLabel: "bench", sealedToken: "sealed")).token.id
    _ = try store.saveMapping(
      NewMapping(
        clientID: "client_001", pageID: "104567890123", instagramAccountID: account,
        sealedPageToken: "sealed",
        tokenID: token))

    grid = try InstagramGrid(Self.graphReply(account))
    guard let key = CacheKey("ig_grid_\(account)") else { throw Failure("no key") }
    self.key = key
    files = try FileCache(directory: folder + "/data/cache", maximumBytes: 1 << 26)
    kept = try FileCache(directory: folder + "/data/cache", maximumBytes: 1 << 26, memory: memory)
    try files.store(
      grid.json.serialized(), etag: "\"0123456789abcdef0123456789abcdef\"", under: key, now: .now,
      freshFor: 86_400,
      staleFor: 86_400)
    sleep(3)  // Only then is the entry old enough to be kept in memory.

    ring = try KeyRing([FernetKey.generate(), FernetKey.generate()])
    sealed = try ring.seal([UInt8](repeating: UInt8(ascii: "E"), count: 200))

    var request = Request("GET", "/instagram/client_001/")
    request.apiKey = try application.createAPIKey(label: "bench", scope: .read).key.revealed()
    self.request = request
    guard let route = RouteTable.route("GET", ["instagram", "client_001"]) else { throw Failure("no route") }
    self.route = route
    guard application.respond(to: request).status == 200 else { throw Failure("no warm grid") }
  }

  /// An account with 25 media, as Graph tells of it.
  private static func graphReply(_ account: String) -> JSONValue {
    let media = (0..<25).map { number -> JSONValue in
      [
        "id": .string("178414058223485\(100 + number)"),
        "caption": "A caption with a few words and an emoji \u{1F33F}.",
        "media_url": .string(
          "https://scontent.cdninstagram.com/v/t51.2885-15/\(number)_n.jpg?stp=dst-jpg&_nc_ht=scontent"),
        "media_type": "IMAGE", "timestamp": "2025-12-18T10:30:00+0000",
        "permalink": .string("https://www.instagram.com/p/C\(number)abcdefghi/"),
      ]
    }
    return [
      "id": .string(account), "username": "bench", "followers_count": 5432, "follows_count": 321,
      "media_count": 25,
      "media": ["data": .array(media)],
    ]
  }

  func yardstick() { _ = SHA256.digest(message) }

  func openFernet() throws { _ = try ring.open(sealed) }

  func serializeGrid() { _ = grid.json.serialized() }

  func matchRoute() throws {
    let path = try RequestPath(of: request)
    guard RouteTable.route(request.method, path.segments) != nil else { throw Failure("no route") }
  }

  func readFile() throws {
    guard files.read(key, now: .now) != nil else { throw Failure("no entry") }
  }

  func readMemory() throws {
    guard kept.read(key, now: .now) != nil else { throw Failure("no entry") }
  }

  func checkKey() throws { _ = try Access(application.rooms).caller(of: request, for: route) }

  func respond() throws {
    guard application.respond(to: request).cgiHead().count > 0 else { throw Failure("no answer") }
  }
}
