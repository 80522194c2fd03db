internal import JSON
internal import Store
internal import System
internal import Text

extension Endpoints {
  /// `GET /session/`: who am I. Open to everyone: the page asks it first, to know whether to show a sign-in.
  static func showSession(_ context: RequestContext) throws -> Response {
    Response(json: try sessionBody(context.caller, context))
  }

  /// `POST /session/`: sign in with the admin password. Attempts are counted before they are made: a hundred at once
  /// from one address are ten attempts and a lock-out. And they are few at a time, wherever they come from.
  static func signIn(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let password = fields.password("password")
    try fields.finish()
    // Of hundreds at once nearly all are sent away: not even the database is asked for them.
    guard !context.application.lanes.signIns.isFull else { throw tooManyAtOnce }

    let store = try context.store()
    let address = context.client?.household ?? ""
    guard let hash = try store.passwordHash() else { throw APIError.forbidden(.noPassword) }
    context.application.willWait()
    // An address that is locked out and goes on is turned away without a write or a place.
    let gate = try store.signInGate(for: address)
    if case .locked(let until) = gate { throw lockedOut(until: until) }
    guard
      let check = PasswordCheck(
        in: context.application.lanes.signIns, folder: context.configuration.dataDirectory),
      check.waitForTurn(alone: gate == .narrow)
    else { throw tooManyAtOnce }
    if case .locked(let until) = try store.beginSignIn(from: address) { throw lockedOut(until: until) }
    guard check.verify(password, against: hash) else {
      // The answer is the same where no event can be left.
      try? store.tellOfFailedSignIn(context.event("session.sign-in"), from: address)
      throw APIError.forbidden(.wrongPassword)
    }
    try store.clearSignInFailures(from: address)
    return try signedIn(context, store, passwordHash: hash)
  }

  private static func signedIn(
    _ context: RequestContext, _ store: Store, passwordHash: String
  ) throws -> Response {
    let value = try SessionCookie.newValue()
    let ends = Timestamp(seconds: Timestamp.now.seconds + SessionCookie.lifetime)
    let caller = Caller.admin(sessionEnds: ends)
    var event = context.event("session.sign-in")
    event.actor = caller.name ?? ""
    guard
      try store.insertSession(
        hash: SessionCookie.hash(of: value), expiresAt: ends, address: event.address ?? "",
        ifPasswordHashIs: passwordHash, event: event)
    else { throw APIError.forbidden(.wrongPassword) }  // It was changed while this one was checked.
    return Response(
      json: try sessionBody(caller, context), headers: [SessionCookie.header(value, for: context.request)])
  }

  private static func lockedOut(until: Timestamp) -> APIError {
    .tooManySignIns(seconds: max(1, until.seconds - Timestamp.now.seconds), isLockedOut: true)
  }

  private static let tooManyAtOnce = APIError.tooManySignIns(seconds: 1, isLockedOut: false)

  /// `DELETE /session/`: sign out. Whoever is not signed in already is where this leads; whoever is, and does not ask
  /// from our own page, is told that nothing was done.
  static func signOut(_ context: RequestContext) throws -> Response {
    if let hash = try SessionCookie.hash(in: context.request) {
      let store = try context.store()
      // With a key beside it, the cookie has not been looked at yet.
      if try store.session(hash: hash) != nil, !SameOrigin.holds(for: context.request) {
        throw APIError.forbidden(.cookieFromElsewhere)
      }
      try store.removeSession(hash: hash, event: context.event("session.sign-out"))
    }
    return Response(empty: 204, headers: [SessionCookie.header(nil, for: context.request)])
  }

  private static func sessionBody(_ caller: Caller, _ context: RequestContext) throws -> JSONValue {
    let credentials = try context.store().credentials()
    var ends: Timestamp?
    if case .admin(let sessionEnds) = caller { ends = sessionEnds }
    return [
      "signed_in": .bool(caller != .anyone), "mode": credentials.haveExisted ? "credentials" : "protected",
      "actor": JSONValue(caller.name), "scope": caller == .anyone ? nil : caller.isAdmin ? "admin" : "read",
      "expires_at": JSONValue(ends?.description),
    ]
  }
}
