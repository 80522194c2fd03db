internal import JSON

/// What a node says to one field.
enum FieldAnswer: Sendable {
  case value(JSONValue)
  /// The field exists and is empty: Graph leaves it out, it never writes `null`.
  case absent
  /// There is no such field: the whole request fails.
  case unknown

  init(_ value: JSONValue?) { self = value.map(FieldAnswer.value) ?? .absent }
  /// An empty text is left out like one that is missing.
  init(_ text: String?) { self.init(text.flatMap { $0.isEmpty ? nil : JSONValue.string($0) }) }
}

extension Call {
  /// A node with the wanted fields. `viaEdge` tells that it is a row of an edge or an expanded field, where
  /// some counts are withheld.
  func render(
    _ node: Node, _ selection: Selection?, defaults: [String]? = nil, viaEdge: Bool
  ) throws(Refusal) -> JSONObject {
    var wanted = selection ?? Selection([])
    if wanted.fields.isEmpty { wanted = Selection(defaults ?? defaultFields(of: node)) }
    var object = JSONObject()
    for field in wanted.fields where field.name != "id" || object["id"] == nil {
      switch try answer(field, of: node, viaEdge: viaEdge) {
      case .value(let value): object[field.name] = value
      case .absent: continue
      case .unknown: throw .noSuchField(field.name, on: node.typeName)
      }
    }
    // Always there, asked for or not; at the end when not.
    if object["id"] == nil { object["id"] = .string(node.id) }
    return object
  }

  private func defaultFields(of node: Node) -> [String] {
    switch node {
    case .user, .page, .business: ["name", "id"]
    case .instagram, .media: ["id"]
    }
  }

  private func answer(
    _ field: Selection.Field, of node: Node, viaEdge: Bool
  ) throws(Refusal) -> FieldAnswer {
    if field.name == "id" { return .value(.string(node.id)) }
    let answer =
      switch node {
      case .user(let user): try value(field, of: user)
      case .page(let page, let role): try value(field, of: page, role: role)
      case .business(let business): value(field, of: business)
      case .instagram(let account): value(field, of: account)
      case .media(let post): try value(field, of: post, viaEdge: viaEdge)
      }
    guard case .unknown = answer, let edge = try edge(field.name, of: node) else { return answer }
    // An expanded edge without rows is absent.
    guard edge.count > 0 else { return .absent }
    let window = try Window { field.argument($0) }
    return .value(.object(try render(edge, window, field.selection, original: Parameters())))
  }

  /// A page of an edge. `original` are the parameters that `next` repeats.
  func render(
    _ edge: Edge, _ window: Window, _ selection: Selection?, original: Parameters
  ) throws(Refusal) -> JSONObject {
    var (range, salt) = try window.range(in: edge)
    switch quirk {
    case .shortPage: range = range.lowerBound..<range.lowerBound + (range.count + 1) / 2
    case .emptyPage: range = range.lowerBound..<range.lowerBound
    default: break
    }
    var rows: [JSONValue] = []
    for index in range {
      switch edge.rows {
      case .values(let values): rows.append(values[index])
      case .nodes(let nodes):
        rows.append(
          .object(try render(nodes[index], selection, defaults: edge.defaults, viaEdge: true)))
      }
    }
    var object: JSONObject = ["data": quirk == .nulls && rows.isEmpty ? .null : .array(rows)]
    if edge.isPaged {
      let paging = PagingLinks(call: self, edge: edge, window: window, range: range, salt: salt)
      object["paging"] = paging.json(selection, original: original)
    }
    if window.countsTotal { object["summary"] = ["total_count": JSONValue(edge.count)] }
    return object
  }
}
