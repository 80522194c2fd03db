internal import Graph
internal import JSON
internal import Store
internal import Text

/// The steps of a token's way, one after the other: a stored one's, and a pasted one's, which has no row yet, is kept when
/// it has answered, and is exchanged first where it is short-lived.
extension TokenRun {
  func firstCalls(_ index: Int) throws -> [GraphCall<Tag>] {
    if let paste { return isHeldBack(paste.token) ? [] : ask(index, .check) }
    let row = rows[index]
    if mode == .refresh, row.status != .active {
      entries[index].outcome = .inactive
      entries[index].reason = row.statusReason
      return []
    }
    guard let secret = try services.unsealed(row.sealedToken) else {
      fail(index, "key_missing", Refusal.undecryptable.detail)
      return []
    }
    secrets[index] = secret
    guard mode == .refresh else { return ask(index, .check) }
    let age = row.lastCheckedAt.map { now.seconds - $0.seconds } ?? Self.checkInterval
    let isCheckDue = age >= Self.checkInterval || age < 0
    // What Graph declined is not asked for again before tomorrow.
    if row.statusReason == Self.notExtended, !isCheckDue {
      fail(index, Self.notExtended, Self.declined(row.expiresAt))
      return []
    }
    let isWaiting = row.statusReason == RefusalReason.loginRequired.rawValue
    let isDue = isDue(row.expiresAt) && !isWaiting
    guard isDue || isCheckDue || isWaiting else { return [] }
    return ask(index, isDue ? .exchange : .check)
  }

  /// Less than half of a long-lived token's 60 days is left, and there is an app to extend it with.
  func isDue(_ expiresAt: Timestamp?) -> Bool {
    guard app != nil, let expiresAt else { return false }
    return expiresAt.seconds - now.seconds < Self.shortLife
  }

  /// The row's reason where Graph gives no longer-lived token.
  static let notExtended = "not_extended"

  static func declined(_ expiresAt: Timestamp?) -> String {
    "Graph gives no longer-lived token for it\(expiresAt.map { ", and it ends \($0)" } ?? ""): its owner has to log in "
      + "again before that."
  }

  /// While Graph has asked not to be called; that is remembered already, and must not be anew: it would never end.
  private func isHeldBack(_ asker: Secret) -> Bool {
    guard let seconds = services.secondsBlocked(asker) else { return false }
    stops[0] = GraphFailure(.throttled(seconds: seconds))
    return true
  }

  func proceed(_ index: Int, _ step: Step, _ value: JSONValue) throws -> [GraphCall<Tag>] {
    switch step {
    case .check:
      if mode == .check, let secret = secrets[index] { services.liftBlock(of: secret) }
      let user = try GraphUser(value)
      var facts = user.facts
      if let told = paste?.facts.expiresAt { facts.expiresAt = told }
      paste?.facts = facts
      if paste != nil, let app, isHeldBack(app.token) { return [] }
      let isAppHeldBack = mode == .refresh && app.flatMap { services.secondsBlocked($0.token) } != nil
      if app != nil, !isAppHeldBack { return ask(index, .debug(user, isDeclined: false)) }
      if paste != nil { return ask(index, .kind) }
      // It has answered: an end that was only told to us, and is past, was not its end.
      facts.isEndKnown = rows[index].status == .expired
      return try record(index, facts)
    case .kind: return try keepAsGiven()
    case .debug(let user, let isDeclined):
      let debugged = try DebuggedToken(value).judged(by: app)
      // The app is who it says it is, and the token is its own: so the proof is wrong, which our secret made.
      guard let user else { throw GraphFailure(.appRefused(.credentials)) }
      let facts = debugged.facts(of: user)
      entries[index].expiresAt = debugged.expiresAt
      paste?.facts = facts
      guard !isDeclined else {
        _ = try record(index, facts, reason: Self.notExtended)
        fail(index, Self.notExtended, Self.declined(debugged.expiresAt))
        return []
      }
      let calls = paste == nil ? try record(index, facts) : []
      if mode != .check, isDue(debugged.expiresAt) { return ask(index, .exchange) }
      return paste == nil ? calls : try keepAsGiven()
    case .exchange:
      guard let exchanged = ExchangedToken(value) else { throw GraphFailure(.declined) }
      if exchanged.token == paste?.token { return try keepUnextended() }
      return ask(index, .verify(Renewal(token: exchanged.token, expiresAt: exchanged.expiresAt)))
    case .confirm: return ask(index, .debug(try GraphUser(value), isDeclined: true))
    case .verify(var renewal):
      let user = try GraphUser(value)
      let known = paste == nil ? rows[index].userID : paste?.facts.userID
      guard known == nil || known == user.id else {
        if paste != nil { return try keepUnextended() }
        fail(index, Self.notExtended, "The new token answered as somebody else; the stored one was kept.")
        return []
      }
      renewal.user = user
      return ask(index, .inspect(renewal))
    case .inspect(let renewal):
      return try keep(index, renewal, try DebuggedToken(value).judged(by: app))
    case .page(let mapping):
      guard let token = mapping.pageToken(in: value) else {
        lose(index, mapping, nil)
        return []
      }
      // A run of many writes what it has, since it may be killed; who waits for one token does not wait for a lock while
      // others of its Pages are on their way.
      if mode == .refresh { try replace(index, mapping, token) } else { found.append((mapping, token)) }
      return []
    }
  }

  private func replace(_ index: Int, _ mapping: StoredMapping, _ token: Secret) throws {
    let isReplaced = try store.replacePageToken(
      mapping.id, with: services.sealed(token), ifSealedIs: mapping.sealedPageToken)
    if isReplaced { entries[index].pageTokens += 1 } else { entries[index].pageTokensKept += 1 }
  }

  /// Stores the Page tokens of the one token that was asked about.
  func keepPageTokens() {
    for (mapping, token) in found {
      do { try replace(0, mapping, token) } catch { return stop(0, error) }
    }
  }

  /// A call gave nothing. Only a refusal of the stored token itself, by Graph, marks the row.
  func give(_ index: Int, _ step: Step, _ failure: GraphFailure) throws -> [GraphCall<Tag>] {
    let failure = remembering(failure, of: step, index)
    if case .page(let mapping) = step {
      lose(index, mapping, failure)
      return []
    }
    if paste != nil { return try givePasted(step, failure) }
    switch step {
    case .check, .kind, .confirm, .debug: return try giveStored(index, step, failure)
    case .exchange:
      if case .declined = failure.kind { return ask(index, .confirm) }
      fail(index, failure)
    case .verify:
      fail(
        index, failure.logReason,
        "The new token did not answer (\(failure.sentence)); the stored one was kept.")
    case .inspect(let renewal):
      switch failure.kind {
      case .refused, .unfit:
        fail(index, Self.notExtended, "Graph calls the new token invalid; the stored one was kept.")
      // The token has answered a call; its end is what the exchange said.
      default: return try keep(index, renewal, nil)
      }
    case .page: break
    }
    return []
  }

  /// There is no row yet that could be marked: it is said to whoever pasted the token.
  private func givePasted(_ step: Step, _ failure: GraphFailure) throws -> [GraphCall<Tag>] {
    switch (step, failure.kind) {
    // Only that a Page has no Pages tells what the token is.
    case (.kind, .unfit(.page)): break
    case (.kind, _): return try keepAsGiven()
    case (.check, .unfit(.proof)) where app != nil: return ask(0, .debug(nil, isDeclined: false))
    // Graph gives no longer-lived token, or none that is any good.
    case (.exchange, let kind), (.verify, let kind), (.inspect, let kind):
      switch kind {
      case .declined, .refused, .unfit, .failed, .permissionMissing: return try keepUnextended()
      default: break
      }
    case (.debug(nil, _), .appRefused), (.debug(nil, _), .refused), (.debug(nil, _), .unfit): break
    // The proof does not fit, and Graph does not tell why: so it is our secret.
    case (.debug(nil, _), _):
      stops[0] = GraphFailure(.appRefused(.credentials))
      return []
    default: break
    }
    stops[0] = failure
    return []
  }

  /// The stored token itself, or the app when asked about it, gave nothing.
  private func giveStored(_ index: Int, _ step: Step, _ failure: GraphFailure) throws -> [GraphCall<Tag>] {
    if failure.kind == .unfit(.proof) {
      if app != nil { return ask(index, .debug(nil, isDeclined: false)) }
      fail(index, GraphFailure(.appRefused(.credentials)))
      return []
    }
    if let verdict = failure.verdict(on: rows[index].status) {
      try mark(index, verdict.reason, verdict.status)
      if case .unfit(let misfit) = failure.kind {
        entries[index].warnings.append(misfit.sentence)
        fail(index, misfit.reason, misfit.sentence)
      } else {
        fail(index, failure)
      }
      return []
    }
    if case .debug(let user?, _) = step, mode == .refresh {
      // It has answered as itself, which is what counts; when it ends stays as it was known.
      guard case .appRefused = failure.kind else { return try record(index, user.facts) }
    }
    fail(index, failure)
    return []
  }

  /// A block is remembered for whoever asked.
  private func remembering(_ failure: GraphFailure, of step: Step, _ index: Int) -> GraphFailure {
    let asker: Secret? =
      switch step {
      case .check, .kind, .confirm, .page: secrets[index]
      case .verify(let renewal): renewal.token
      case .debug, .exchange, .inspect: app?.token
      }
    return asker.map { services.remembering(failure, of: $0) } ?? failure
  }

  /// Writes down what Graph says against a token. With every hourly run it would say so again: one event is enough.
  private func mark(_ index: Int, _ reason: String, _ status: TokenStatus) throws {
    let row = rows[index]
    let isKnown = mode == .refresh && row.status == status && row.statusReason == reason
    _ = try store.recordCheck(
      row.id, status: status, reason: reason, facts: TokenFacts(), ifSealedIs: row.sealedToken,
      event: isKnown ? nil : services.event("token.check"))
  }

  /// Writes down that a token works. Who asked about this one is told of its Pages as well.
  private func record(_ index: Int, _ facts: TokenFacts, reason: String? = nil) throws -> [GraphCall<Tag>] {
    let row = rows[index]
    let isNews = mode == .check || row.statusReason != reason
    _ = try store.recordCheck(
      row.id, status: .active, reason: reason, facts: facts, ifSealedIs: row.sealedToken,
      event: isNews ? services.event("token.check") : nil)
    let isBack = row.statusReason == RefusalReason.loginRequired.rawValue
    entries[index].outcome = isBack ? .recovered : .checked
    return mode == .check ? try pageCalls(index) : []
  }

  /// Stores the new token and derives the Page tokens anew: those of a short-lived token end with it.
  private func keep(_ index: Int, _ renewal: Renewal, _ debugged: DebuggedToken?) throws -> [GraphCall<Tag>] {
    var facts = debugged?.facts(of: renewal.user) ?? renewal.user?.facts ?? TokenFacts()
    if debugged == nil || paste != nil { facts.expiresAt = facts.expiresAt ?? renewal.expiresAt }
    if paste != nil { return try keep(renewal.token, facts) }
    let row = rows[index]
    if renewal.token == secrets[index], let before = row.expiresAt, let end = facts.expiresAt, end <= before {
      _ = try record(index, facts, reason: Self.notExtended)
      fail(index, Self.notExtended, Self.declined(before))
      return []
    }
    let isStored = try store.renewToken(
      row.id, with: services.sealed(renewal.token), facts: facts, ifSealedIs: row.sealedToken,
      event: services.event("token.refresh"))
    guard isStored else {
      fail(
        index, "changed_meanwhile", "The row was changed while Graph was asked; what stands there was kept.")
      return []
    }
    secrets[index] = renewal.token
    entries[index].outcome = .extended
    entries[index].expiresAt = facts.expiresAt
    return try pageCalls(index)
  }

  /// Graph gives no longer-lived token in the place of the pasted one, which is kept as it is.
  private func keepUnextended() throws -> [GraphCall<Tag>] {
    entries[0].warnings = [Self.declined(paste?.facts.expiresAt)]
    return try keepAsGiven(reason: Self.notExtended)
  }

  private func keepAsGiven(reason: String? = nil) throws -> [GraphCall<Tag>] {
    guard let paste else { return [] }
    return try keep(paste.token, paste.facts, reason: reason)
  }

  /// Stores a pasted token, or its successor, and derives the Page tokens of its mappings anew.
  private func keep(_ token: Secret, _ facts: TokenFacts, reason: String? = nil) throws -> [GraphCall<Tag>] {
    guard let paste else { return [] }
    rows = [try paste.keep(token, facts, reason)]
    secrets[0] = token
    return try pageCalls(0)
  }

  private func lose(_ index: Int, _ mapping: StoredMapping, _ failure: GraphFailure?) {
    entries[index].pageTokensKept += 1
    entries[index].warnings.append(mapping.sentence(keptAfter: failure))
  }
}
