package import JSON

/// The owner of a token, from `/me` (Graph reference, "User"): the known fields and no others.
package struct GraphUser {
  package let id: String
  package let name: String?
  /// The address of a picture; signed, and good for about 30 days.
  package let picture: String?

  package static let query = [("fields", "id,name,picture{url}")]

  package init(_ value: JSONValue) throws(GraphFailure) {
    guard let id = value["id"]?.graphID else { throw GraphFailure(.failed) }
    self.id = id
    name = try value.name("name")
    picture = value["picture"]?["data"]?["url"]?.pictureURL
  }
}
