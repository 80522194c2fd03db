internal import JSON

extension Endpoints {
  /// `GET /tokens/`: the stored accounts; never a token.
  static func listTokens(_ context: RequestContext) throws(APIError) -> Response {
    let page = try ListPage(context.query)
    let rows: [StoredToken]
    do {
      let store = try context.store()
      _ = try store.expireTokens(now: context.now)
      rows = try store.tokens(after: page.after, limit: page.fetched)
    } catch { throw APIError(storeOr: error) }
    return page.answer("tokens", rows, id: \.id) { context.json($0) }
  }
}
