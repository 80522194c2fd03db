internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `PATCH /tokens/<id>/`: label, status (`active` or `invalid`), or a new token of the same Meta user.
  static func changeToken(_ context: RequestContext) throws -> Response {
    let id = try context.capturedID()
    var fields = try context.fields()
    let label = fields.isPresent("account_label") ? fields.string("account_label", .accountLabel) : nil
    let replacement =
      fields.isPresent("access_token") ? Secret(fields.string("access_token", .accessToken)) : nil
    let status = fields.isPresent("status") ? fields.string("status", .word) : nil
    if let status, !status.isEmpty, status != "active", status != "invalid" {
      fields.complain("status", "\"\(status)\" is not a valid choice.")
    }
    try fields.finish()

    var token = try context.existingToken(id)
    var warnings: [String] = []
    if let replacement { (token, warnings) = try replace(token, with: replacement, context) }
    if label != nil || status != nil {
      let newStatus = status.flatMap { TokenStatus(rawValue: $0) }
      guard
        let changed = try context.store().updateToken(
          id, label: label, status: newStatus, reason: newStatus == .invalid ? "disabled" : nil,
          event: context.event("token.change"))
      else { throw APIError.notFound }
      token = changed
    }
    return Response(json: context.json(token, warnings))
  }

  /// The new token is verified before the old one is given up, and mappings get their page tokens from it.
  private static func replace(
    _ token: StoredToken, with replacement: Secret, _ context: RequestContext
  ) throws -> (StoredToken, [String]) {
    try context.prepareToAskGraph(mayProbe: true)
    let found = try context.inspect(replacement)
    if let userID = token.userID, userID != found.facts.userID {
      throw Refusal.otherUser
    }
    guard
      let replaced = try context.store().replaceSealedToken(
        token.id, with: context.sealed(found.token), facts: found.facts,
        event: context.event("token.replace"))
    else { throw APIError.notFound }
    return (replaced, found.warnings + (try context.rederivePageTokens(of: replaced, found.token)))
  }
}

extension RequestContext {
  /// The row of that id, or 404.
  func existingToken(_ id: Int64) throws -> StoredToken {
    guard let token = try store().token(id) else { throw APIError.notFound }
    return token
  }
}
