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

    let accounts = context.services.accounts
    var token = try context.existingToken()
    var warnings: [String] = []
    if let replacement {
      guard let replaced = try accounts.replace(token, with: replacement) else { throw APIError.notFound }
      (token, warnings) = replaced
    }
    if label != nil || status != nil {
      let newStatus = status.flatMap { TokenStatus(rawValue: $0) }
      let changed = try context.store().updateToken(
        id, label: label, status: newStatus, reason: newStatus == .invalid ? "disabled" : nil,
        event: context.event("token.change"))
      guard let changed else { throw APIError.notFound }
      token = changed
    }
    return Response(json: accounts.account(token, warnings).json)
  }
}
