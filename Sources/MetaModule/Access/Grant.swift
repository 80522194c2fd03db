package import Store
internal import Text

/// What a route asks of whoever calls it (API.md, section 4).
enum Capability: Sendable {
  /// Nothing at all, whatever state the installation is in: `health`, signing in and out, and asking who one is.
  case open
  /// Nothing but an installation that is in service: what visitors of clients' sites are shown.
  case `public`
  /// What serves a client's site.
  case read
  case metrics
  case admin
}

/// What a caller may do: what its scope allows, for the clients that it is bound to.
package struct Grant: Sendable, Equatable {
  package static let everything = Grant(scope: .admin, clients: nil)

  package let scope: KeyScope
  /// `nil`: every client. Another one is as if it were not there.
  package let clients: [String]?

  package init(scope: KeyScope, clients: [String]?) { (self.scope, self.clients) = (scope, clients) }

  func allows(_ route: Route) -> Bool {
    let isAble =
      switch route.capability {
      case .open, .public: true
      case .read: scope == .read || scope == .admin
      case .metrics: scope == .metrics || scope == .admin
      case .admin: scope == .admin
      }
    return isAble
      && (clients == nil || route.isOfClients || route.capability == .open || route.capability == .public)
  }

  func covers(_ client: String) -> Bool { clients?.contains { $0.isSameBytes(as: client) } ?? true }
}
