internal import Graph
internal import JSON
internal import Store
internal import Text

/// The Page tokens of a user token's mappings.
extension RequestContext {
  /// Fetches the page tokens of all mappings of a token anew, all at the same time. One that Graph does not give
  /// stays as it is: it may still work, and is fetched again when it is refused.
  ///
  /// - Returns: a sentence for each that was not given.
  func rederivePageTokens(of token: StoredToken, _ secret: Secret) throws -> [String] {
    let mappings = try store().mappings(tokenID: token.id)
    let calls = mappings.enumerated().map { index, mapping in
      GraphCall(
        tag: index, path: mapping.pageID, query: GraphPage.syncQuery.map { (name: $0.0, value: $0.1) },
        token: secret)
    }
    var renewed: [(StoredMapping, Secret)] = []
    var kept: [String] = []
    graph.askAll(calls, within: budget()) { index, result in
      let mapping = mappings[index]
      switch result {
      case .success(let value):
        if let page = GraphPage(value), page.id == mapping.pageID, let pageToken = page.accessToken {
          renewed.append((mapping, pageToken))
        } else {
          kept.append(mapping.sentence(keptAfter: nil))
        }
      case .failure(let failure): kept.append(mapping.sentence(keptAfter: failure))
      }
      return []
    }
    for (mapping, pageToken) in renewed {
      _ = try store().replacePageToken(
        mapping.id, with: sealed(pageToken), ifSealedIs: mapping.sealedPageToken)
    }
    return kept
  }
}

extension StoredMapping {
  /// Why its Page token is the old one still. `nil`: Graph has answered, and gave none.
  func sentence(keptAfter failure: GraphFailure?) -> String {
    let name = "Client \(clientID), Page \(pageID): "
    switch failure?.kind {
    case nil, .pageTokenRefused, .permissionMissing, .notFound:
      return name
        + "this token is given no Page token, since its user has no role there that allows it; the stored one was kept."
    default:
      return name + "the Page token was not given (\(failure?.sentence ?? "")); the stored one was kept."
    }
  }
}

extension GraphUser {
  /// What a row keeps of it.
  var facts: TokenFacts { TokenFacts(userID: id, userName: name, profilePicture: picture) }
}

extension DebuggedToken {
  /// What a row keeps of it, and of its user where that is known.
  func facts(of user: GraphUser?) -> TokenFacts {
    var facts = user?.facts ?? TokenFacts()
    (facts.expiresAt, facts.dataAccessExpiresAt, facts.scopes) = (expiresAt, dataAccessExpiresAt, scopes)
    facts.isEndKnown = true
    facts.kind = isSystemUser ? .systemUser : .user
    return facts
  }
}
