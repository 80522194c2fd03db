internal import Store

extension Endpoints {
  /// `POST /tokens/<id>/check/`: asks Graph now, updates status and expiry, returns the row.
  static func checkToken(_ context: RequestContext) throws -> Response {
    let accounts = context.services.accounts
    let warnings = try accounts.check(try context.existingToken())
    return Response(json: accounts.account(try context.existingToken(), warnings).json)
  }
}

extension RequestContext {
  /// The row of the captured id, or 404.
  func existingToken() throws -> StoredToken {
    guard let token = try store().token(capturedID()) else { throw APIError.notFound }
    return token
  }
}
