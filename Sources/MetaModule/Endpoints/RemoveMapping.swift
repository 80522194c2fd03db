internal import Store

extension Endpoints {
  /// `DELETE /mappings/<id>/`. Its grid leaves the cache with it, unless another client shows the same account.
  static func removeMapping(_ context: RequestContext) throws -> Response {
    let store = try context.store()
    let id = try context.existingMapping().id
    guard let removed = try store.removeMapping(id, event: context.event("mapping.remove")) else {
      throw APIError.notFound
    }
    if let account = removed.instagramAccountID, try !store.isInstagramAccountMapped(account) {
      context.services.grids.forget(account)
      context.services.pictures.forget(account)
    }
    return Response(empty: 204)
  }
}
