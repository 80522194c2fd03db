internal import Graph
internal import JSON
internal import Store

extension Endpoints {
  /// `GET /pages/`: every Page that every active token reaches.
  static func linkedPages(_ context: RequestContext) throws -> Response {
    let listing = try context.services.pages.all()
    let pages: [JSONValue] = listing.pages.map { page, token in
      [
        "account_label": .string(token.accountLabel), "token_id": JSONValue(token.id),
        "fb_page_id": .string(page.id), "fb_page_name": JSONValue(page.name),
        "fb_page_picture": JSONValue(page.picture), "page_access_token": nil,
        "ig_account_id": JSONValue(page.instagramAccountID),
      ]
    }
    let warnings: [JSONValue] = listing.warnings.map { token, sentence in
      [
        "token_id": JSONValue(token.id), "account_label": .string(token.accountLabel),
        "detail": .string(sentence),
      ]
    }
    var body: JSONObject = ["pages": .array(pages)]
    if !warnings.isEmpty { body["warnings"] = .array(warnings) }
    return Response(json: .object(body))
  }
}
