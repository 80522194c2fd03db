internal import Graph
internal import JSON
internal import Store
internal import Text

struct Posts {
  let services: Services

  /// A medium that was seen in a grid costs one call, as the Page of its account. For an unknown id every token that a
  /// mapping uses is asked at the same time, and the medium's owner decides; `UnknownPosts` keeps that rare.
  ///
  /// - Parameters:
  ///   - grant: for which clients; another's post is as if it were not there.
  ///   - key: the API key whose unknown posts are counted.
  func medium(_ id: String, for grant: Grant, askedByKey key: Int64?) throws -> InstagramMedium {
    let store = try services.store()
    let mappings = try store.account(ofMedium: id).map { try store.mappings(instagramAccountID: $0) } ?? []
    guard !mappings.isEmpty else { return try unknown(id, store, grant, key) }
    guard let mapping = mappings.first(where: { grant.covers($0.clientID) }) else {
      throw Refusal.postNotFound
    }
    return try seen(id, mapping)
  }

  private func isShown(_ account: String, to grant: Grant, _ store: Store) throws -> Bool {
    guard grant.clients != nil else { return try store.isInstagramAccountMapped(account) }
    return try store.mappings(instagramAccountID: account).contains { grant.covers($0.clientID) }
  }

  private func seen(_ id: String, _ mapping: StoredMapping) throws -> InstagramMedium {
    try services.prepareToAskGraph()
    do {
      let value = try services.askAsPage(
        of: mapping, id, [("fields", InstagramMedium.detailFields)], within: services.budget())
      return try Self.medium(id, in: value)
    } catch let failure as GraphFailure where failure.kind == .notFound { throw Refusal.postNotFound }
  }

  private static func medium(_ id: String, in value: JSONValue) throws(GraphFailure) -> InstagramMedium {
    let medium = try InstagramMedium(value)
    guard medium.id == id else { throw GraphFailure(.failed) }
    return medium
  }

  private func unknown(
    _ id: String, _ store: Store, _ grant: Grant, _ key: Int64?
  ) throws -> InstagramMedium {
    _ = try store.expireTokens(now: services.now)
    let tokens = try store.activeTokensInUse()
    if tokens.isEmpty { throw Refusal.postNotFound }
    let unknownPosts = services.cache.map(UnknownPosts.init)
    if let owner = unknownPosts?.knownOwner(of: id, tokens: tokens, now: services.now),
      try !isShown(owner, to: grant, store)
    {
      throw Refusal.postNotFound
    }
    if let key, let seconds = unknownPosts?.secondsUntilTurn(of: key) {
      throw Refusal.tooManyUnknownPosts(seconds: seconds)
    }

    let (found, failures) = try ask(tokens, for: id)
    for medium in found {
      guard let owner = medium.ownerID, try isShown(owner, to: grant, store) else { continue }
      services.rooms.turn.afterwards { try? store.rememberMedia([id], ofAccount: owner) }
      return medium
    }
    if found.isEmpty, let failure = Self.worst(failures) { throw failure }
    unknownPosts?.remember(id, owner: found.first?.ownerID, tokens: tokens, now: services.now)
    throw Refusal.postNotFound
  }

  /// Asks as each of the tokens, at the same time and once where several rows hold the same.
  private func ask(
    _ tokens: [StoredToken], for id: String
  ) throws -> (found: [InstagramMedium], failures: [GraphFailure]) {
    var failures: [GraphFailure] = []
    var askers: [(secret: Secret, rows: [StoredToken])] = []
    for token in tokens {
      guard let secret = try services.unsealed(token.sealedToken) else { continue }
      if let known = askers.firstIndex(where: { $0.secret == secret }) {
        askers[known].rows.append(token)
      } else if let seconds = services.secondsBlocked(secret) {
        failures.append(GraphFailure(.throttled(seconds: seconds)))
      } else {
        askers.append((secret, [token]))
      }
    }
    let query = [("fields", InstagramMedium.detailFields + ",owner{id}")]
    let calls = askers.enumerated().map { index, asker in
      GraphCall(tag: index, path: id, query: query, token: asker.secret)
    }
    var found: [InstagramMedium] = []
    var outcomes: [(index: Int, failure: GraphFailure?)] = []
    if !calls.isEmpty { try services.prepareToAskGraph() }
    services.graph.askAll(calls, within: services.budget()) { index, result in
      do throws(GraphFailure) {
        found.append(try Self.medium(id, in: result.get()))
        outcomes.append((index, nil))
      } catch { outcomes.append((index, error)) }
      return []
    }
    // Written down when all have answered: a locked database must not hold up the others' answers.
    for (index, failure) in outcomes {
      services.noteGraph(failure)
      for row in askers[index].rows {
        if let failure { services.mark(row, after: failure) } else { services.noteRecovery(of: row) }
      }
      if let failure { failures.append(services.remembering(failure, of: askers[index].secret)) }
    }
    return (found, failures)
  }

  /// When nobody may show the medium: that some token could not be asked counts more than that others do not know
  /// it, since that one might have. `nil`: nobody knows it.
  private static func worst(_ failures: [GraphFailure]) -> GraphFailure? {
    var refused: GraphFailure?
    var unasked: GraphFailure?
    var isUnknown = false
    for failure in failures {
      switch failure.kind {
      // The fields are those of a medium: to ask for them of anything else is code 100, and an id that is none of
      // Graph's, such as 1_2, is an unknown path.
      case .failed where failure.code == 100 || failure.code == 2500: isUnknown = true
      case .notFound, .permissionMissing, .pageTokenRefused, .unfit: isUnknown = true
      case .refused: refused = failure
      case .throttled: unasked = failure
      case .timedOut, .transient, .failed, .declined, .appRefused: unasked = unasked ?? failure
      }
    }
    return unasked ?? (isUnknown ? nil : refused)
  }
}
