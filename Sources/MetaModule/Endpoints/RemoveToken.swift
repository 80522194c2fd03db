internal import JSON

extension Endpoints {
  /// `DELETE /tokens/<id>/`: refused while mappings use it, unless `?force=1`.
  static func removeToken(_ context: RequestContext) throws(APIError) -> Response {
    let id = try context.capturedID()
    let removal: TokenRemoval
    do {
      removal = try context.store().removeToken(
        id, force: context.query?["force"] == "1", event: context.event("token.remove"))
    } catch { throw APIError(storeOr: error) }
    switch removal {
    case .removed: return Response(empty: 204)
    case .unknown: throw .notFound
    case .inUse(let mappings):
      let use = "\(mappings) \(mappings == 1 ? "mapping uses" : "mappings use") this token."
      throw .conflict(
        "\(use) Remove them first, or repeat with ?force=1.",
        forOperator:
          "\(use) Remove them first (metactl mapping list, metactl mapping remove ID), or leave them without it: "
          + "metactl token remove \(id) --force. Nothing was changed.")
    }
  }
}
