internal import JSON

/// A Facebook Page, from a list or on its own (Graph reference, "Page").
struct GraphPage {
  let id: String
  let name: String?
  let picture: String?
  /// Absent when no professional account is linked to the Page.
  let instagramAccountID: String?
  /// The Page's own token; absent when the user's role does not allow it.
  let accessToken: Secret?

  /// What a list of Pages asks for. The Page's token is not: it would only travel for nothing.
  static let listFields = "id,name,picture{url},instagram_business_account{id}"
  /// What a mapping needs, in one call.
  static let syncQuery = [("fields", "id,name,access_token,instagram_business_account{id}")]

  /// `nil` for what is no Page: no id, or values of wrong types.
  init?(_ value: JSONValue) {
    guard let id = value["id"]?.graphID else { return nil }
    self.id = id
    let token: String?
    do { (name, token) = (try value.text("name"), try value.text("access_token")) } catch { return nil }
    accessToken = token.flatMap { FieldRule.accessToken.accepts($0) ? Secret($0) : nil }
    picture = value["picture"]?["data"]?["url"]?.string
    instagramAccountID = value["instagram_business_account"]?["id"]?.graphID
  }
}

/// One page of an edge: its rows and the cursor behind which the next page lies (Graph, "Paginated results").
struct GraphConnection {
  let rows: [JSONValue]
  /// `nil` at the end: only the absence of `next` says so, neither a short page nor an empty one.
  let after: String?

  /// `nil` when the value is no connection.
  init?(_ value: JSONValue?) {
    guard let value, let rows = value["data"]?.array else { return nil }
    self.rows = rows
    let paging = value["paging"]
    // `next` itself is never followed: it carries the token, and would lead wherever it says.
    after = paging?["next"] == nil ? nil : paging?["cursors"]?["after"]?.string
  }
}
