internal import JSON

extension Endpoints {
  /// `GET /session/`: who am I. Open to everyone: the page asks it first, to know whether to show a sign-in.
  static func showSession(_ context: RequestContext) throws(APIError) -> Response {
    Response(json: try sessionBody(context.caller, context))
  }

  /// `POST /session/`: sign in with the admin password. Attempts are counted before they are made: a hundred at once
  /// from one address are ten attempts and a lock-out.
  static func signIn(_ context: RequestContext) throws(APIError) -> Response {
    guard !SameOrigin.isViolated(by: context.request) else {
      throw .forbidden("Signing in is only possible from the admin page itself.")
    }
    var fields = try context.fields()
    let password = fields.password("password")
    try fields.finish()

    let store = try context.store()
    let address = context.request.remoteAddress
    do {
      guard let hash = try store.passwordHash() else {
        throw APIError.forbidden("No admin password is set. Run metactl admin set-password on the server.")
      }
      if case .locked(let until) = try store.beginSignIn(from: address) {
        let seconds = max(1, until.seconds - Timestamp.now.seconds)
        throw APIError.tooManyAttempts(
          seconds: seconds, "Too many failed sign-ins. Try again in \((seconds + 59) / 60) minutes.")
      }
      guard PasswordCheck.verify(password, against: hash) else { throw APIError.forbidden("Wrong password.") }
      try store.clearSignInFailures(from: address)
      let value = try SessionCookie.newValue()
      let ends = Timestamp(seconds: Timestamp.now.seconds + SessionCookie.lifetime)
      let caller = Caller.admin(sessionEnds: ends)
      let event = Event(
        actor: caller.name ?? "", action: "session.sign-in", address: address,
        requestID: context.record.requestID)
      guard
        try store.insertSession(
          hash: SessionCookie.hash(of: value), expiresAt: ends, address: address, ifPasswordHashIs: hash,
          event: event)
      else { throw APIError.forbidden("Wrong password.") }  // It was changed while this one was checked.
      return Response(
        json: try sessionBody(caller, context), headers: [SessionCookie.header(value, for: context.request)])
    } catch { throw APIError(storeOr: error) }
  }

  /// `DELETE /session/`: sign out. Whoever is not signed in already is where this leads.
  static func signOut(_ context: RequestContext) throws(APIError) -> Response {
    if let hash = SessionCookie.hash(in: context.request), SameOrigin.holds(for: context.request) {
      do { try context.store().removeSession(hash: hash, event: context.event("session.sign-out")) } catch {
        throw APIError(storeOr: error)
      }
    }
    return Response(empty: 204, headers: [SessionCookie.header(nil, for: context.request)])
  }

  private static func sessionBody(_ caller: Caller, _ context: RequestContext) throws(APIError) -> JSONValue {
    let credentials: Credentials
    do { credentials = try context.store().credentials() } catch { throw APIError(storeOr: error) }
    let isProtected = !credentials.hasPassword && credentials.keysInForce == 0
    var ends: Timestamp?
    if case .admin(let sessionEnds) = caller { ends = sessionEnds }
    return [
      "signed_in": .bool(caller != .anyone), "mode": isProtected ? "protected" : "credentials",
      "actor": JSONValue(caller.name), "scope": caller == .anyone ? nil : caller.isAdmin ? "admin" : "read",
      "expires_at": JSONValue(ends?.description),
    ]
  }
}
