internal import JSON

extension Application {
  /// Extends every token with less than half of its life left, each on its own and many at the same time; checks the
  /// others once a day. Where no app is configured, it checks only.
  ///
  /// A new token is written after it has answered a call, and only over the token it was made from. Killed at any
  /// moment, it leaves every row with a token that works; running again does the rest.
  public func refreshTokens(
    progress: @escaping ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> RefreshReport {
    try operation {
      let store = try store()
      let lock = try FileLock.hold(
        configuration.dataDirectory + "/refresh.lock", in: configuration.dataDirectory,
        busy: "Another refresh is going on.")
      defer { lock.release() }
      _ = try keyRing()
      _ = try store.expireTokens(event: operatorEvent("token.expire"))
      return try TokenRefresh(self, store, progress).run()
    }
  }
}

/// One run over all tokens: which call each needs next, and what an outcome means for its row.
///
/// Every token goes its own way through the steps while all the others are on theirs; nothing that happens to one
/// reaches another.
private final class TokenRefresh {
  /// What is asked of Graph, and what is known by then.
  private enum Step: Sendable {
    /// `/me` as the stored token.
    case check
    /// `debug_token` about the stored token.
    case debug(GraphUser)
    /// The stored token for a longer-lived one.
    case exchange
    /// The exchange was refused: `/me` as the stored token tells whether it is the token's fault. A wrong app secret
    /// must not cost anybody their token.
    case confirm
    /// `/me` as the new token.
    case verify(Renewal)
    /// `debug_token` about the new token.
    case inspect(Renewal)
    /// A Page's token, from the new token.
    case page(StoredMapping)
  }

  private struct Tag: Sendable {
    let index: Int
    let step: Step
  }

  /// A new token on its way.
  private struct Renewal: Sendable {
    let token: Secret
    var expiresAt: Timestamp?
    var user: GraphUser?
  }

  /// Somebody who looks in once an hour must not ask Graph a thousand times an hour; once a day is what Meta advises
  /// ("Debugging tokens"), a bit less so that a daily timer never comes too early.
  private static let checkInterval: Int64 = 20 * 3600
  /// Longer than this no single token is waited for, whatever Graph asks: it is tried again with the next run.
  private static let longestWait: Int64 = 10

  private let application: Application
  private let context: RequestContext
  private let store: Store
  private let progress: ProgressReport
  private let now = Timestamp.now
  private var rows: [StoredToken] = []
  private var secrets: [Int: Secret] = [:]
  private var entries: [RefreshReport.Entry] = []
  /// First calls of tokens whose turn has not come yet; the last is the next.
  private var waiting: [GraphCall<Tag>] = []
  /// Tokens whose outcome has just been settled.
  private var decided: Set<Int> = []
  /// Tokens of which some outcome has been heard.
  private var asked: Set<Int> = []
  private var finished = 0
  private var toAsk = 0

  init(_ application: Application, _ store: Store, _ progress: @escaping ProgressReport) throws {
    (self.application, self.store, self.progress) = (application, store, progress)
    context = application.operatorContext()
    while true {
      let page = try store.tokens(after: rows.last?.id ?? 0, limit: 500)
      rows += page
      if page.count < 500 { break }
    }
  }

  /// So many tokens are on their way at once. One that is begun is brought to its end before others begin: what a
  /// killed run has done is done.
  private static let atOnce = 48

  func run() throws -> RefreshReport {
    var calls: [GraphCall<Tag>] = []
    for (index, row) in rows.enumerated() {
      entries.append(
        .init(id: row.id, label: row.accountLabel, outcome: .current, expiresAt: row.expiresAt))
      if let call = try firstCall(index, row) { calls.append(call) }
    }
    toAsk = calls.count
    waiting = calls.dropFirst(Self.atOnce).reversed()
    progress("Asking Graph", 0, toAsk)
    // A minute for what hangs, and a second for each token: two cores and Graph do some ten a second.
    var budget = GraphBudget(seconds: 60 + Int64(toAsk))
    budget.longestWait = Self.longestWait
    application.graph.askAll(Array(calls.prefix(Self.atOnce)), within: budget) { tag, result in
      self.take(tag, result) + self.turnOfTheNext(after: tag)
    }
    // At the deadline, what was to begin next is not begun.
    for call in calls where !asked.contains(call.tag.index) {
      fail(
        call.tag.index, "not_asked",
        "The time of this run was used up before its turn came; the next run goes on.")
    }
    var report = RefreshReport()
    report.entries = entries
    report.canExtend = application.configuration.app != nil
    return report
  }

  /// The first call of another token, when this one is done with all that its own fate depends on.
  private func turnOfTheNext(after tag: Tag) -> [GraphCall<Tag>] {
    guard decided.remove(tag.index) != nil else { return [] }
    finished += 1
    progress("Asking Graph", finished, toAsk)
    return waiting.popLast().map { [$0] } ?? []
  }

  // MARK: - The way of one token

  private func firstCall(_ index: Int, _ row: StoredToken) throws -> GraphCall<Tag>? {
    guard row.status == .active else {
      entries[index].outcome = .inactive
      entries[index].reason = row.statusReason
      return nil
    }
    guard let secret = try context.unsealed(row.sealedToken) else {
      fail(index, "key_missing", Application.undecryptable)
      return nil
    }
    secrets[index] = secret
    if let seconds = context.secondsBlocked(secret) {
      fail(
        index, "rate_limited",
        "Graph has asked not to be called for this token for another \(seconds) seconds.")
      return nil
    }
    let needsLogin = row.statusReason == RefusalReason.loginRequired.rawValue
    if isDue(row.expiresAt), !needsLogin { return call(index, .exchange) }
    let age = row.lastCheckedAt.map { now.seconds - $0.seconds }
    if needsLogin || age == nil || age.map({ $0 >= Self.checkInterval || $0 < 0 }) == true {
      return call(index, .check)
    }
    return nil
  }

  /// Less than half of a long-lived token's 60 days is left, and there is an app to extend it with.
  private func isDue(_ expiresAt: Timestamp?) -> Bool {
    guard application.configuration.app != nil, let expiresAt else { return false }
    return expiresAt.seconds - now.seconds < RequestContext.shortLife
  }

  private func call(_ index: Int, _ step: Step) -> GraphCall<Tag>? {
    guard let stored = secrets[index] else { return nil }
    let tag = Tag(index: index, step: step)
    let me = GraphUser.query.map { (name: $0.0, value: $0.1) }
    switch step {
    case .check, .confirm: return GraphCall(tag: tag, path: "me", query: me, token: stored)
    case .verify(let renewal): return GraphCall(tag: tag, path: "me", query: me, token: renewal.token)
    case .debug: return appCall(tag, "debug_token", [("input_token", stored.revealed())])
    case .inspect(let renewal):
      return appCall(tag, "debug_token", [("input_token", renewal.token.revealed())])
    case .exchange:
      guard let app = application.configuration.app else { return nil }
      return appCall(
        tag, "oauth/access_token",
        [
          ("grant_type", "fb_exchange_token"), ("client_id", app.id),
          ("client_secret", app.secret.revealed()),
          ("fb_exchange_token", stored.revealed()),
        ])
    case .page(let mapping):
      let query = GraphPage.syncQuery.map { (name: $0.0, value: $0.1) }
      return GraphCall(tag: tag, path: mapping.pageID, query: query, token: stored)
    }
  }

  private func appCall(_ tag: Tag, _ path: String, _ query: [(name: String, value: String)]) -> GraphCall<
    Tag
  >? {
    application.configuration.app.map { GraphCall(tag: tag, path: path, query: query, token: $0.token) }
  }

  private func take(_ tag: Tag, _ result: Result<JSONValue, GraphFailure>) -> [GraphCall<Tag>] {
    asked.insert(tag.index)
    let next = outcome(tag, result)
    if case .page = tag.step { return next }
    let isSettled = next.allSatisfy { call in
      if case .page = call.tag.step { return true }
      return false
    }
    if isSettled { decided.insert(tag.index) }
    return next
  }

  private func outcome(_ tag: Tag, _ result: Result<JSONValue, GraphFailure>) -> [GraphCall<Tag>] {
    let index = tag.index
    do {
      switch result {
      case .success(let value):
        context.noteGraph(nil)
        return try proceed(index, tag.step, value)
      case .failure(let failure):
        context.noteGraph(failure)
        return try give(index, tag.step, failure)
      }
    } catch let failure as GraphFailure {
      return (try? give(index, tag.step, failure)) ?? []
    } catch {
      fail(index, "not_stored", application.operationError(error).description)
      return []
    }
  }

  private func proceed(_ index: Int, _ step: Step, _ value: JSONValue) throws -> [GraphCall<Tag>] {
    let row = rows[index]
    switch step {
    case .check:
      let user = try GraphUser(value)
      if let next = call(index, .debug(user)) { return [next] }
      try record(index, TokenFacts(userID: user.id, userName: user.name, profilePicture: user.picture))
      return []
    case .debug(let user):
      let debugged = try DebuggedToken(value)
      if let refusal = debugged.refusal { throw GraphFailure(.refused(refusal)) }
      try record(
        index,
        TokenFacts(
          expiresAt: debugged.expiresAt, dataAccessExpiresAt: debugged.dataAccessExpiresAt,
          scopes: debugged.scopes,
          userID: user.id, userName: user.name, profilePicture: user.picture))
      entries[index].expiresAt = debugged.expiresAt ?? row.expiresAt
      return isDue(entries[index].expiresAt) ? [call(index, .exchange)].compactMap(\.self) : []
    case .exchange:
      guard let text = value["access_token"]?.string, FieldRule.accessToken.accepts(text) else {
        fail(index, "not_extended", "Graph gave no token in exchange; the stored one was kept.")
        return []
      }
      let seconds = value["expires_in"]?.int64.map { min(max($0, 0), 315_360_000) }
      let renewal = Renewal(
        token: Secret(text), expiresAt: seconds.map { Timestamp(seconds: Timestamp.now.seconds + $0) })
      return [call(index, .verify(renewal))].compactMap(\.self)
    case .confirm:
      fail(
        index, "not_extended",
        "Graph refused the exchange although the token itself still works; it was kept. Check META_APP_ID and "
          + "META_APP_SECRET, or let its owner log in again.")
      return []
    case .verify(var renewal):
      let user = try GraphUser(value)
      guard row.userID == nil || row.userID == user.id else {
        fail(index, "not_extended", "The new token answered as somebody else; the stored one was kept.")
        return []
      }
      renewal.user = user
      return [call(index, .inspect(renewal))].compactMap(\.self)
    case .inspect(let renewal):
      let debugged = try DebuggedToken(value)
      guard debugged.isValid else {
        fail(index, "not_extended", "Graph calls the new token invalid; the stored one was kept.")
        return []
      }
      return try keep(index, renewal, debugged)
    case .page(let mapping):
      guard let page = GraphPage(value), page.id == mapping.pageID, let token = page.accessToken else {
        entries[index].pageTokensKept += 1
        return []
      }
      let isReplaced = try store.replacePageToken(
        mapping.id, with: context.sealed(token), ifSealedIs: mapping.sealedPageToken)
      if isReplaced { entries[index].pageTokens += 1 } else { entries[index].pageTokensKept += 1 }
      return []
    }
  }

  /// A call gave nothing. Only a refusal of the stored token itself, by Graph, marks the row.
  private func give(_ index: Int, _ step: Step, _ failure: GraphFailure) throws -> [GraphCall<Tag>] {
    let row = rows[index]
    var isRefused = false
    if case .refused = failure.kind { isRefused = true }
    switch step {
    case .check, .confirm, .debug:
      if let secret = secrets[index] { _ = context.remembering(failure, of: secret) }
      guard case .refused(let reason) = failure.kind else {
        if case .debug(let user) = step {
          // It has answered as itself, which is what counts; when it ends stays as it was known.
          try record(index, TokenFacts(userID: user.id, userName: user.name, profilePicture: user.picture))
          return []
        }
        break
      }
      let status = reason == .loginRequired ? row.status : .invalid
      _ = try store.recordCheck(
        row.id, status: status, reason: reason.rawValue, facts: TokenFacts(), ifSealedIs: row.sealedToken,
        event: application.operatorEvent("token.check"))
    case .exchange:
      if isRefused { return [call(index, .confirm)].compactMap(\.self) }
    case .verify:
      fail(
        index, failure.word, "The new token did not answer (\(failure.sentence)); the stored one was kept.")
      return []
    case .inspect(let renewal):
      // The token has answered a call; its end is what the exchange said.
      return try keep(index, renewal, nil)
    case .page:
      entries[index].pageTokensKept += 1
      return []
    }
    fail(index, failure.word, failure.sentence)
    return []
  }

  /// Stores the new token and derives the Page tokens anew: those of a short-lived token end with it.
  private func keep(_ index: Int, _ renewal: Renewal, _ debugged: DebuggedToken?) throws -> [GraphCall<Tag>] {
    let row = rows[index]
    let expiresAt = debugged.map(\.expiresAt) ?? renewal.expiresAt
    if renewal.token == secrets[index], let before = row.expiresAt, let expiresAt, expiresAt <= before {
      fail(
        index, "not_extended",
        "Graph gave the same token back, which ends \(before): its owner has to log in again before that.")
      return []
    }
    let facts = TokenFacts(
      expiresAt: expiresAt, dataAccessExpiresAt: debugged?.dataAccessExpiresAt, scopes: debugged?.scopes,
      userID: renewal.user?.id, userName: renewal.user?.name, profilePicture: renewal.user?.picture)
    let isStored = try store.renewToken(
      row.id, with: context.sealed(renewal.token), facts: facts, ifSealedIs: row.sealedToken,
      event: application.operatorEvent("token.refresh"))
    guard isStored else {
      fail(
        index, "changed_meanwhile", "The row was changed while Graph was asked; what stands there was kept.")
      return []
    }
    secrets[index] = renewal.token
    entries[index].outcome = .extended
    entries[index].expiresAt = expiresAt
    return try store.mappings(tokenID: row.id).compactMap { call(index, .page($0)) }
  }

  private func record(_ index: Int, _ facts: TokenFacts) throws {
    let row = rows[index]
    _ = try store.recordCheck(
      row.id, status: .active, reason: nil, facts: facts, ifSealedIs: row.sealedToken,
      event: row.statusReason == nil ? nil : application.operatorEvent("token.check"))
    entries[index].outcome = row.statusReason == RefusalReason.loginRequired.rawValue ? .recovered : .checked
  }

  private func fail(_ index: Int, _ reason: String, _ detail: String) {
    // A page token that could not be stored takes nothing from a token that was.
    if entries[index].outcome == .extended { return }
    entries[index].outcome = .failed
    (entries[index].reason, entries[index].detail) = (reason, detail)
  }
}

extension GraphFailure {
  /// The contract's word for it.
  var word: String { APIError(self).reason ?? "upstream_error" }

  /// For the operator.
  var sentence: String {
    let told = code.map { code in " (code \(code)\(subcode.map { "/\($0)" } ?? ""))" } ?? ""
    switch kind {
    case .refused(.expired): return "it has expired\(told)"
    case .refused(.passwordChanged): return "its owner has changed the password, or Meta has ended it\(told)"
    case .refused(.appRemoved): return "its owner has removed the app\(told)"
    case .refused(.revoked): return "it was revoked, or its owner has logged out\(told)"
    case .refused(.loginRequired): return "its owner has to log in at Facebook; it works again then\(told)"
    case .refused(.invalid), .pageTokenRefused: return "Graph calls it invalid\(told)"
    case .permissionMissing: return "it lacks a permission\(told)"
    case .throttled: return "too many calls; later runs try again\(told)"
    case .timedOut: return "Graph did not answer in time"
    case .notFound, .transient, .failed: return "Graph failed, or answered nonsense\(told)"
    }
  }
}
