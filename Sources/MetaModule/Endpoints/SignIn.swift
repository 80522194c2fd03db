extension Endpoints {
  /// `POST /session/`: sign in with the admin password.
  static func signIn(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let password = fields.password("password")
    try fields.finish()

    let session = try context.services.sessions.signIn(
      password, from: context.client?.household.description ?? "")
    return Response(
      json: try Caller.admin(sessionEnds: session.ends).session(context),
      headers: [SessionCookie.header(session.value, for: context.request)])
  }
}
