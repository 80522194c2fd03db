internal import JSON
internal import Store

extension Endpoints {
  /// `GET /tokens/`: the stored accounts; never a token.
  static func listTokens(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let store = try context.store()
    _ = try store.expireTokens(now: context.now)
    let rows = try store.tokens(after: page.after, limit: page.fetched)
    return page.answer("tokens", rows, id: \.id) { context.json($0) }
  }
}
