internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `POST /sync/`: maps a client to a Page.
  static func syncClient(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let clientID = fields.string("client_id", .clientID)
    let pageID = fields.string("fb_page_id", .graphID)
    let account = fields.optionalString("ig_account_id", .graphID)
    let tokenID = fields.integer("token_id")
    try fields.finish()

    let isNew = try context.services.pages.sync(
      clientID: clientID, pageID: pageID, account: account, tokenID: tokenID)
    return Response(json: ["success": true, "created": .bool(isNew)])
  }
}
