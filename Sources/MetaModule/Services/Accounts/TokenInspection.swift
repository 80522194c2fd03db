internal import Graph
internal import JSON
internal import Store
internal import Text

/// What is found out about a token before it is stored.
struct TokenInspection {
  /// The token to keep: the one that was given, or the long-lived one that it was exchanged for.
  let token: Secret
  var facts: TokenFacts
  /// What the row says of a token that is good and has a flaw.
  var reason: String?
  /// The flaw, for a person.
  var warnings: [String] = []
}

extension RequestContext {
  /// A token that lives shorter than this is exchanged for a long-lived one: half of a long-lived one's 60 days.
  static let shortLife: Int64 = 30 * 86400

  /// Verifies a token and, where an app id and secret are configured, reads its expiry and exchanges a short-lived one.
  ///
  /// The token that comes out has answered at least one call. Nothing is stored.
  func inspect(_ given: Secret, expiresAt told: Timestamp? = nil) throws -> TokenInspection {
    do throws(GraphFailure) {
      let user = try GraphUser(ask("me", GraphUser.query, as: given))
      guard let app = configuration.app else {
        try refuseOfPage(given)
        var facts = user.facts
        facts.expiresAt = told
        return TokenInspection(token: given, facts: facts)
      }
      let debugged = try debug(given, app)
      guard let end = debugged.expiresAt, end.seconds - Timestamp.now.seconds < Self.shortLife else {
        return TokenInspection(token: given, facts: debugged.facts(of: user))
      }
      if let longer = try exchange(given, of: user, debugged, app) { return longer }
      return TokenInspection(
        token: given, facts: debugged.facts(of: user), reason: TokenRun.notExtended,
        warnings: [TokenRun.declined(end)])
    } catch { throw Refusal.misfit(of: given, after: error) ?? error }
  }

  /// What Graph knows of a token, when that is good for us.
  private func debug(_ token: Secret, _ app: MetaApp) throws(GraphFailure) -> DebuggedToken {
    try DebuggedToken(ask(app.debugCall((), about: token), blockedAs: app.token)).judged(by: app)
  }

  /// Where no app can be asked what a token is: a Page has no Pages, which Graph says.
  private func refuseOfPage(_ token: Secret) throws(GraphFailure) {
    do throws(GraphFailure) {
      _ = try ask("me/accounts", [("fields", "id"), ("limit", "1")], as: token)
    } catch {
      if error.kind == .unfit(.page) { throw error }
    }
  }

  /// A long-lived token in the place of a short-lived one. `nil` when Graph gives none, or none that is any good: the
  /// given one is then kept as it is.
  private func exchange(
    _ given: Secret, of user: GraphUser, _ debugged: DebuggedToken, _ app: MetaApp
  ) throws(GraphFailure) -> TokenInspection? {
    do throws(GraphFailure) {
      let call = app.exchangeCall((), of: given, isSystemUser: debugged.isSystemUser)
      guard let exchanged = ExchangedToken(try ask(call, blockedAs: app.token)), exchanged.token != given
      else {
        return nil
      }
      // The new token is not believed before it has answered, as the same user.
      let again = try GraphUser(ask("me", GraphUser.query, as: exchanged.token))
      guard again.id == user.id else { return nil }
      var facts = try debug(exchanged.token, app).facts(of: again)
      facts.expiresAt = facts.expiresAt ?? exchanged.expiresAt
      return TokenInspection(token: exchanged.token, facts: facts)
    } catch {
      switch error.kind {
      case .declined, .refused, .unfit, .failed, .permissionMissing: return nil
      default: throw error
      }
    }
  }
}

extension Refusal {
  /// That a token which somebody pasted is another thing than a user's token, where that is why it was not taken.
  static func misfit(of token: Secret, after failure: GraphFailure) -> (any Error)? {
    if case .unfit(let misfit) = failure.kind, misfit != .proof { return Refusal.misfit(misfit) }
    // Instagram Login's tokens are unknown to this host, and begin with the two letters.
    let isInstagrams = failure.kind == .refused(.invalid) && token.revealed().utf8.starts(with: "IG".utf8)
    return isInstagrams ? Refusal.misfit(.instagram) : nil
  }
}
