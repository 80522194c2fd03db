internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /session/`: who am I. Open to everyone: the page asks it first, to know whether to show a sign-in.
  static func showSession(_ context: RequestContext) throws -> Response {
    Response(json: try context.caller.session(context))
  }
}

extension Caller {
  func session(_ context: RequestContext) throws -> JSONValue {
    let credentials = try context.store().credentials()
    var ends: Timestamp?
    if case .admin(let sessionEnds) = self { ends = sessionEnds }
    return [
      "signed_in": .bool(self != .anyone), "mode": credentials.haveExisted ? "credentials" : "protected",
      "actor": JSONValue(name), "scope": JSONValue(grant?.scope.rawValue),
      "expires_at": JSONValue(ends?.description),
    ]
  }
}
