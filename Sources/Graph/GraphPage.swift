package import JSON
package import Text

/// A Facebook Page, from a list or on its own (Graph reference, "Page").
package struct GraphPage {
  package let id: String
  package let name: String?
  package let picture: String?
  /// Absent when no professional account is linked to the Page.
  package let instagramAccountID: String?
  /// The Page's own token; absent when the user's role does not allow it.
  package let accessToken: Secret?

  /// What a list of Pages asks for. The Page's token is not: it would only travel for nothing.
  package static let listFields = barrenFields + ",instagram_business_account{id}"
  /// The same where a permission is missing for the account alone.
  package static let barrenFields = "id,name,picture{url}"
  /// What a mapping needs, in one call.
  package static let syncQuery = [("fields", "id,name,access_token,instagram_business_account{id}")]

  /// `nil` for what is no Page: no id, or values of wrong types.
  package init?(_ value: JSONValue) {
    guard let id = value["id"]?.graphID else { return nil }
    self.id = id
    do {
      name = try value.name("name")
      _ = try value.text("access_token")
    } catch { return nil }
    accessToken = value["access_token"]?.token
    picture = value["picture"]?["data"]?["url"]?.pictureURL
    instagramAccountID = value["instagram_business_account"]?["id"]?.graphID
  }
}

/// One page of an edge: its rows and the cursor behind which the next page lies (Graph, "Paginated results").
package struct GraphConnection {
  package let rows: [JSONValue]
  /// `nil` at the end: only the absence of `next` says so, neither a short page nor an empty one.
  package let after: String?
  /// There is more, and no cursor that leads there.
  package let isCut: Bool

  /// `nil` when the value is no connection. `null` in the place of its rows is none.
  package init?(_ value: JSONValue?) {
    guard let value, let data = value["data"], data.array != nil || data.isNull else { return nil }
    rows = data.array ?? []
    let paging = value["paging"]
    let next = paging?["next"]
    let hasNext = next.map { !$0.isNull } ?? false
    // `next` itself is never followed: it carries the token, and would lead wherever it says.
    let cursor = paging?["cursors"]?["after"]?.string ?? next?.string.flatMap(Self.cursor(in:))
    after = hasNext && cursor?.isEmpty == false ? cursor : nil
    isCut = hasNext && after == nil
  }

  /// The cursor alone, out of a `next` that has none beside it.
  private static func cursor(in next: String) -> String? {
    let query = next.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1)
    return query.count == 2 ? (try? FormFields(query: Array(query[1])))?["after"] : nil
  }
}
