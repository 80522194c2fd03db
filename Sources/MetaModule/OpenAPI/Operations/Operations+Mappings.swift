internal import JSON

extension Operations {
  static let mappings = [
    Operation(
      method: "GET", pattern: "/mappings/", id: "listMappings", tag: .mappings,
      summary: "Which client has which Page",
      parameters: ["Limit", "After"],
      results: [
        .init(
          status: 200, description: "The mappings.", schema: "Mappings",
          examples: [("one", ["mappings": [mappingExample]])], headers: ["NoStore"])
      ],
      errors: [.invalidLimit]),
    Operation(
      method: "DELETE", pattern: "/mappings/<id>/", id: "removeMapping", tag: .mappings,
      summary: "Remove a mapping",
      description: "Its cached grid goes with it, unless another client shows the same account.",
      results: [.init(status: 204, description: "It is gone.")],
      errors: [.notFound]),
    Operation(
      method: "POST", pattern: "/mappings/<id>/refresh/", id: "refreshMapping", tag: .mappings,
      summary: "Fetch a client's grid anew", description: "Drops the cached grid first.",
      results: [
        .init(
          status: 200, description: "The mapping, with the time of its new grid.", schema: "Refreshed",
          examples: [("fetched", ["refreshed": true, "mapping": mappingExample])], headers: ["NoStore"])
      ],
      errors: [.notFound], asksGraph: true),
  ]

  private static let mappingExample: JSONValue = [
    "id": 1, "client_id": "client_001", "fb_page_id": "104567890123", "fb_page_name": "My Business Page",
    "ig_account_id": "17841405822348523", "ig_username": "mybusinessaccount", "token_id": 1,
    "created_at": "2025-12-18T10:00:00Z", "updated_at": "2025-12-18T10:00:00Z",
    "cached_at": "2025-12-18T10:04:00Z",
  ]
}
