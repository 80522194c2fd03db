internal import JSON

/// From a path to what answers it.
struct Dispatch {
  var call: Call
  var route: Route
  var method: String
  var simulation: Simulation

  func reply(usage: [Header]) throws(Refusal) -> Reply {
    if route.endpoint == .batch {
      let answer = try Batch(call: call, simulation: simulation).answer()
      return .success(answer, version: route.version, usage: usage)
    }
    if route.endpoint == .picture {
      return try picture(usage)
    }
    return .success(try json(), version: route.version, usage: usage)
  }

  private func json() throws(Refusal) -> JSONValue {
    switch route.endpoint {
    case .oauth: return try OAuth(call: call).answer()
    case .debugToken: return try DebugToken(call: call).answer()
    default: break
    }
    guard let first = route.components.first else { throw noObject }
    guard first.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || first == "me" else {
      throw .unknownPath(route.path)
    }
    guard method == "GET" || method == "HEAD" else {
      throw .noSuchObject(first, method: method.lowercased())
    }
    let node = first == "me" ? try call.me() : try call.node(first)
    let selection = try call.parameters["fields"].map { text throws(Refusal) in
      try SelectionParser.parse(text)
    }
    switch route.components.count {
    case 1: return .object(try call.render(node, selection, viaEdge: false))
    case 2: return try edge(route.components[1], of: node, selection)
    default: throw .unknownPath("/" + route.components[2...].joined(separator: "/"))
    }
  }

  private func edge(
    _ name: String, of node: Node, _ selection: Selection?
  ) throws(Refusal) -> JSONValue {
    guard let edge = try call.edge(name, of: node) else {
      throw Call.edgeNames.contains(name)
        ? .noSuchField(name, on: node.typeName) : .unknownPath("/\(name)")
    }
    let window = try Window { call.parameters[$0] }
    return .object(try call.render(edge, window, selection, original: call.parameters))
  }

  /// A redirect to the picture, unless `redirect=0` asks for the JSON.
  private func picture(_ usage: [Header]) throws(Refusal) -> Reply {
    let id = route.components[0]
    let node = id == "me" ? try call.me() : try call.node(id)
    let kind: ProfilePicture
    switch node {
    case .user(let user): kind = user.picture
    case .page(let page, _): kind = page.picture
    case .business, .instagram, .media: throw .noSuchField("picture", on: node.typeName)
    }
    // People without a picture are shown as an outline here.
    let source = PictureSource(
      ownerID: node.id, kind == .none ? .silhouette : kind, base: call.base, call.cdn
    ) { call.parameters[$0] }
    guard let source else { throw .noSuchObject(id) }
    if ["0", "false"].contains(call.parameters["redirect"] ?? "") {
      return .success(["data": .object(source.json)], version: route.version, usage: usage)
    }
    return Reply(status: 302, headers: [Header("Location", source.url)] + usage)
  }

  /// `GET /`, of which `?ids=` was a part until 2026.
  private var noObject: Refusal {
    var refusal = Refusal(
      100,
      "Unsupported get request. Please read the Graph API documentation at "
        + "https://developers.facebook.com/docs/graph-api")
    refusal.type = "GraphMethodException"
    return refusal
  }
}
