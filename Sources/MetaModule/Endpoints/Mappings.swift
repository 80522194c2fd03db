internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /mappings/`: which client has which Page.
  static func listMappings(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let rows = try context.store().mappings(after: page.after, limit: page.fetched)
    return page.answer("mappings", rows, id: \.id, context.json)
  }

  /// `DELETE /mappings/<id>/`. Its grid leaves the cache with it, unless another client shows the same account.
  static func removeMapping(_ context: RequestContext) throws -> Response {
    let id = try context.capturedID()
    let store = try context.store()
    guard let removed = try store.removeMapping(id, event: context.event("mapping.remove")) else {
      throw APIError.notFound
    }
    if let account = removed.instagramAccountID, try !store.isInstagramAccountMapped(account) {
      GridService(context).forget(account)
    }
    return Response(empty: 204)
  }

  /// `POST /mappings/<id>/refresh/`: fetches the grid anew; while Graph does not give it, the cached one stands in.
  static func refreshMapping(_ context: RequestContext) throws -> Response {
    let id = try context.capturedID()
    guard let mapping = try context.store().mapping(id) else { throw APIError.notFound }
    guard let account = mapping.instagramAccountID else {
      return Response(json: [
        "refreshed": false, "detail": "No Instagram account linked", "mapping": context.json(mapping),
      ])
    }
    if let failure = try GridService(context).refresh(mapping, account) {
      context.record.reason = failure.logReason
      return Response(json: [
        "refreshed": false, "detail": .string("\(failure.detail). The grid that is cached stays."),
        "mapping": context.json(mapping),
      ])
    }
    let current = try context.store().mapping(id) ?? mapping
    return Response(json: ["refreshed": true, "mapping": context.json(current)])
  }
}

extension RequestContext {
  /// A mapping as answers show it: everything but the page token. `cached_at` tells how old its grid is.
  func json(_ mapping: StoredMapping) -> JSONValue {
    [
      "id": JSONValue(mapping.id), "client_id": .string(mapping.clientID),
      "fb_page_id": .string(mapping.pageID),
      "fb_page_name": JSONValue(mapping.pageName), "ig_account_id": JSONValue(mapping.instagramAccountID),
      "ig_username": JSONValue(mapping.instagramUsername), "token_id": JSONValue(mapping.tokenID),
      "created_at": .string(mapping.createdAt.description),
      "updated_at": .string(mapping.updatedAt.description),
      "cached_at": JSONValue(mapping.instagramAccountID.flatMap(GridService(self).cachedAt)?.description),
    ]
  }
}
