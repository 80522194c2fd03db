internal import JSON

/// The `paging` of one page of an edge.
struct PagingLinks {
  var call: Call
  var edge: Edge
  var window: Window
  var range: Range<Int>
  var salt: Int

  /// `nil` where there are neither rows nor more to come: `{"data":[]}` is the whole answer then.
  func json(_ selection: Selection?, original: Parameters) -> JSONValue? {
    let hasNext = range.upperBound < edge.count || call.quirk == .trailingNext && !range.isEmpty
    if range.isEmpty && !(call.quirk == .emptyPage && hasNext) { return nil }

    var after = Cursor(row: range.upperBound - 1).text(edge: edge.cursorKey)
    var cursors: JSONObject = [:]
    switch call.quirk {
    case .emptyPage:
      // Another text for the same place, as long as the page is empty.
      after = Cursor(row: range.lowerBound - 1, salt: salt + 1).text(edge: edge.cursorKey)
    case .loopingCursor:
      after = window.after ?? after
    default: break
    }
    if !range.isEmpty {
      cursors["before"] = .string(Cursor(row: range.lowerBound).text(edge: edge.cursorKey))
    }
    cursors["after"] = .string(after)

    var paging: JSONObject = ["cursors": .object(cursors)]
    if hasNext || call.quirk == .loopingCursor {
      paging["next"] = .string(link("after", after, selection, original))
    }
    switch call.quirk {
    case .nulls where !hasNext: paging["next"] = .null
    case .noCursors: paging["cursors"] = nil
    case .offsetNext:
      paging["cursors"] = nil
      if hasNext { paging["next"] = .string(link("offset", String(range.upperBound), selection, original)) }
    default: break
    }
    if range.lowerBound > 0, !range.isEmpty {
      let before = Cursor(row: range.lowerBound).text(edge: edge.cursorKey)
      paging["previous"] = .string(link("before", before, selection, original))
    }
    return .object(paging)
  }

  /// A whole URL with the token and everything the call asked for: not for logs, not to be followed blindly.
  private func link(
    _ direction: String, _ cursor: String, _ selection: Selection?, _ original: Parameters
  ) -> String {
    var parameters = Parameters()
    parameters["access_token"] = call.tokenText
    parameters["pretty"] = "0"
    for pair in original.pairs where !Self.replaced.contains(pair.name) { parameters[pair.name] = pair.value }
    if let selection, !selection.fields.isEmpty { parameters["fields"] = selection.text }
    parameters["limit"] = String(window.limit)
    parameters[direction] = cursor
    return "\(call.base)/\(call.version)/\(edge.ownerID)/\(edge.name)?\(parameters.encoded)"
  }

  private static let replaced: Set<String> = [
    "access_token", "pretty", "fields", "limit", "after", "before", "appsecret_proof", "appsecret_time",
  ]
}
