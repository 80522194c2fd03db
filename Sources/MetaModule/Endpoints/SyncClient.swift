internal import Graph
internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `POST /sync/`: maps a client to a Page, with the Page's own token. One Graph call.
  static func syncClient(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let clientID = fields.string("client_id", .clientID)
    let pageID = fields.string("fb_page_id", .graphID)
    let wantedAccount = fields.optionalString("ig_account_id", .graphID)
    let tokenID = fields.integer("token_id")
    try fields.finish()

    let token = try usableToken(tokenID, context)
    guard let secret = try context.unsealed(token.sealedToken) else {
      throw Refusal.undecryptable
    }
    let page = try page(pageID, token, secret, context)
    guard let pageToken = page.accessToken else { throw Refusal.pageNotAccessible }
    if let wantedAccount, let linked = page.instagramAccountID, linked != wantedAccount {
      throw Refusal.instagramAccountNotLinked
    }
    let mapping = NewMapping(
      clientID: clientID, pageID: pageID, instagramAccountID: page.instagramAccountID ?? wantedAccount,
      sealedPageToken: try context.sealed(pageToken), tokenID: tokenID, pageName: page.name)
    let outcome = try context.store().saveMapping(mapping, event: context.event("mapping.sync"))
    switch outcome {
    case .created: return Response(json: ["success": true, "created": true])
    case .updated: return Response(json: ["success": true, "created": false])
    case .unknownToken: throw Refusal.tokenNotUsable  // Removed while Graph was asked.
    }
  }

  /// The row of an active token; one whose time is over is set to `expired` on the way.
  private static func usableToken(_ id: Int64, _ context: RequestContext) throws -> StoredToken {
    let store = try context.store()
    _ = try store.expireTokens(now: context.now)
    guard let token = try store.token(id), token.status == .active else { throw Refusal.tokenNotUsable }
    return token
  }

  /// The Page as the token sees it. That Graph does not know it, or not for this token, is the caller's mistake.
  private static func page(
    _ id: String, _ token: StoredToken, _ secret: Secret, _ context: RequestContext
  ) throws -> GraphPage {
    try context.prepareToAskGraph(mayProbe: true)
    let value: JSONValue
    do {
      value = try context.ask(id, GraphPage.syncQuery, as: secret)
    } catch {
      context.mark(token, after: error)
      // Code 100 is Graph's answer when the id is not a Page's: a person's, an Instagram account's.
      if error.kind == .notFound || error.kind == .pageTokenRefused
        || error.code == 100 && error.kind == .failed
      {
        throw Refusal.pageNotAccessible
      }
      throw error
    }
    context.noteRecovery(of: token)
    guard let page = GraphPage(value) else { throw GraphFailure(.failed) }
    guard page.id == id else { throw Refusal.pageNotAccessible }
    return page
  }
}
