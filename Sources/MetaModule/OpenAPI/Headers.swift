internal import JSON

/// `components/headers`: what stands in the answers beside the body.
enum Headers {
  /// Component, name on the wire, description, schema, and whether each answer that lists it has it.
  private static let table:
    [(component: String, name: String, description: String, schema: JSONValue, always: Bool)] = [
      (
        "XRequestID", "X-Request-Id", "The client's own, if it is 1–64 of `[A-Za-z0-9._-]`; else new.",
        ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"], true
      ),
      ("NoSniff", "X-Content-Type-Options", "The answer is what it says it is.", ["const": "nosniff"], true),
      (
        "NoStore", "Cache-Control", "No answer is kept unless it says otherwise.", ["const": "no-store"], true
      ),
      (
        "GridCacheControl", "Cache-Control", "A grid may be kept by its reader until it expires here.",
        ["type": "string", "pattern": "^(private, max-age=[0-9]+|no-store)$"], true
      ),
      (
        "PublicCacheControl", "Cache-Control", "The contract changes with the program only.",
        ["const": "public, max-age=300"], true
      ),
      (
        "XCache", "X-Cache",
        "`stale`: an expired grid stands in for a Graph that throttles, fails or does not answer.",
        ["enum": ["hit", "miss", "stale"]], false
      ),
      ("Age", "Age", "Seconds since Graph was asked.", ["type": "integer", "minimum": 0], false),
      ("ETag", "ETag", "Strong; for `If-None-Match`.", ["type": "string", "pattern": "^\"[^\"]+\"$"], false),
      (
        "RetryAfter", "Retry-After", "Seconds after which another try makes sense.",
        ["type": "integer", "minimum": 1], true
      ),
      (
        "Allow", "Allow", "The methods of this path.",
        ["type": "string", "pattern": "^[A-Z]+(, [A-Z]+)*$"], true
      ),
      ("WWWAuthenticate", "WWW-Authenticate", "How to sign in.", ["const": "Bearer"], true),
      (
        "SetCookie", "Set-Cookie",
        "The session, or its end. On HTTPS the name is `__Host-meta_session`, with `Secure`.",
        ["type": "string", "pattern": "^(__Host-)?meta_session="], true
      ),
    ]

  static var json: JSONValue {
    var json: JSONObject = [:]
    for row in table {
      json[row.component] = [
        "description": .string(row.description), "required": .bool(row.always), "schema": row.schema,
      ]
    }
    return .object(json)
  }

  /// The name on the wire.
  static func wireName(_ component: String) -> String {
    table.first { $0.component == component }?.name ?? component
  }

  /// The component of an error's header; `nil` for those that every answer has.
  static func component(_ name: String) -> String? {
    ["Retry-After": "RetryAfter", "Allow": "Allow", "WWW-Authenticate": "WWWAuthenticate"][name]
  }
}
