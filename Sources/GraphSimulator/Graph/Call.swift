internal import JSON

/// One call of the API on its way to an answer.
struct Call: Sendable {
  var world: World
  var tokens: TokenBook
  /// Where the simulator is reached; pictures and `next` point there.
  var base: String
  /// The version that answers.
  var version: String
  var identity: Identity
  /// The token as it was sent.
  var tokenText: String
  var parameters: Parameters
  var quirk: PagingQuirk?
  var cdn = CDN()

  /// The person behind the token, of a Page token too.
  var person: User? { identity.token.flatMap { world.user($0.userID) } }

  func has(_ scope: String) -> Bool { identity.token?.has(scope) ?? false }

  /// The role that the token gives on a Page; a Page token has one on its own Page only.
  func role(on pageID: String) -> Role? {
    guard let token = identity.token, token.reaches(page: pageID) else { return nil }
    if case .page(_, let own) = identity, own != pageID { return nil }
    switch tokens.trouble(userID: token.userID, pageID: pageID) {
    case .roleLost, .notAdministrator, .deleted: return nil
    case .permissionMissing, nil: return person?.roles.row(pageID)
    }
  }

  /// Whether the Page is gone for the person behind the call.
  func isDeleted(page pageID: String) -> Bool {
    identity.token.map { tokens.trouble(userID: $0.userID, pageID: pageID) == .deleted } ?? false
  }

  /// The thing of this id, if the token may see it; else Graph says that there is none.
  func node(_ id: String) throws(Refusal) -> Node {
    guard let node = world.node(id) else { throw .noSuchObject(id) }
    switch node {
    case .user(let user):
      guard case .user(let token) = identity, token.userID == user.id else { throw .noSuchObject(id) }
    case .page(let page, _):
      guard !isDeleted(page: id), page.isPublished || role(on: id) != nil else { throw .noSuchObject(id) }
    case .business:
      guard case .user = identity, person?.businessIDs.contains(id) == true else { throw .noSuchObject(id) }
      guard has("business_management") else { throw .permission("business_management") }
    case .instagram(let account): try checkInstagram(account, id)
    case .media(let post): try checkInstagram(post.account, id)
    }
    return node
  }

  private func checkInstagram(_ account: InstagramAccount, _ id: String) throws(Refusal) {
    guard role(on: account.pageID) != nil else { throw .noSuchObject(id) }
    guard has("instagram_basic") else { throw .applicationMayNot }
  }

  /// `/me`: the person, or the Page of a Page token.
  func me() throws(Refusal) -> Node {
    switch identity {
    case .page(_, let pageID):
      guard let page = world.page(pageID) else { throw .page(.deleted) }
      return .page(page, role: nil)
    case .user(let token):
      guard let user = world.user(token.userID) else { throw .noSuchObject(token.userID) }
      return .user(user)
    case .app, .nobody:
      throw Refusal(
        2500, "An active access token must be used to query information about the current user.")
    }
  }

  /// The token of a Page, if the person behind this call is given it.
  func pageToken(_ pageID: String) -> String? {
    if case .page(_, let own) = identity { return own == pageID ? tokenText : nil }
    guard case .user(let token) = identity, let role = role(on: pageID), role.givesPageToken,
      has("pages_show_list"), tokens.trouble(userID: token.userID, pageID: pageID) == nil
    else { return nil }
    return TokenMaker.pageToken(userToken: token.value, pageID: pageID)
  }
}
