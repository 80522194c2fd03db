internal import Graph
internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /pages/`: every Page that every active token reaches. All tokens are asked at the same time, each at its
  /// own pace: a slow, dead or throttled one never holds up the others.
  static func linkedPages(_ context: RequestContext) throws -> Response {
    let store = try context.store()
    _ = try store.expireTokens(now: context.now)
    let tokens = try store.activeTokens()

    let census = PageCensus()
    var calls: [GraphCall<PageCensus.Question>] = []
    for (index, token) in tokens.enumerated() {
      guard let secret = try context.unsealed(token.sealedToken) else {
        census.add(PageCensus.Findings(token: token, secret: Secret(""), problem: .undecryptable))
        continue
      }
      var findings = PageCensus.Findings(token: token, secret: secret)
      if let seconds = context.secondsBlocked(secret) {
        findings.problem = .graph(GraphFailure(.throttled(seconds: seconds)))
        findings.isBlocked = true
        census.add(findings)
        continue
      }
      census.add(findings)
      calls += census.firstQuestions(index)
    }
    if !calls.isEmpty { try context.prepareToAskGraph(mayProbe: true) }
    context.graph.askAll(calls, within: context.budget()) { question, result in
      census.take(question, result)
    }
    return try answer(census.findings, context)
  }

  private static func answer(
    _ all: [PageCensus.Findings], _ context: RequestContext
  ) throws -> Response {
    var pages: [JSONValue] = []
    var warnings: [JSONValue] = []
    var failures: [GraphFailure] = []
    var asked = 0
    for findings in all {
      switch findings.problem {
      case nil:
        asked += 1
        context.noteGraph(nil)
        context.noteRecovery(of: findings.token)
      case .undecryptable:
        warnings.append(warning(findings.token, Refusal.undecryptable.detail))
      case .graph(let failure):
        context.noteGraph(failure)
        let failure = context.settled(failure, of: findings.secret)
        context.mark(findings.token, after: failure)
        switch failure.kind {
        case .refused(.loginRequired):
          asked += 1
          warnings.append(warning(findings.token, loginRequired))
        case .refused:
          asked += 1
          continue  // Marked invalid, and left out.
        case .permissionMissing, .pageTokenRefused, .notFound, .unfit:
          // Graph has answered: there are no Pages for this token.
          asked += 1
          warnings.append(warning(findings.token, failure.detail))
        case .throttled, .transient, .timedOut, .appRefused, .declined, .failed:
          if findings.isListed { asked += 1 }
          // What is remembered already must not be remembered anew: it would never end.
          let remembered = findings.isBlocked ? failure : context.remembering(failure, of: findings.secret)
          failures.append(remembered)
          warnings.append(warning(findings.token, remembered.detail))
        }
      }
      warnings += findings.flaws.map { warning(findings.token, $0) }
      pages += findings.pages.map { row($0, findings.token) }
    }
    if asked == 0, let worst = worst(failures) { throw worst }
    var body: JSONObject = ["pages": .array(pages)]
    if !warnings.isEmpty { body["warnings"] = .array(warnings) }
    return Response(json: .object(body))
  }

  private static let loginRequired =
    "Facebook asks the owner of this token to log in and follow the instructions there; then it works again."

  /// Of several reasons why nothing could be asked, the one that tells most about when to try again.
  private static func worst(_ failures: [GraphFailure]) -> GraphFailure? {
    let throttled = failures.filter { if case .throttled = $0.kind { true } else { false } }
    return throttled.first ?? failures.first { $0.kind == .timedOut } ?? failures.first
  }

  private static func row(_ page: GraphPage, _ token: StoredToken) -> JSONValue {
    [
      "account_label": .string(token.accountLabel), "token_id": JSONValue(token.id),
      "fb_page_id": .string(page.id), "fb_page_name": JSONValue(page.name),
      "fb_page_picture": JSONValue(page.picture), "page_access_token": nil,
      "ig_account_id": JSONValue(page.instagramAccountID),
    ]
  }

  private static func warning(_ token: StoredToken, _ detail: String) -> JSONValue {
    [
      "token_id": JSONValue(token.id), "account_label": .string(token.accountLabel),
      "detail": .string(detail),
    ]
  }
}
