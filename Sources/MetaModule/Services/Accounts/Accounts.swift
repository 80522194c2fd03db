internal import Graph
internal import Store
internal import Text

/// The connected accounts: a token's life from the paste to its removal. What Graph says of a token is decided in
/// `TokenRun`, by the same rules for one that is pasted, for one that is asked about, and for all of them.
struct Accounts {
  let services: Services

  /// A stored token, and what is to be said of it today.
  struct Account {
    let token: StoredToken
    /// What is the matter with it besides what is stored: `key_missing`, `rate_limited`.
    var reason: String?
    /// Sentences for a person.
    var warnings: [String] = []
  }

  /// Who a token belongs to, so that a person can confirm it before it is stored. Stores nothing.
  func owner(of token: Secret) throws -> GraphUser {
    try services.prepareToAskGraph(mayProbe: true)
    do { return try GraphUser(services.ask("me", GraphUser.query, as: token)) } catch {
      throw Refusal.misfit(of: token, after: error) ?? error
    }
  }

  /// Stores a token when it is good. The same Meta user again replaces the token of the row that there is, and its
  /// mappings get new page tokens.
  func add(_ given: Secret, label: String, expiresAt: Timestamp?) throws -> (account: Account, isNew: Bool) {
    var isNew = false
    let (token, warnings) = try paste(given, expiresAt: expiresAt) { token, facts, reason in
      var token = NewToken(accountLabel: label, sealedToken: try services.sealed(token), facts: facts)
      token.reason = reason
      let saved = try services.store().saveToken(token, event: services.event("token.add"))
      isNew = saved.created
      return saved.token
    }
    return (account(token, warnings), isNew)
  }

  /// Puts another token of the same Meta user in the place of a stored one; `nil`: the row is gone.
  func replace(
    _ row: StoredToken, with replacement: Secret
  ) throws -> (token: StoredToken, warnings: [String])? {
    var isGone = false
    let replaced = try paste(replacement, expiresAt: nil) { token, facts, reason in
      if let userID = row.userID, userID != facts.userID { throw Refusal.otherUser }
      let replaced = try services.store().replaceSealedToken(
        row.id, with: services.sealed(token), facts: facts, reason: reason,
        event: services.event("token.replace"))
      isGone = replaced == nil
      return replaced ?? row
    }
    return isGone ? nil : replaced
  }

  private func paste(
    _ given: Secret, expiresAt: Timestamp?, keep: @escaping TokenRun.Keep
  ) throws -> (token: StoredToken, warnings: [String]) {
    try services.prepareToAskGraph(mayProbe: true)
    let run = TokenRun(services, try services.store(), pasted: given, expiresAt: expiresAt, keep: keep)
    try run.go()
    if let stop = run.stops[0] {
      throw (stop as? GraphFailure).flatMap { Refusal.misfit(of: given, after: $0) } ?? stop
    }
    return (run.rows[0], run.entries[0].warnings)
  }

  /// Asks Graph about a stored token and writes down what it says. That Graph refuses the token is what one wanted to
  /// know, and no error; that it cannot be asked is one, and changes nothing.
  func check(_ token: StoredToken) throws -> [String] {
    try services.prepareToAskGraph(mayProbe: true)
    let run = TokenRun(services, try services.store(), [token], .check)
    try run.go()
    if let stop = run.stops[0] {
      guard case .refused? = (stop as? GraphFailure)?.kind else { throw stop }
    }
    return run.entries[0].warnings
  }

  /// The row, with its decryptability and what Graph asked of its callers looked at.
  func account(_ token: StoredToken, _ warnings: [String] = []) -> Account {
    var account = Account(token: token, warnings: warnings)
    guard let opened = try? services.unsealed(token.sealedToken) else {
      account.reason = "key_missing"
      return account
    }
    if token.status == .active, let blocked = services.blockedUntil(opened) {
      account.reason = token.statusReason ?? "rate_limited"
      account.warnings.append(
        "Graph has asked not to be called for this token until \(blocked); checking it tries all the same.")
    }
    return account
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
