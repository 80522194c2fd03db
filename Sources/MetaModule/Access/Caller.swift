package import Text

package enum Caller: Sendable, Equatable {
  /// Nobody that we know; only open routes are reached.
  case anyone
  /// A direct request from this machine while no credential exists.
  case thisMachine
  /// `metactl`, on this machine, under an account that can read the database.
  case `operator`
  case apiKey(id: Int64, label: String, grant: Grant)
  /// The operator, signed in with the admin password.
  case admin(sessionEnds: Timestamp)

  /// `nil`: nobody that we know.
  var grant: Grant? {
    switch self {
    case .thisMachine, .operator, .admin: .everything
    case .apiKey(_, _, let grant): grant
    case .anyone: nil
    }
  }

  var name: String? {
    switch self {
    case .anyone: nil
    case .thisMachine: "this machine"
    case .operator: "metactl"
    case .apiKey(_, let label, _): "api key \(label)"
    case .admin: "admin password"
    }
  }
}
