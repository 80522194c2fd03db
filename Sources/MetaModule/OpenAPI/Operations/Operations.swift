/// What the document says of each route, in the order of the route table.
enum Operations {
  static let all = clients + tokens + mappings + administration

  /// The operation of a route; every route has one (a test holds that).
  static func operation(for route: Route) -> Operation? {
    all.first { $0.method == route.method && $0.pattern == route.pattern }
  }
}
