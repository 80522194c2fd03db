internal import Store
internal import Text

extension Endpoints {
  private static let caching =
    "public, max-age=60, s-maxage=300, stale-while-revalidate=86400, stale-if-error=86400"

  /// `GET /feed/<public_id>/`: a feed, for the pages that may show it.
  ///
  /// The frequent request of the public: each visitor of a client's site makes one, with no credential.
  static func showFeed(_ context: RequestContext) throws -> Response {
    var headers: [Response.Header] = [("Vary", "Origin")]
    return try context.answeringRefusals(with: { headers }) {
      let feed = try context.feedForOrigin(&headers)
      let rate = context.services.rooms.shared.feedRate.take(
        feed.id, context.client?.household, isCounted: context.request.firstCame == nil)
      headers.append(("RateLimit-Policy", FeedRate.policy))
      headers.append(("RateLimit", rate.header))
      guard rate.isLeft else { throw Refusal.tooManyFeeds(seconds: rate.seconds) }

      var reader = QueryReader(context.query)
      var wish = FeedWish()
      wish.limit = reader.number("limit", 1...50).map { Int($0) }
      wish.after = reader.medium("after")
      wish.types = reader.words("type", outOf: FeedSettings.Kind.allCases.map(\.rawValue))?
        .compactMap(FeedSettings.Kind.init)
      let form: FeedForm = reader.words("format", outOf: ["behold"]) == nil ? .json : .behold
      try reader.finish()

      let sent = headers
      func response(_ grid: Grids.Grid) -> Response { answer(grid, context, "application/json", sent) }
      let grid = try context.services.feeds.answer(feed, form, wish, base: context.base) { expired in
        context.answerNow(response(expired))
      }
      return response(grid)
    }
  }

  /// What a browser asks before a page of another site may ask more than it usually does.
  static func preflightFeed(_ context: RequestContext) throws -> Response {
    var headers: [Response.Header] = [("Vary", "Origin")]
    return try context.answeringRefusals(with: { headers }) {
      let allow = ("Allow", "GET, HEAD, OPTIONS")
      guard context.request.origin?.isEmpty == false else {
        return Response(empty: 204, headers: headers + [allow])
      }
      _ = try context.feedForOrigin(&headers)
      return Response(
        empty: 204,
        headers: headers + [
          allow, ("Access-Control-Allow-Methods", "GET, HEAD"),
          ("Access-Control-Allow-Headers", "If-None-Match"), ("Access-Control-Max-Age", "86400"),
        ])
    }
  }

  /// `GET /feed/<public_id>/embed/`: the feed as a page, for a frame of the sites that may show it.
  static func showFeedPage(_ context: RequestContext) throws -> Response {
    let feed = try context.services.feeds.feed(publicID: context.capture)
    let policy = EmbedPage.policy(FeedSettings(feed), publicURL: context.configuration.publicURL)
    let headers: [Response.Header] = [
      ("Content-Security-Policy", policy), ("Cross-Origin-Resource-Policy", "cross-origin"),
      ("Referrer-Policy", "no-referrer"),
    ]
    func response(_ grid: Grids.Grid) -> Response {
      answer(grid, context, "text/html; charset=utf-8", headers)
    }
    let grid = try context.services.feeds.answer(feed, .page, FeedWish(), base: context.base) { expired in
      context.answerNow(response(expired))
    }
    return response(grid)
  }

  private static func answer(
    _ grid: Grids.Grid, _ context: RequestContext, _ type: String, _ own: [Response.Header]
  ) -> Response {
    context.record.cache = grid.state
    if let failure = grid.failure { context.record.reason = failure.logReason }
    let headers = own + [("X-Cache", grid.state), ("Cache-Control", caching), ("ETag", grid.etag)]
    if let candidates = context.request.ifNoneMatch, EntityTag.matches(grid.etag, candidates) {
      return Response(empty: 304, headers: headers)
    }
    return Response(200, bytes: grid.body, type: type, headers: headers)
  }
}

extension RequestContext {
  /// The feed, if a page of the origin that asks may show it. Who names none is a server, or a person who looks.
  ///
  /// - Parameter headers: gain what lets the page's script read the answer, refusals too.
  fileprivate func feedForOrigin(_ headers: inout [Response.Header]) throws -> StoredFeed {
    let feed = try services.feeds.feed(publicID: capture)
    guard let origin = request.origin, !origin.isEmpty else { return feed }
    guard FeedOrigin.allows(feed.origins, origin) else { throw Refusal.originNotAllowed }
    headers.append(("Access-Control-Allow-Origin", origin))
    return feed
  }

  /// The answer, or the refusal with further headers.
  fileprivate func answeringRefusals(
    with headers: () -> [Response.Header], _ answer: () throws -> Response
  ) throws -> Response {
    do { return try answer() } catch let error as any Answerable {
      (record.reason, record.cause) = (error.logReason, error.cause)
      var response = error.response(isForOperator: request.isFromOperator)
      response.headers += headers()
      return response
    }
  }
}
