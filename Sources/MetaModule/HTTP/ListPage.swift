internal import JSON
internal import Text

/// The window of a list: `?limit=` (1–200) and `?after=<id>`.
struct ListPage {
  let limit: Int
  let after: Int64

  static let maximum = 200

  init(_ query: FormFields?) throws {
    limit = Int(try Self.number("limit", query, 1...Int64(Self.maximum)) ?? Int64(Self.maximum))
    after = try Self.number("after", query, 0...Int64.max) ?? 0
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

  private static func number(
    _ name: String, _ query: FormFields?, _ range: ClosedRange<Int64>
  ) throws -> Int64? {
    guard let text = query?[name] else { return nil }
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else {
      throw APIError.invalidFields([.init(field: name, messages: ["A valid integer is required."])])
    }
    let number = Int64(text) ?? .max  // Digits past 64 bits: too many rows, or behind the last one.
    guard range.contains(number) else {
      let bound =
        number < range.lowerBound
        ? "greater than or equal to \(range.lowerBound)" : "less than or equal to \(range.upperBound)"
      throw APIError.invalidFields([.init(field: name, messages: ["Ensure this value is \(bound)."])])
    }
    return number
  }
}
