internal import JSON

/// The owner of a token, from `/me` (Graph reference, "User"): the known fields and no others.
struct GraphUser {
  let id: String
  let name: String?
  /// The address of a picture; signed, and good for about 30 days.
  let picture: String?

  static let query = [("fields", "id,name,picture{url}")]

  init(_ value: JSONValue) throws(GraphFailure) {
    guard let id = value["id"]?.graphID else { throw GraphFailure(.failed) }
    self.id = id
    name = try value.name("name")
    picture = value["picture"]?["data"]?["url"]?.pictureURL
  }
}
