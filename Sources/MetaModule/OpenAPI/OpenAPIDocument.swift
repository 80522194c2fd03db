internal import JSON

/// The OpenAPI 3.1 document of everything that the route table has: `GET /openapi.json`.
///
/// Made from the routes, the operations that describe them, and `APIError`; only read by people's tools, so
/// it is made when the first of them asks.
enum OpenAPIDocument {
  /// Any one of them; a second in the same request is refused.
  static let anyCredential: JSONValue = [["apiKey": []], ["bearer": []], ["session": []]]

  /// The document.
  ///
  /// - Parameter mountPoint: the mount point relative to where the document was fetched: `.`, or `..` with a
  ///   slash at its end. So it holds wherever the program is mounted.
  static func json(mountPoint: String) -> JSONValue {
    [
      "openapi": "3.1.0", "info": info, "servers": [["url": .string(mountPoint)]], "security": anyCredential,
      "tags": .array(Operation.Tag.allCases.map { ["name": .string($0.rawValue)] }), "paths": paths,
      "components": [
        "schemas": Schemas.json, "parameters": Parameters.json, "headers": Headers.json,
        "responses": Component.responses,
        "examples": examples,
        "securitySchemes": securitySchemes,
      ],
    ]
  }

  private static let info: JSONValue = [
    "title": "Meta Module", "version": .string(version),
    "description": """
    Keeps the Meta access tokens of Facebook Pages and Instagram accounts, and serves what sites and \
    dashboards need of them.

    Every path works with and without its trailing slash. `HEAD` is `GET` without the body; `OPTIONS` \
    answers 204 with `Allow`. Where a firewall blocks PATCH and DELETE, a POST with the header \
    `X-HTTP-Method-Override: PATCH` or `DELETE` is that method. Bodies are JSON or urlencoded forms of at \
    most 64 KiB and 1000 fields; unknown members are \
    ignored, strings are trimmed, and a number is taken for a string as its digits. Absent values are \
    `null`. A web server in front may add answers of its own: 502 and 504 when the program does not run or \
    does not answer, with a `detail`, too.

    As long as neither an admin password nor an API key exists, requests need none, and are served only \
    when they come straight from this machine.
    """,
  ]

  private static let paths: JSONValue = {
    var paths: JSONObject = [:]
    for route in RouteTable.routes {
      guard let operation = Operations.operation(for: route) else { continue }
      let path = path(route.pattern)
      var item = paths[path]?.object ?? [:]
      item[route.method.lowercased()] = operation.json(for: route.scope)
      paths[path] = .object(item)
    }
    return .object(paths)
  }()

  /// `/tokens/<id>/` is `/tokens/{id}/` there.
  static func path(_ pattern: String) -> String {
    String(pattern.map { $0 == "<" ? "{" : $0 == ">" ? "}" : $0 })
  }

  private static let examples: JSONValue = {
    var examples: JSONObject = [:]
    for error in DocumentedError.all { examples[error.name] = error.example }
    return .object(examples)
  }()

  private static let securitySchemes: JSONValue = [
    "apiKey": [
      "type": "apiKey", "in": "header", "name": "X-API-Key",
      "description":
        "`metactl apikey create` makes one, of the scope `admin`, or `read` for the two Instagram endpoints.",
    ],
    "bearer": [
      "type": "http", "scheme": "bearer", "description": "The same key as `Authorization: Bearer mm_…`.",
    ],
    "session": [
      "type": "apiKey", "in": "cookie", "name": "meta_session",
      "description":
        "The admin page's cookie, from `POST /session/`; on HTTPS its name is `__Host-meta_session`.",
    ],
  ]
}
