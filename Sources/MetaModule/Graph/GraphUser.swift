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
    name = value["name"]?.string
    picture = value["picture"]?["data"]?["url"]?.string
  }
}

extension JSONValue {
  /// An id of Meta's: digits in a string, or, as in a few old answers, a number. Anything else is not an id.
  var graphID: String? {
    switch self {
    case .string(let text) where FieldRule.graphID.accepts(text): text
    case .number(let number) where FieldRule.graphID.accepts(number.text): number.text
    default: nil
    }
  }
}
