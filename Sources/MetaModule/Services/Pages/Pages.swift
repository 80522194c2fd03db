internal import Graph
internal import JSON
internal import Store
internal import Text

/// The Facebook Pages that the stored tokens reach, and which client has which.
struct Pages {
  let services: Services

  /// What became of the question for every token's Pages.
  struct Listing {
    var pages: [(page: GraphPage, token: StoredToken)] = []
    /// Why a token's Pages are missing, or not complete.
    var warnings: [(token: StoredToken, sentence: String)] = []
  }

  /// Every Page that every active token reaches. All tokens are asked at the same time, each at its own pace: a slow,
  /// dead or throttled one never holds up the others.
  func all() throws -> Listing {
    let store = try services.store()
    _ = try store.expireTokens(now: services.now)
    let listing = PageListing()
    var calls: [GraphCall<PageListing.Question>] = []
    for (index, token) in try store.activeTokens().enumerated() {
      guard let secret = try services.unsealed(token.sealedToken) else {
        listing.add(PageListing.Findings(token: token, secret: Secret(""), problem: .undecryptable))
        continue
      }
      var findings = PageListing.Findings(token: token, secret: secret)
      if let seconds = services.secondsBlocked(secret) {
        findings.problem = .graph(GraphFailure(.throttled(seconds: seconds)))
        findings.isBlocked = true
        listing.add(findings)
        continue
      }
      listing.add(findings)
      calls += listing.firstQuestions(index)
    }
    if !calls.isEmpty { try services.prepareToAskGraph(mayProbe: true) }
    services.graph.askAll(calls, within: services.budget()) { question, result in
      listing.take(question, result)
    }
    return try judged(listing.findings)
  }

  private func judged(_ all: [PageListing.Findings]) throws -> Listing {
    var listing = Listing()
    var failures: [GraphFailure] = []
    var asked = 0
    var appTrouble: GraphFailure?
    for findings in all {
      let token = findings.token
      var sentences: [String] = []
      switch findings.problem {
      case nil:
        asked += 1
        services.noteGraph(nil)
        services.noteRecovery(of: token)
      case .undecryptable:
        sentences.append(Refusal.undecryptable.detail)
      case .graph(let failure):
        // One that is held back says nothing of Graph, which was not asked.
        if !findings.isBlocked { services.noteGraph(failure) }
        let isUnfit = failure.kind == .unfit(.proof)
        let failure = isUnfit ? appTrouble ?? services.settled(failure, of: findings.secret) : failure
        // That our secret is wrong need not be asked for each token that it does not fit.
        if case .appRefused = failure.kind, isUnfit { appTrouble = failure }
        services.mark(token, after: failure)
        switch failure.kind {
        case .refused(.loginRequired):
          asked += 1
          sentences.append(Self.loginRequired)
        case .refused:
          asked += 1
          continue  // Marked invalid, and left out.
        case .permissionMissing, .pageTokenRefused, .notFound, .unfit:
          // Graph has answered: there are no Pages for this token.
          asked += 1
          sentences.append(failure.detail)
        case .throttled, .transient, .timedOut, .appRefused, .declined, .failed:
          if findings.isListed { asked += 1 }
          // What is remembered already must not be remembered anew: it would never end.
          let remembered = findings.isBlocked ? failure : services.remembering(failure, of: findings.secret)
          failures.append(remembered)
          sentences.append(remembered.detail)
        }
      }
      listing.warnings += (sentences + findings.flaws).map { (token, $0) }
      listing.pages += findings.pages.map { ($0, token) }
    }
    if asked == 0, let worst = Self.worst(failures) { throw worst }
    return listing
  }

  private static let loginRequired =
    "Facebook asks the owner of this token to log in and follow the instructions there; then it works again."

  /// Of several reasons why nothing could be asked, the one that tells most about when to try again.
  private static func worst(_ failures: [GraphFailure]) -> GraphFailure? {
    let throttled = failures.filter { if case .throttled = $0.kind { true } else { false } }
    return throttled.first ?? failures.first { $0.kind == .timedOut } ?? failures.first
  }

  /// Maps a client to a Page, with the Page's own token. One Graph call.
  ///
  /// - Parameter account: the Instagram account that the Page is expected to have.
  /// - Returns: whether the client had no such mapping.
  func sync(clientID: String, pageID: String, account: String?, tokenID: Int64) throws -> Bool {
    let store = try services.store()
    _ = try store.expireTokens(now: services.now)
    guard let token = try store.token(tokenID), token.status == .active else { throw Refusal.tokenNotUsable }
    guard let secret = try services.unsealed(token.sealedToken) else { throw Refusal.undecryptable }
    let page = try page(pageID, token, secret)
    guard let pageToken = page.accessToken else { throw Refusal.pageNotAccessible }
    if let account, let linked = page.instagramAccountID, linked != account {
      throw Refusal.instagramAccountNotLinked
    }
    let mapping = NewMapping(
      clientID: clientID, pageID: pageID, instagramAccountID: page.instagramAccountID ?? account,
      sealedPageToken: try services.sealed(pageToken), tokenID: tokenID, pageName: page.name)
    switch try store.saveMapping(mapping, event: services.event("mapping.sync")) {
    case .created: return true
    case .updated(_, let before):
      try services.forgetIfUnmapped(before)
      return false
    case .unknownToken: throw Refusal.tokenNotUsable  // Removed while Graph was asked.
    }
  }

  /// The Page as the token sees it. That Graph does not know it, or not for this token, is the caller's mistake.
  private func page(_ id: String, _ token: StoredToken, _ secret: Secret) throws -> GraphPage {
    try services.prepareToAskGraph(mayProbe: true)
    let value: JSONValue
    do {
      value = try services.ask(id, GraphPage.syncQuery, as: secret)
    } catch {
      services.mark(token, after: error)
      // Code 100 is Graph's answer when the id is not a Page's: a person's, an Instagram account's.
      if error.kind == .notFound || error.kind == .pageTokenRefused
        || error.code == 100 && error.kind == .failed
      {
        throw Refusal.pageNotAccessible
      }
      throw error
    }
    services.noteRecovery(of: token)
    guard let page = GraphPage(value) else { throw GraphFailure(.failed) }
    guard page.id == id else { throw Refusal.pageNotAccessible }
    return page
  }
}
