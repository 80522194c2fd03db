internal import Graph
internal import JSON
internal import Text

extension Endpoints {
  /// `POST /verify-user/`: who a token belongs to, so that a person can confirm it before it is stored. One Graph
  /// call; stores nothing.
  static func verifyUser(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let token = Secret(fields.string("access_token", .accessToken))
    _ = fields.optionalString("account_label", .accountLabel)
    try fields.finish()

    let user = try context.services.accounts.owner(of: token)
    return Response(json: [
      "user_id": .string(user.id), "user_name": JSONValue(user.name),
      "profile_picture": JSONValue(user.picture),
    ])
  }
}
