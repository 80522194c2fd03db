internal import Store
internal import JSON
internal import Graph
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
    let wish = try context.query.flatMap { try windowWish($0) }
    let lookup = try context.services.rooms.readCache().latestMappingWithInstagram(
      clientID: context.capture, pageID: context.query?["fb_page_id"])
    switch lookup {
    case .none: throw Refusal.mappingNotFound
    case .withoutInstagram: return Response(json: ["detail": "No Instagram account linked"])
    case .mapping(let mapping):
      guard let account = mapping.instagramAccountID else {
        throw ServerError(cause: "A mapping with Instagram has none.")
      }
      func overdue(_ expired: Grids.Grid) { context.answerNow(answer(expired, context)) }
      let grids = context.services.grids
      guard let wish else {
        return answer(try grids.grid(of: mapping, account, overdue: overdue), context)
      }
      let view = WindowView(
        wish: wish, account: account, base: context.base,
        address: context.ownAddress(without: ["limit", "after"]))
      return answer(try grids.view(view, of: mapping, overdue: overdue), context)
    }
  }

  /// `nil`: the seed's own answer.
  private static func windowWish(_ query: FormFields) throws -> WindowWish? {
    var reader = QueryReader(query)
    var wish = WindowWish()
    wish.additions = reader.words("include", outOf: InstagramMedium.additions) ?? []
    wish.limit = reader.number("limit", 1...50).map { Int($0) }
    wish.after = reader.medium("after")
    wish.hasLocalPictures = reader.words("images", outOf: ["local"]) != nil
    try reader.finish()
    return wish == WindowWish() ? nil : wish
  }

  private static func answer(_ grid: Grids.Grid, _ context: RequestContext) -> Response {
    context.record.cache = grid.state
    if let failure = grid.failure { context.record.reason = failure.logReason }
    let headers: [Response.Header] = [
      ("X-Cache", grid.state), ("Age", String(grid.age)),
      ("Cache-Control", "private, max-age=\(grid.left)"), ("ETag", grid.etag),
    ]
    let isKnown = context.request.ifNoneMatch.map { EntityTag.matches(grid.etag, $0) } ?? false
    var response =
      isKnown ? Response(empty: 304, headers: headers) : Response(200, bytes: grid.body, headers: headers)
    response.validator = grid.validator
    return response
  }
}
