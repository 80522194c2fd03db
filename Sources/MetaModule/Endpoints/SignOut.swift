internal import Store

extension Endpoints {
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
}
