internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /mappings/`: which client has which Page.
  static func listMappings(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let rows = try context.store().mappings(
      after: page.after, limit: page.fetched, ofClients: context.grant.clients)
    let grids = context.services.grids
    // By bytes: as text, composed and decomposed characters are the same.
    var serving: [[UInt8]: Int64] = [:]
    for row in rows where serving[Array(row.clientID.utf8)] == nil {
      serving[Array(row.clientID.utf8)] = try grids.servingMapping(ofClient: row.clientID) ?? 0
    }
    return page.answer("mappings", rows, id: \.id) {
      $0.json(grids, serves: serving[Array($0.clientID.utf8)] == $0.id)
    }
  }
}

extension StoredMapping {
  /// A mapping as answers show it: everything but the page token. `cached_at` tells how old its grid is.
  /// - Parameter serves: it is the one whose grid its client is given.
  func json(_ grids: Grids, serves: Bool) -> JSONValue {
    [
      "id": JSONValue(id), "client_id": .string(clientID), "fb_page_id": .string(pageID),
      "fb_page_name": JSONValue(pageName), "ig_account_id": JSONValue(instagramAccountID),
      "ig_username": JSONValue(instagramUsername), "token_id": JSONValue(tokenID),
      "serves": .bool(serves),
      "cached_at": JSONValue(instagramAccountID.flatMap(grids.cachedAt)?.description),
      "created_at": .string(createdAt.description), "updated_at": .string(updatedAt.description),
    ]
  }
}
