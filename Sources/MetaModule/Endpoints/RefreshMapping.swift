internal import JSON
internal import Store

extension Endpoints {
  /// `POST /mappings/<id>/refresh/`: fetches the grid anew; while Graph does not give it, the cached one stands in.
  static func refreshMapping(_ context: RequestContext) throws -> Response {
    let grids = context.services.grids
    let mapping = try context.existingMapping()
    let serves = try grids.servingMapping(ofClient: mapping.clientID) == mapping.id
    guard let account = mapping.instagramAccountID else {
      return Response(json: [
        "refreshed": false, "detail": "No Instagram account linked",
        "mapping": mapping.json(grids, serves: serves),
      ])
    }
    if let failure = try grids.refresh(mapping, account) {
      context.record.reason = failure.logReason
      return Response(json: [
        "refreshed": false, "detail": .string("\(failure.detail). The grid that is cached stays."),
        "mapping": mapping.json(grids, serves: serves),
      ])
    }
    let current = try context.store().mapping(mapping.id) ?? mapping
    return Response(json: ["refreshed": true, "mapping": current.json(grids, serves: serves)])
  }
}
