internal import Cryptography
internal import Store
internal import Text

/// Decides who makes a request, and whether that one may (API.md, section 4).
package struct Access {
  private let rooms: Rooms

  package init(_ rooms: Rooms) { self.rooms = rooms }

  /// The caller, or the refusal. A route that is open to everybody and does not care who asks is served whatever state
  /// the database is in.
  package func caller(of request: Request, for route: Route) throws -> Caller {
    guard !isChanging(request) || !SameOrigin.isViolated(by: request) else {
      throw APIError.forbidden(.foreignOrigin)
    }
    guard route.looksAtCaller else { return .anyone }
    let store = try rooms.store()
    let reads = try rooms.readCache()
    try reads.forgetIfAnythingWasWritten()
    if request.isFromOperator { return .operator }
    let credentials = try reads.credentials()
    guard credentials.haveExisted else {
      // What is public is shown on other sites: those that may show it are the endpoint's business.
      let isHere =
        route.capability == .public
        ? ProtectedMode.isFromThisMachine(request) : ProtectedMode.isDirectAndLocal(request)
      if isHere { return .thisMachine }
      guard route.capability == .open else { throw APIError.forbidden(.protectedMode) }
      return .anyone
    }
    if route.capability == .public { return .anyone }
    if let key = try presentedKey(request) { return try holder(of: key, reads, store, route) }
    if let session = try session(of: request, reads, store) { return session }
    guard route.capability != .open else { return .anyone }
    throw APIError.notAuthenticated(credentials.areInForce ? .noneSent : .noneInForce)
  }

  /// The API key that a request presents, in whichever of its headers. One in each is one too many: a web server in
  /// front may have looked at the other.
  private func presentedKey(_ request: Request) throws -> String? {
    let authorization = request.authorization.flatMap { BearerScheme.isMeant(by: $0) ? $0 : nil }
    guard !request.hasRepeatedCredential, request.apiKey == nil || authorization == nil else {
      throw APIError.notAuthenticated(.severalSent)
    }
    if let key = request.apiKey { return FieldRule.trimmed(key) }
    guard let authorization else { return nil }
    return try BearerScheme.key(in: authorization)
  }

  private func holder(
    of key: String, _ reads: ReadCache, _ store: Store, _ route: Route
  ) throws -> Caller {
    guard let stored = try reads.key(hash: SHA256.digest(Array(key.utf8))) else {
      throw APIError.notAuthenticated(.unknownKey)
    }
    let grant = Grant(scope: stored.scope, clients: stored.clients)
    guard grant.allows(route) else { throw APIError.forbidden(.readOnlyKey) }
    // Losing the time of the last use is no reason to refuse the request, nor to hold it up.
    if Store.isTouchDue(after: stored.lastUsedAt) { rooms.turn.afterwards { try? store.touch(stored) } }
    return .apiKey(id: stored.id, label: stored.label, grant: grant)
  }

  private func session(of request: Request, _ reads: ReadCache, _ store: Store) throws -> Caller? {
    guard let hash = try SessionCookie.hash(in: request) else { return nil }
    guard let session = try reads.session(hash: hash) else { return nil }
    guard !isChanging(request) || SameOrigin.holds(for: request) else {
      throw APIError.forbidden(.cookieFromElsewhere)
    }
    if Store.isTouchDue(after: session.lastSeen) {
      rooms.turn.afterwards { try? store.touch(session, hash: hash) }
    }
    return .admin(sessionEnds: session.expiresAt)
  }

  private func isChanging(_ request: Request) -> Bool {
    switch request.method {
    case "GET", "HEAD", "OPTIONS": false
    default: true
    }
  }
}
