internal import Graph
internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /post/<post_id>/`: one medium with its likes and comments, fetched live.
  ///
  /// A medium that was seen in a grid costs one call, as the Page of its account. For an unknown id every token that a
  /// mapping uses is asked at the same time, and the medium's owner decides; `UnknownPosts` keeps that rare.
  static func postDetail(_ context: RequestContext) throws -> Response {
    let id = context.capture
    guard FieldRule.postID.accepts(id) else { throw Refusal.postNotFound }
    let store = try context.store()
    let known = try store.account(ofMedium: id).flatMap {
      try store.mappings(instagramAccountID: $0).first
    }
    let medium = if let known { try seen(id, known, context) } else { try unknown(id, context) }
    return Response(json: .object(medium.detailJSON))
  }

  private static func seen(
    _ id: String, _ mapping: StoredMapping, _ context: RequestContext
  ) throws -> InstagramMedium {
    try context.prepareToAskGraph()
    do {
      let value = try context.askAsPage(
        of: mapping, id, [("fields", InstagramMedium.detailFields)], within: context.budget())
      let medium = try InstagramMedium(value)
      guard medium.id == id else { throw GraphFailure(.failed) }
      return medium
    } catch let failure as GraphFailure where failure.kind == .notFound { throw Refusal.postNotFound }
  }

  private static func unknown(_ id: String, _ context: RequestContext) throws -> InstagramMedium {
    let store = try context.store()
    _ = try store.expireTokens(now: context.now)
    let tokens = try store.activeTokensInUse()
    if tokens.isEmpty { throw Refusal.postNotFound }
    let unknownPosts = context.application.cache.map(UnknownPosts.init)
    if let unknownPosts, let owner = unknownPosts.knownOwner(of: id, tokens: tokens, now: context.now),
      try !store.isInstagramAccountMapped(owner)
    {
      throw Refusal.postNotFound
    }
    // Only keys are counted: whoever else may ask is the operator.
    if let unknownPosts, case .apiKey(let key, _, _) = context.caller,
      let seconds = unknownPosts.secondsUntilTurn(of: key)
    {
      throw Refusal.tooManyUnknownPosts(seconds: seconds)
    }

    var failures: [GraphFailure] = []
    var askers: [(secret: Secret, rows: [StoredToken])] = []
    for token in tokens {
      guard let secret = try context.unsealed(token.sealedToken) else { continue }
      if let known = askers.firstIndex(where: { $0.secret == secret }) {
        askers[known].rows.append(token)
      } else if let seconds = context.secondsBlocked(secret) {
        failures.append(GraphFailure(.throttled(seconds: seconds)))
      } else {
        askers.append((secret, [token]))
      }
    }
    let query = [(name: "fields", value: InstagramMedium.detailFields + ",owner{id}")]
    let calls = askers.enumerated().map { index, asker in
      GraphCall(tag: index, path: id, query: query, token: asker.secret)
    }

    var found: [InstagramMedium] = []
    var outcomes: [(index: Int, failure: GraphFailure?)] = []
    if !calls.isEmpty { try context.prepareToAskGraph() }
    context.graph.askAll(calls, within: context.budget()) { index, result in
      do throws(GraphFailure) {
        let medium = try InstagramMedium(result.get())
        guard medium.id == id else { throw GraphFailure(.failed) }
        found.append(medium)
        outcomes.append((index, nil))
      } catch { outcomes.append((index, error)) }
      return []
    }
    // Written down when all have answered: a locked database must not hold up the others' answers.
    for (index, failure) in outcomes {
      context.noteGraph(failure)
      for row in askers[index].rows {
        if let failure { context.mark(row, after: failure) } else { context.noteRecovery(of: row) }
      }
      if let failure { failures.append(context.remembering(failure, of: askers[index].secret)) }
    }
    for medium in found {
      guard let owner = medium.ownerID, try store.isInstagramAccountMapped(owner) else { continue }
      context.application.afterwards { try? store.rememberMedia([id], ofAccount: owner) }
      return medium
    }
    let refusal: any Error = found.isEmpty ? refusal(failures) : Refusal.postNotFound
    if refusal is Refusal {
      unknownPosts?.remember(id, owner: found.first?.ownerID, tokens: tokens, now: context.now)
    }
    throw refusal
  }

  /// When nobody may show the medium: that some token could not be asked counts more than that others do not know
  /// it, since that one might have.
  private static func refusal(_ failures: [GraphFailure]) -> any Error {
    var refused: GraphFailure?
    var unasked: GraphFailure?
    var isUnknown = false
    for failure in failures {
      switch failure.kind {
      case .notFound: isUnknown = true
      // The fields are those of a medium: to ask for them of anything else is code 100, and an id that is none of
      // Graph's, such as 1_2, is an unknown path.
      case .failed where failure.code == 100 || failure.code == 2500: isUnknown = true
      case .refused: refused = failure
      case .permissionMissing, .pageTokenRefused, .unfit: isUnknown = true
      case .throttled: unasked = failure
      case .timedOut, .transient, .failed, .declined, .appRefused: unasked = unasked ?? failure
      }
    }
    if let unasked { return unasked }
    if let refused, !isUnknown { return refused }
    return Refusal.postNotFound
  }
}
