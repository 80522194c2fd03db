internal import JSON

/// The lists that hang on nodes.
extension Call {
  /// Names of all edges there are; asked of the wrong kind of node they are a nonexisting field.
  static let edgeNames: Set<String> = Edge.pageContent.union([
    "accounts", "businesses", "permissions", "owned_pages", "client_pages", "media", "stories", "tags",
    "children",
    "comments",
  ])

  /// The edge of that name, or `nil` where nodes of this kind have none.
  func edge(_ name: String, of node: Node) throws(Refusal) -> Edge? {
    switch (node, name) {
    case (.user(let user), "accounts"): return accounts(of: user)
    case (.user(let user), "businesses"):
      guard has("business_management") else { throw .permission("business_management") }
      let nodes = user.businessIDs.compactMap { id in world.business(id).map(Node.business) }
      return edge(user.id, name, nodes, ["id", "name"])
    case (.user(let user), "permissions"):
      let granted = (identity.token?.scopes ?? []).map { scope -> JSONValue in
        ["permission": .string(scope), "status": "granted"]
      }
      return Edge(ownerID: user.id, name: name, rows: .values(granted), defaults: [], isPaged: false)
    case (.business(let business), "owned_pages"), (.business(let business), "client_pages"):
      guard has("business_management") else { throw .permission("business_management") }
      let ids = name == "owned_pages" ? business.ownedPageIDs : business.clientPageIDs
      let nodes = ids.compactMap { id in world.page(id).map { Node.page($0, role: nil) } }
      return edge(business.id, name, nodes, ["name", "id"])
    case (.page(let page, _), let name) where Edge.pageContent.contains(name):
      guard case .page(_, let own) = identity else { throw .pageTokenRequired }
      guard own == page.id else {
        throw Refusal(10, "(#10) Requested Page Does Not Match Page Access Token")
      }
      return edge(page.id, name, [], ["id"])
    case (.instagram(let account), "media"): return try media(of: account)
    case (.instagram(let account), "stories"), (.instagram(let account), "tags"):
      return edge(account.id, name, [], ["id"])
    case (.media(let post), "children"):
      let children = post.media.children.map { child in
        Node.media(Post(media: child, account: post.account, isChild: true))
      }
      var edge = edge(post.media.id, name, children, ["id"])
      edge.isPaged = false
      return edge
    case (.media(let post), "comments"): return edge(post.media.id, name, [], ["id"])
    default: return nil
    }
  }

  private func edge(_ owner: String, _ name: String, _ nodes: [Node], _ defaults: [String]) -> Edge {
    Edge(ownerID: owner, name: name, rows: .nodes(Rows(nodes, id: \.id)), defaults: defaults)
  }

  /// Pages with a role of the person's own that were ticked in the login dialog. Without
  /// `pages_show_list` the list is empty, which is no error.
  private func accounts(of user: User) -> Edge {
    let defaults = ["access_token", "category", "category_list", "name", "id", "tasks"]
    guard let token = identity.token, token.has("pages_show_list") else {
      return edge(user.id, "accounts", [], defaults)
    }
    let roles = user.roles
    let world = world
    var indexes: [Int]?
    if token.pageIDs != nil || !user.rolesAreAllDirect || tokens.hasTroubles {
      indexes = (0..<roles.count).filter { index in
        let role = roles[index]
        return !role.onlyThroughBusiness && token.reaches(page: role.pageID) && !isDeleted(page: role.pageID)
      }
    }
    let chosen = indexes
    let rows = Rows<Node>(
      count: chosen?.count ?? roles.count,
      make: { index in
        let role = roles[chosen?[index] ?? index]
        // A role on a Page that the world lacks is a mistake of whoever built the world; show it.
        let page = world.page(role.pageID) ?? Page(id: role.pageID, name: "")
        return .page(page, role: role)
      }, find: { _ in nil })
    return Edge(ownerID: user.id, name: "accounts", rows: .nodes(rows), defaults: defaults)
  }

  /// Newest first, the 10,000 newest at most, between `since` and `until` where they are given.
  private func media(of account: InstagramAccount) throws(Refusal) -> Edge {
    let posts = account.media
    let count = min(posts.count, 10_000)
    var chosen: [Int]?
    if parameters["since"]?.isEmpty == false || parameters["until"]?.isEmpty == false {
      let since = parameters["since"].flatMap { Int($0) } ?? 0
      let until = parameters["until"].flatMap { Int($0) } ?? .max
      chosen = (0..<count).filter { (since...max(since, until)).contains(posts[$0].time) }
    }
    let indexes = chosen
    let rows = Rows<Node>(
      count: indexes?.count ?? count,
      make: { .media(Post(media: posts[indexes?[$0] ?? $0], account: account)) }, find: { _ in nil })
    return Edge(ownerID: account.id, name: "media", rows: .nodes(rows), defaults: ["id"])
  }
}
