internal import Store

extension Endpoints {
  /// `DELETE /mappings/<id>/`. Its grid leaves the cache with it, unless another client shows the same account.
  static func removeMapping(_ context: RequestContext) throws -> Response {
    let store = try context.store()
    let id = try context.existingMapping().id
    guard let removed = try store.removeMapping(id, event: context.event("mapping.remove")) else {
      throw APIError.notFound
    }
    try context.services.forgetIfUnmapped(removed.instagramAccountID)
    return Response(empty: 204)
  }
}
