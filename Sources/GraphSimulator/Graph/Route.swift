/// A path of the API, taken apart.
struct Route: Sendable {
  /// The version that answers.
  var version: String
  /// The path after the version.
  var components: [String]
  var endpoint: Endpoint
  /// Whether the path began with a version that exists.
  var isVersioned: Bool

  init(_ request: IncomingRequest, world: World) {
    var components = request.path.split(separator: "/").map(String.init)
    if let first = components.first, let version = Versions.answering(first) {
      self.version = version
      isVersioned = true
      components.removeFirst()
    } else {
      version = Versions.newest
      isVersioned = false
    }
    self.components = components
    endpoint = Self.endpoint(components, request, world)
  }

  /// The path as faults and the log name it.
  var path: String { "/" + components.joined(separator: "/") }

  private static func endpoint(
    _ components: [String], _ request: IncomingRequest, _ world: World
  ) -> Endpoint {
    switch components.count {
    case 0: request.method == "POST" ? .batch : .unknown
    case 1 where components[0] == "me": .me
    case 1 where components[0] == "debug_token": .debugToken
    case 1: endpoint(of: world.node(components[0]))
    case 2 where components == ["oauth", "access_token"]: .oauth
    case 2: endpoint(ofEdge: components[1])
    default: .unknown
    }
  }

  private static func endpoint(of node: Node?) -> Endpoint {
    switch node {
    case .user: .user
    case .page: .page
    case .business: .business
    case .instagram: .instagram
    case .media: .post
    case nil: .unknown
    }
  }

  private static func endpoint(ofEdge name: String) -> Endpoint {
    if Edge.pageContent.contains(name) { return .content }
    switch name {
    case "accounts", "businesses", "owned_pages", "client_pages", "permissions", "media", "children",
      "picture":
      return Endpoint(rawValue: name) ?? .unknown
    default: return .unknown
    }
  }
}
