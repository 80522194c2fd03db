internal import JSON

/// `components/parameters`: what stands in a path, a query string or a header of a request.
enum Parameters {
  static let json: JSONValue = [
    "ClientID": path(
      "client_id", "Your own identifier of a client.", example: "client_001",
      ["type": "string", "minLength": 1, "maxLength": 128, "pattern": .string(Schemas.clientIDPattern)]),
    "PostID": path(
      "post_id", "An Instagram post, from the media of a grid.", example: "17999999999999999",
      ["type": "string", "pattern": "^[0-9_]{1,64}$"]),
    "TokenID": path("id", "A stored token.", example: 1, rowID),
    "MappingID": path("id", "A mapping.", example: 1, rowID),
    "FacebookPageID": query(
      "fb_page_id", "Only the mapping to this Page.", example: "104567890123",
      ["type": "string", "pattern": "^[0-9]{1,32}$"]),
    "Limit": query(
      "limit", "Rows of the answer.", example: 50, ["type": "integer", "minimum": 1, "maximum": 200]),
    "After": query(
      "after", "Goes on behind the row of this id: the `next` of the answer before.", example: 0,
      ["type": "integer", "minimum": 0, "maximum": .number(JSONNumber(.max))]),
    "Force": query(
      "force", "Removes the token although mappings use it. They stay, without a user's token behind them.",
      example: 1,
      ["type": "integer", "enum": [0, 1]]),
    "IfNoneMatch": [
      "name": "If-None-Match", "in": "header", "description": "The `ETag` of the grid that the client has.",
      "schema": ["type": "string", "pattern": "^[ -~]{1,200}$"],
    ],
    "XRequestID": [
      "name": "X-Request-Id", "in": "header",
      "description": "An id under which the request stands in every log.",
      "schema": ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"],
      "example": "order-4711",
    ],
  ]

  private static let rowID: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": .number(JSONNumber(.max)),
  ]

  private static func path(
    _ name: String, _ description: String, example: JSONValue, _ schema: JSONValue
  ) -> JSONValue {
    [
      "name": .string(name), "in": "path", "required": true, "description": .string(description),
      "schema": schema,
      "example": example,
    ]
  }

  private static func query(
    _ name: String, _ description: String, example: JSONValue, _ schema: JSONValue
  ) -> JSONValue {
    [
      "name": .string(name), "in": "query", "description": .string(description), "schema": schema,
      "example": example,
    ]
  }
}
