internal import Cryptography

/// Decides who makes a request, and whether that one may (API.md, section 4).
package struct Access {
  private let application: Application

  package init(_ application: Application) { self.application = application }

  /// The caller, or the refusal. Open routes are served to everybody, whatever state the database is in.
  package func caller(of request: Request, for route: Route) throws(APIError) -> Caller {
    guard route.scope == .open else { return try knownCaller(of: request, for: route) }
    do { return try knownCaller(of: request, for: route) } catch { return .anyone }
  }

  private func knownCaller(of request: Request, for route: Route) throws(APIError) -> Caller {
    let store = try application.store()
    let reads = try application.rememberedReads()
    let credentials: Credentials
    do {
      try reads.forgetIfAnythingWasWritten()
      if request.isFromOperator { return .operator }
      credentials = try reads.credentials()
    } catch { throw APIError(error) }
    guard credentials.hasPassword || credentials.keysInForce > 0 else {
      guard ProtectedMode.isDirectAndLocal(request) else { throw .forbidden(ProtectedMode.refusal) }
      return .thisMachine
    }
    if let key = try presentedKey(request) { return try holder(of: key, reads, store, route) }
    guard let session = try session(of: request, store) else { throw .notAuthenticated(nil) }
    guard !isChanging(request) || SameOrigin.holds(for: request) else {
      throw .forbidden("This request did not come from the admin page itself.")
    }
    return session
  }

  /// The API key that a request presents, in whichever of its headers. One in each is one too many: a web server in
  /// front may have looked at the other.
  private func presentedKey(_ request: Request) throws(APIError) -> String? {
    guard !request.hasRepeatedCredential, request.apiKey == nil || request.authorization == nil else {
      throw .notAuthenticated("More than one credential was sent; send one.")
    }
    if let key = request.apiKey { return FieldRule.trimmed(key) }
    guard let authorization = request.authorization else { return nil }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw .notAuthenticated("The Authorization header must read \"Bearer\" and an API key.")
    }
    return FieldRule.trimmed(String(parts[1]))
  }

  private func holder(
    of key: String, _ reads: RememberedReads, _ store: Store, _ route: Route
  ) throws(APIError) -> Caller {
    do {
      guard let stored = try reads.key(hash: SHA256.digest(Array(key.utf8))) else {
        throw APIError.notAuthenticated("This API key is not known, or was revoked.")
      }
      guard stored.scope == .admin || route.scope != .admin else {
        throw APIError.forbidden("You do not have permission to perform this action.")
      }
      // Losing the time of the last use is no reason to refuse the request.
      try? store.touch(stored)
      return .apiKey(id: stored.id, label: stored.label, isAdmin: stored.scope == .admin)
    } catch { throw APIError(storeOr: error) }
  }

  private func session(of request: Request, _ store: Store) throws(APIError) -> Caller? {
    guard let hash = SessionCookie.hash(in: request) else { return nil }
    do {
      guard let session = try store.session(hash: hash) else { return nil }
      try? store.touch(session, hash: hash)
      return .admin(sessionEnds: session.expiresAt)
    } catch { throw APIError(error) }
  }

  private func isChanging(_ request: Request) -> Bool {
    !["GET", "HEAD", "OPTIONS"].contains(request.method)
  }
}
