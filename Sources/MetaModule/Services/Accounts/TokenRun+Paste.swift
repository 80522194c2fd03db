internal import Graph
internal import JSON
internal import Store
internal import Text

/// A token that somebody has pasted: kept when it has answered, and exchanged first where it is short-lived.
extension TokenRun {
  /// What was found out about it.
  struct Found {
    /// The one that was given, or the long-lived one that it was exchanged for; it has answered at least one call.
    let token: Secret
    let facts: TokenFacts
    /// What the row says of a token that is good and has a flaw.
    let reason: String?
  }

  struct Paste {
    let token: Secret
    /// Stores it.
    let keep: (Found) throws -> StoredToken
    /// What is known of the given one by now; first, when it ends, as somebody says who pastes it.
    var facts: TokenFacts
  }

  convenience init(
    _ services: Services, _ store: Store, pasted token: Secret, expiresAt: Timestamp?,
    keep: @escaping (Found) throws -> StoredToken
  ) {
    self.init(services, store, [], .paste)
    paste = Paste(token: token, keep: keep, facts: TokenFacts(expiresAt: expiresAt))
    secrets[0] = token
    entries = [.init(id: 0, label: "", outcome: .current)]
  }

  func firstCall(_ paste: Paste) -> GraphCall<Tag>? { isHeldBack(paste.token) ? nil : call(0, .check) }

  /// While Graph has asked not to be called; that is remembered already, and must not be anew: it would never end.
  private func isHeldBack(_ asker: Secret) -> Bool {
    guard let seconds = services.secondsBlocked(asker) else { return false }
    stops[0] = GraphFailure(.throttled(seconds: seconds))
    return true
  }

  /// `nil`: as for every token.
  func proceed(_ paste: Paste, _ step: Step, _ value: JSONValue) throws -> [GraphCall<Tag>]? {
    switch step {
    case .check:
      let user = try GraphUser(value)
      var facts = user.facts
      facts.expiresAt = paste.facts.expiresAt
      self.paste?.facts = facts
      guard let app else { return [call(0, .kind)].compactMap(\.self) }
      return isHeldBack(app.token) ? [] : [call(0, .debug(user, isDeclined: false))].compactMap(\.self)
    case .kind: return try keep(paste, paste.token, paste.facts)
    case .debug(let user?, _):
      let debugged = try DebuggedToken(value).judged(by: app)
      let facts = debugged.facts(of: user)
      self.paste?.facts = facts
      return isDue(debugged.expiresAt)
        ? [call(0, .exchange)].compactMap(\.self) : try keep(paste, paste.token, facts)
    case .exchange:
      return ExchangedToken(value)?.token == paste.token ? try keepAsGiven(paste) : nil
    case .verify(var renewal):
      let user = try GraphUser(value)
      guard user.id == paste.facts.userID else { return try keepAsGiven(paste) }
      renewal.user = user
      return [call(0, .inspect(renewal))].compactMap(\.self)
    case .inspect(let renewal):
      var facts = try DebuggedToken(value).judged(by: app).facts(of: renewal.user)
      facts.expiresAt = facts.expiresAt ?? renewal.expiresAt
      return try keep(paste, renewal.token, facts)
    case .debug, .confirm, .page: return nil
    }
  }

  /// A call gave nothing. There is no row yet that could be marked: it is said to whoever pasted the token.
  func give(_ paste: Paste, _ step: Step, _ failure: GraphFailure) throws -> [GraphCall<Tag>]? {
    switch (step, failure.kind) {
    case (.page, _): return nil
    // Only that a Page has no Pages tells what the token is.
    case (.kind, .unfit(.page)): break
    case (.kind, _): return try keep(paste, paste.token, paste.facts)
    case (.check, .unfit(.proof)):
      if let next = call(0, .debug(nil, isDeclined: false)) { return [next] }
    case (.exchange, let kind), (.verify, let kind), (.inspect, let kind):
      switch kind {
      case .declined, .refused, .unfit, .failed, .permissionMissing: return try keepAsGiven(paste)
      default: break
      }
    case (.debug(nil, _), .appRefused), (.debug(nil, _), .refused), (.debug(nil, _), .unfit): break
    // The proof does not fit, and Graph does not tell why: so it is our secret.
    case (.debug(nil, _), _):
      stops[0] = GraphFailure(.appRefused(.credentials))
      return []
    default: break
    }
    stops[0] = remembering(failure, of: step, 0)
    return []
  }

  /// Graph gives no longer-lived token, or none that is any good: the given one is kept as it is.
  private func keepAsGiven(_ paste: Paste) throws -> [GraphCall<Tag>] {
    entries[0].warnings = [Self.declined(paste.facts.expiresAt)]
    return try keep(paste, paste.token, paste.facts, reason: Self.notExtended)
  }

  /// Stores it, and derives the Page tokens of its mappings anew.
  private func keep(
    _ paste: Paste, _ token: Secret, _ facts: TokenFacts, reason: String? = nil
  ) throws -> [GraphCall<Tag>] {
    rows = [try paste.keep(Found(token: token, facts: facts, reason: reason))]
    secrets[0] = token
    return try pageCalls(0)
  }
}
