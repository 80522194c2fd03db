internal import Graph
internal import JSON
internal import Store
internal import Text

/// What an answer of Graph to a stored token means for its row, whoever asked; and Page tokens, which come from one.
extension Services {
  /// Writes down that Graph refused a user's token, unless the row holds another one by now.
  func mark(_ token: StoredToken, after failure: GraphFailure) {
    guard let verdict = failure.verdict(on: token.status) else { return }
    do {
      if verdict.status == token.status {
        _ = try store().noteReason(token.id, verdict.reason, ifSealedIs: token.sealedToken)
      } else {
        _ = try store().markToken(
          token.id, as: verdict.status, reason: verdict.reason, ifSealedIs: token.sealedToken,
          event: event("token.refused"))
      }
    } catch {
      rooms.warn("A refused token could not be marked; the next request that uses it will mark it.")
    }
  }

  /// A token that had needed a log-in, or another app, answers again: the reason is taken away.
  func noteRecovery(of token: StoredToken) {
    let reasons = [RefusalReason.loginRequired.rawValue, Misfit.otherApp.reason]
    guard let reason = token.statusReason, reasons.contains(reason) else { return }
    let rooms = rooms
    rooms.turn.afterwards {
      _ = try? rooms.store().noteReason(
        token.id, nil, ifSealedIs: token.sealedToken, waitingAtMost: Store.shortPatience)
    }
  }

  /// Runs a call as a mapping's Page. When the Page's token is refused, it is fetched anew once with the user's token
  /// that it came from, stored, and the call repeated (API.md, section 2).
  func askAsPage(
    of mapping: StoredMapping, _ path: String, _ query: [(String, String)], within budget: GraphBudget
  ) throws -> JSONValue {
    guard let token = try unsealed(mapping.sealedPageToken) else { throw Refusal.undecryptable }
    do {
      return try ask(path, query, as: token, within: budget)
    } catch {
      switch error.kind {
      case .refused, .pageTokenRefused: break
      default: throw error
      }
      let renewed = try renewedPageToken(of: mapping, after: error, within: budget)
      return try ask(path, query, as: renewed, within: budget)
    }
  }

  /// Fetches a mapping's page token with its user's token and stores it; a stored one is never replaced by nothing.
  private func renewedPageToken(
    of mapping: StoredMapping, after refusal: GraphFailure, within budget: GraphBudget
  ) throws -> Secret {
    guard let user = try mapping.tokenID.flatMap({ try store().token($0) }), user.status == .active,
      let userToken = try unsealed(user.sealedToken)
    else { throw refusal }
    let value: JSONValue
    do { value = try ask(mapping.pageID, GraphPage.syncQuery, as: userToken, within: budget) } catch {
      mark(user, after: error)
      switch error.kind {
      case .notFound, .permissionMissing, .pageTokenRefused: throw refusal
      default: throw error
      }
    }
    noteRecovery(of: user)
    guard let renewed = mapping.pageToken(in: value) else { throw refusal }
    _ = try store().replacePageToken(
      mapping.id, with: sealed(renewed), ifSealedIs: mapping.sealedPageToken)
    return renewed
  }
}

extension GraphFailure {
  /// What it says against a user's token: the status and the reason that its row gets. `nil`: nothing.
  ///
  /// A token that works again after its owner has logged in stays what it is, with the reason beside it; so does one
  /// that is none for us. A page token's troubles say nothing of the user's.
  func verdict(on status: TokenStatus) -> (status: TokenStatus, reason: String)? {
    switch kind {
    case .refused(let reason): (reason == .loginRequired ? status : .invalid, reason.rawValue)
    case .unfit(.proof): nil
    case .unfit(let misfit): (status, misfit.reason)
    default: nil
    }
  }
}

extension StoredMapping {
  /// The token of this mapping's Page, when an answer of Graph's holds it.
  func pageToken(in value: JSONValue) -> Secret? {
    guard let page = GraphPage(value), page.id == pageID else { return nil }
    return page.accessToken
  }

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
