internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /instagram/<client_id>/`: profile and newest media of a client's Instagram account.
  ///
  /// The frequent request: a visitor of a client's site causes one, and nearly all are answered from the cache. The
  /// mapping is looked up first, so that one that was removed is served no more, whatever the cache still holds.
  static func instagramProfile(_ context: RequestContext) throws -> Response {
    guard FieldRule.clientID.accepts(context.capture), context.grant.covers(context.capture) else {
      throw Refusal.mappingNotFound
    }
    let lookup = try context.services.rooms.readCache().latestMappingWithInstagram(
      clientID: context.capture, pageID: context.query?["fb_page_id"])
    switch lookup {
    case .none: throw Refusal.mappingNotFound
    case .withoutInstagram: return Response(json: ["detail": "No Instagram account linked"])
    case .mapping(let mapping):
      guard let account = mapping.instagramAccountID else {
        throw ServerError(cause: "A mapping with Instagram has none.")
      }
      let grid = try context.services.grids.grid(of: mapping, account) { expired in
        context.answerNow(answer(expired, context))
      }
      return answer(grid, context)
    }
  }

  private static func answer(_ grid: Grids.Grid, _ context: RequestContext) -> Response {
    context.record.cache = grid.state
    if let failure = grid.failure { context.record.reason = failure.logReason }
    let headers: [Response.Header] = [
      ("X-Cache", grid.state), ("Age", String(grid.age)),
      ("Cache-Control", "private, max-age=\(grid.left)"), ("ETag", grid.etag),
    ]
    if let candidates = context.request.ifNoneMatch, EntityTag.matches(grid.etag, candidates) {
      return Response(empty: 304, headers: headers)
    }
    return Response(200, bytes: grid.body, headers: headers)
  }
}
