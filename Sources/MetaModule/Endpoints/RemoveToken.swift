internal import Store
internal import Text

extension Endpoints {
  /// `DELETE /tokens/<id>/`: refused while mappings use it, unless `?force=1`.
  static func removeToken(_ context: RequestContext) throws -> Response {
    let id = try context.capturedID()
    let removal = try context.store().removeToken(
      id, force: context.query?["force"] == "1", event: context.event("token.remove"))
    switch removal {
    case .removed: return Response(empty: 204)
    case .unknown: throw APIError.notFound
    case .inUse(let mappings): throw Refusal.tokenInUse(id, mappings: mappings)
    }
  }
}
