internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /apikeys/`: the keys in force; never a key itself.
  static func listAPIKeys(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let rows = try context.store().keysInForce(after: page.after, limit: page.fetched)
    return page.answer("apikeys", rows, id: \.id) { .object($0.json()) }
  }

  /// `POST /apikeys/`: makes a key. It stands in this answer, and in no other.
  static func addAPIKey(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let label = fields.string("label", .accountLabel)
    let scope = fields.choice("scope", KeyScope.self)
    var clients = fields.optionalStrings("client_ids", .clientID, most: Keys.mostClients)
    if let given = clients {
      if given.isEmpty { fields.complain("client_ids", "This list may not be empty.") }
      if scope == .metrics {
        fields.complain("client_ids", "A key of scope metrics is bound to no client.")
      }
      clients = given.withoutRepetitions
    }
    try fields.finish()

    let grant = Grant(scope: scope ?? .read, clients: clients)
    let made = try context.services.keys.make(label: label, grant: grant)
    return Response(201, json: .object(made.row.json(key: made.key)))
  }

  /// `DELETE /apikeys/<id>/`: the next request with it is refused.
  static func revokeAPIKey(_ context: RequestContext) throws -> Response {
    guard try context.services.keys.revoke(context.capturedID()) else { throw APIError.notFound }
    return Response(empty: 204)
  }
}

extension StoredKey {
  /// - Parameter key: the key itself, where it has just been made.
  fileprivate func json(key: Secret? = nil) -> JSONObject {
    var json: JSONObject = [
      "id": JSONValue(id), "label": .string(label), "scope": .string(scope.rawValue),
      "client_ids": clients.map { .array($0.map { .string($0) }) } ?? .null,
    ]
    if let key { json["key"] = .string(key.revealed()) }
    json["last_used_at"] = JSONValue(lastUsedAt?.description)
    json["created_at"] = .string(createdAt.description)
    return json
  }
}
