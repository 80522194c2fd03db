internal import Cryptography
internal import Graph
internal import JSON
internal import Store
internal import Text

/// How endpoints come by a stored token, and what they do when Graph refuses it.
extension RequestContext {
  /// The plain token of a sealed one.
  ///
  /// - Returns: `nil` when no key of the ring opens it: the row keeps its status, and is left out.
  func unsealed(_ sealed: String) throws -> Secret? {
    let ring = try application.keyRing()
    guard let bytes = try? ring.open(sealed) else { return nil }
    return Secret(String(decoding: bytes, as: UTF8.self))
  }

  /// The sealed form of a token, to be stored.
  func sealed(_ token: Secret) throws -> String {
    let ring = try application.keyRing()
    // Before it is used: a backup that was made in between names one key more than it needs, never one less.
    try store().recordKey(ring)
    do { return try ring.seal(Array(token.revealed().utf8)) } catch {
      throw Refusal.noRandomness("to encrypt a token with")
    }
  }

  /// Writes down that Graph refused a user's token, unless the row holds another one by now.
  ///
  /// A token that works again after its owner has logged in stays active, with the reason beside it. A page token's
  /// troubles say nothing of the user's.
  func mark(_ token: StoredToken, after failure: GraphFailure) {
    if case .unfit(let misfit) = failure.kind, misfit != .proof {
      _ = try? store().noteReason(token.id, misfit.reason, ifSealedIs: token.sealedToken)
    }
    guard case .refused(let reason) = failure.kind else { return }
    do {
      if reason == .loginRequired {
        _ = try store().noteReason(token.id, reason.rawValue, ifSealedIs: token.sealedToken)
      } else {
        _ = try store().markToken(
          token.id, as: .invalid, reason: reason.rawValue, ifSealedIs: token.sealedToken,
          event: event("token.refused"))
      }
    } catch {
      application.warn("A refused token could not be marked; the next request that uses it will mark it.")
    }
  }

  /// A token that had needed a log-in, or another app, answers again: the reason is taken away.
  func noteRecovery(of token: StoredToken) {
    let reasons = [RefusalReason.loginRequired.rawValue, Misfit.otherApp.reason]
    guard let reason = token.statusReason, reasons.contains(reason) else { return }
    let application = application
    application.afterwards {
      _ = try? application.store().noteReason(
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
    let user = try mapping.tokenID.flatMap { try store().token($0) }
    guard let user, user.status == .active, let userToken = try unsealed(user.sealedToken) else {
      throw refusal
    }
    let page: GraphPage?
    do {
      page = GraphPage(try ask(mapping.pageID, GraphPage.syncQuery, as: userToken, within: budget))
    } catch {
      mark(user, after: error)
      switch error.kind {
      case .notFound, .permissionMissing, .pageTokenRefused: throw refusal
      default: throw error
      }
    }
    noteRecovery(of: user)
    guard let page, page.id == mapping.pageID, let renewed = page.accessToken else { throw refusal }
    _ = try store().replacePageToken(
      mapping.id, with: sealed(renewed), ifSealedIs: mapping.sealedPageToken)
    return renewed
  }
}
