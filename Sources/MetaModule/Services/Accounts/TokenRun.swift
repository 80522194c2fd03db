internal import Graph
internal import JSON
internal import Store
internal import Text

/// The way of a stored token through Graph's questions: which call it needs next, and what an outcome means for its row.
///
/// Driven by one token (the page's paste, `POST /tokens/<id>/check/`) or by all of them (`metactl refresh`), by the same
/// rules. Every token goes its own way through the steps while all the others are on theirs; nothing that happens to one
/// reaches another.
final class TokenRun {
  enum Mode {
    /// Somebody brings a token: it is stored when it has answered, and extended first where its life is short.
    case paste
    /// Somebody asks about one token: Graph is asked whatever is remembered, and nothing is extended.
    case check
    /// What is due is extended, the rest is looked at once a day.
    case refresh
  }

  /// What is asked of Graph, and what is known by then.
  enum Step: Sendable {
    /// `/me` as the token itself.
    case check
    /// `/me/accounts` as a pasted one: where no app can be asked what it is, a Page's gives itself away.
    case kind
    /// `debug_token` about the stored token: what it is, or, without a user, whose fault it is that it did not answer;
    /// or, after Graph has declined to exchange it, whether it is good as it is.
    case debug(GraphUser?, isDeclined: Bool)
    /// The stored token for a longer-lived one.
    case exchange
    /// The exchange was declined: `/me` as the stored token tells whether it is the token's fault. A wrong app secret
    /// must not cost anybody their token.
    case confirm
    /// `/me` as the new token.
    case verify(Renewal)
    /// `debug_token` about the new token.
    case inspect(Renewal)
    /// A Page's token, from the token that is stored by then.
    case page(StoredMapping)
  }

  struct Tag: Sendable {
    let index: Int
    let step: Step
  }

  struct Renewal: Sendable {
    let token: Secret
    var expiresAt: Timestamp?
    var user: GraphUser?
  }

  /// Stores a pasted token, or the long-lived one that it was exchanged for, with what was found out about it, and what
  /// the row says of one that is good and has a flaw. It has answered at least one call.
  typealias Keep = (Secret, TokenFacts, _ reason: String?) throws -> StoredToken

  struct Paste {
    let token: Secret
    let keep: Keep
    /// What is known of the given one by now; first, when it ends, as somebody says who pastes it.
    var facts: TokenFacts
  }

  /// Somebody who looks in once an hour must not ask Graph a thousand times an hour; once a day is what Meta advises
  /// ("Debugging tokens"), a bit less so that a daily timer never comes too early.
  static let checkInterval: Int64 = 20 * 3600
  /// Less than this is left of a token that is due to be extended: half of a long-lived one's 60 days.
  static let shortLife: Int64 = 30 * 86400
  /// Longer than this no single token is waited for, whatever Graph asks: it is tried again with the next run.
  private static let longestWait: Int64 = 10
  /// So many tokens are on their way at once. One that is begun is brought to its end before others begin: what a
  /// killed run has done is done.
  private static let atOnce = 48

  let services: Services
  let store: Store
  let mode: Mode
  /// The tokens' rows; a pasted one has none before it is kept.
  var rows: [StoredToken]
  var paste: Paste?
  let now = Timestamp.now
  var secrets: [Int: Secret] = [:]
  var entries: [RefreshReport.Entry]
  /// Why a token's way ended early, where it did.
  var stops: [Int: any Error] = [:]
  /// Page tokens that are stored when all calls have come to an end.
  var found: [(StoredMapping, Secret)] = []
  private let progress: ProgressReport
  /// First calls of tokens whose turn has not come yet; the last is the next.
  private var waiting: [GraphCall<Tag>] = []
  /// Tokens whose outcome has just been settled.
  private var decided: Set<Int> = []
  /// Tokens of which some outcome has been heard.
  private var asked: Set<Int> = []
  private var (finished, toAsk) = (0, 0)

  var app: MetaApp? { services.configuration.app }

  init(
    _ services: Services, _ store: Store, _ rows: [StoredToken], _ mode: Mode,
    _ progress: @escaping ProgressReport = { _, _, _ in }
  ) {
    (self.services, self.store, self.rows, self.mode, self.progress) = (services, store, rows, mode, progress)
    entries = rows.map {
      .init(id: $0.id, label: $0.accountLabel, outcome: .current, expiresAt: $0.expiresAt)
    }
  }

  convenience init(
    _ services: Services, _ store: Store, pasted token: Secret, expiresAt: Timestamp?,
    keep: @escaping Keep
  ) {
    self.init(services, store, [], .paste)
    paste = Paste(token: token, keep: keep, facts: TokenFacts(expiresAt: expiresAt))
    secrets[0] = token
    entries = [.init(id: 0, label: "", outcome: .current)]
  }

  func go() throws {
    let calls = try entries.indices.flatMap(firstCalls)
    toAsk = calls.count
    waiting = calls.reversed()
    progress("Asking Graph", 0, toAsk)
    let first = (0..<Self.atOnce).compactMap { _ in nextOfThoseWaiting() }
    services.graph.askAll(first, within: budget(toAsk)) { tag, result in
      self.take(tag, result) + self.turnOfTheNext(after: tag)
    }
    keepPageTokens()
    // At the deadline, what was to begin next is not begun.
    for call in calls where !asked.contains(call.tag.index) {
      fail(
        call.tag.index, "not_asked",
        "The time of this run was used up before its turn came; the next run goes on.")
    }
  }

  private func budget(_ count: Int) -> GraphBudget {
    guard mode == .refresh else { return services.budget() }
    // A minute for what hangs, and a second for each token: two cores and Graph do some ten a second.
    var budget = GraphBudget(seconds: 60 + Int64(count))
    budget.longestWait = Self.longestWait
    return budget
  }

  /// The first call of another token, when this one is done with all that its own fate depends on.
  private func turnOfTheNext(after tag: Tag) -> [GraphCall<Tag>] {
    guard decided.remove(tag.index) != nil else { return [] }
    noteEnd()
    return nextOfThoseWaiting().map { [$0] } ?? []
  }

  /// Passes by those whom Graph does not want to be asked for, be it since this very run.
  private func nextOfThoseWaiting() -> GraphCall<Tag>? {
    while let call = waiting.popLast() {
      guard let seconds = secondsHeldBack(call.tag) else { return call }
      asked.insert(call.tag.index)
      fail(
        call.tag.index, "rate_limited",
        "Graph has asked not to be called for this token for another \(seconds) seconds.")
      noteEnd()
    }
    return nil
  }

  private func secondsHeldBack(_ tag: Tag) -> Int64? {
    guard mode == .refresh else { return nil }
    if let seconds = secrets[tag.index].flatMap(services.secondsBlocked) { return seconds }
    guard case .exchange = tag.step else { return nil }
    return app.flatMap { services.secondsBlocked($0.token) }
  }

  private func noteEnd() {
    finished += 1
    progress("Asking Graph", finished, toAsk)
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
        services.noteGraph(nil, tag.step.asker)
        return try proceed(index, tag.step, value)
      case .failure(let failure):
        services.noteGraph(failure, tag.step.asker)
        return try give(index, tag.step, failure)
      }
    } catch let failure as GraphFailure {
      do { return try give(index, tag.step, failure) } catch { stop(index, error) }
    } catch { stop(index, error) }
    return []
  }

  func stop(_ index: Int, _ error: any Error) {
    stops[index] = error
    fail(index, "not_stored", OperationError(error).description)
  }

  /// The call of a step; none without a token, or where it takes an app and there is none.
  func ask(_ index: Int, _ step: Step) -> [GraphCall<Tag>] { call(index, step).map { [$0] } ?? [] }

  private func call(_ index: Int, _ step: Step) -> GraphCall<Tag>? {
    guard let stored = secrets[index] else { return nil }
    let tag = Tag(index: index, step: step)
    switch step {
    case .check, .confirm: return GraphCall(tag: tag, path: "me", query: GraphUser.query, token: stored)
    case .verify(let renewal):
      return GraphCall(tag: tag, path: "me", query: GraphUser.query, token: renewal.token)
    case .kind:
      return GraphCall(
        tag: tag, path: "me/accounts", query: [("fields", "id"), ("limit", "1")], token: stored)
    case .debug: return app?.debugCall(tag, about: stored)
    case .inspect(let renewal): return app?.debugCall(tag, about: renewal.token)
    case .exchange:
      return app?.exchangeCall(tag, of: stored, isSystemUser: isSystemUser(index))
    case .page(let mapping):
      return GraphCall(tag: tag, path: mapping.pageID, query: GraphPage.syncQuery, token: stored)
    }
  }

  private func isSystemUser(_ index: Int) -> Bool {
    (paste?.facts.kind ?? rows[index].kind) == .systemUser
  }

  func pageCalls(_ index: Int) throws -> [GraphCall<Tag>] {
    try store.mappings(tokenID: rows[index].id).flatMap { ask(index, .page($0)) }
  }

  /// A token's way ends without what was wanted.
  func fail(_ index: Int, _ reason: String, _ detail: String) {
    // A page token that could not be stored takes nothing from a token that was.
    if entries[index].outcome == .extended { return }
    entries[index].outcome = .failed
    (entries[index].reason, entries[index].detail) = (reason, detail)
  }

  func fail(_ index: Int, _ failure: GraphFailure) {
    stops[index] = failure
    fail(index, failure.logReason, failure.sentence)
  }
}

extension TokenRun.Step {
  /// As whom Graph is asked.
  var asker: GraphQuestion.Asker {
    switch self {
    case .check, .kind, .confirm, .verify, .page: .token
    case .debug, .inspect: .app
    case .exchange: .exchange
    }
  }
}
