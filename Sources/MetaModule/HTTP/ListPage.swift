internal import JSON
internal import Text

/// The window of a list: `?limit=` (1–200) and `?after=<id>`.
struct ListPage {
  let limit: Int
  let after: Int64

  static let maximum = 200

  init(_ query: FormFields?) throws {
    var reader = QueryReader(query)
    limit = Int(reader.number("limit", 1...Int64(Self.maximum)) ?? Int64(Self.maximum))
    after = reader.number("after", 0...Int64.max) ?? 0
    try reader.finish()
  }

  /// One row more than asked is fetched: it tells that there is a next page, and is not shown.
  var fetched: Int { limit + 1 }

  /// `{"<name>":[…]}`, and `"next"` when there is more.
  func answer<Row>(_ name: String, _ rows: [Row], id: (Row) -> Int64, _ json: (Row) -> JSONValue) -> Response
  {
    let shown = rows.prefix(limit)
    var body: JSONObject = [name: .array(shown.map(json))]
    if rows.count > limit, let last = shown.last { body["next"] = JSONValue(id(last)) }
    return Response(json: .object(body))
  }
}
