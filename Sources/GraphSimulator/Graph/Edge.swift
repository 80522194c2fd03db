internal import JSON

/// A list that hangs on a node: `/me/accounts`, `/{ig-user-id}/media`.
struct Edge: Sendable {
  /// Edges of a Page which only a Page token reads.
  static let pageContent: Set<String> = [
    "posts", "feed", "published_posts", "photos", "videos", "conversations", "insights", "tagged",
    "visitor_posts",
  ]

  var ownerID: String
  var name: String
  var rows: Content
  /// The fields of a row when none are asked for.
  var defaults: [String]
  /// Whether the answer has cursors; children of an album have none.
  var isPaged = true

  enum Content: Sendable {
    case nodes(Rows<Node>)
    /// Rows without an id or fields, such as permissions.
    case values([JSONValue])
  }

  var count: Int {
    switch rows {
    case .nodes(let nodes): nodes.count
    case .values(let values): values.count
    }
  }

  /// What cursors of this edge are sealed with.
  var cursorKey: String { "\(ownerID)/\(name)" }
}

/// Which part of an edge is wanted.
struct Window: Sendable {
  /// Graph's defaults and maxima are not documented for every edge; these are what they are in practice.
  static let defaultLimit = 25
  static let maximumLimit = 100

  var limit = Window.defaultLimit
  var after: String?
  var before: String?
  var countsTotal = false

  /// From the parameters of a call, or from the modifiers of an expanded edge.
  init(_ argument: (String) -> String?) throws(Refusal) {
    if let text = argument("limit"), !text.isEmpty {
      guard let limit = Int(text), limit >= 0 else {
        throw Refusal(100, "(#100) Param limit must be an integer greater than or equal to 0")
      }
      guard limit <= Self.maximumLimit else {
        throw Refusal(100, "(#100) The 'limit' parameter should not exceed \(Self.maximumLimit)")
      }
      self.limit = limit
    }
    after = argument("after").flatMap { $0.isEmpty ? nil : $0 }
    before = argument("before").flatMap { $0.isEmpty ? nil : $0 }
    countsTotal = argument("summary").map { ["1", "true", "total_count"].contains($0) } ?? false
  }

  /// The rows of the window in an edge of `count` rows, and the salt of the cursor it began at.
  func range(in edge: Edge) throws(Refusal) -> (rows: Range<Int>, salt: Int) {
    if let after {
      let cursor = try Cursor(after, edge: edge.cursorKey)
      let start = min(max(cursor.row + 1, 0), edge.count)
      return (start..<min(start + limit, edge.count), cursor.salt)
    }
    if let before {
      let cursor = try Cursor(before, edge: edge.cursorKey)
      let end = min(max(cursor.row, 0), edge.count)
      return (max(end - limit, 0)..<end, cursor.salt)
    }
    return (0..<min(limit, edge.count), 0)
  }
}

/// The ways in which Graph's pages are not what one expects, on demand.
package enum PagingQuirk: String, Sendable, CaseIterable {
  /// Half the rows, and a `next`.
  case shortPage = "short_page"
  /// No rows, and a `next` that leads on.
  case emptyPage = "empty_page"
  /// A `next` after the last row; following it gives `{"data":[]}`.
  case trailingNext = "trailing_next"
  /// A `next` that leads to the same page for ever.
  case loopingCursor = "looping_cursor"
  /// `"next":null` where `next` should be missing, and `"data":null` where there are no rows.
  case nulls
  /// No `cursors`: the cursor stands in `next` alone.
  case noCursors = "no_cursors"
  /// A `next` that has no cursor anywhere, as edges have that page by offset.
  case offsetNext = "offset_next"
}
