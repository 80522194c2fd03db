internal import JSON

extension Operations {
  static let administration = [
    Operation(
      method: "GET", pattern: "/session/", id: "showSession", tag: .session, summary: "Who am I?",
      description: "Open to everyone: the admin page asks it first, to know whether to show a sign-in.",
      results: [
        .init(
          status: 200, description: "Who calls, as far as is known.", schema: "Session",
          examples: [("signedIn", signedIn), ("stranger", stranger)], headers: ["NoStore"])
      ],
      errors: [.notAuthenticated]),
    Operation(
      method: "POST", pattern: "/session/", id: "signIn", tag: .session,
      summary: "Sign in with the admin password",
      description: """
        Sets a cookie for 12 hours. Ten failed attempts in 15 minutes lock an address out for 15 minutes \
        (IPv6: a /64); more sign-ins at the same time than the program has places for are told to come again. \
        Requests that change something with the cookie must come from the same origin (`Sec-Fetch-Site` or \
        `Origin`).
        """,
      body: "SignIn", bodyExamples: [("password", ["password": "correct horse battery staple"])],
      results: [
        .init(
          status: 200, description: "Signed in.", schema: "Session", examples: [("signedIn", signedIn)],
          headers: ["NoStore", "SetCookie"])
      ],
      errors: [.invalidPassword, .wrongPassword, .tooManyAttempts]),
    Operation(
      method: "DELETE", pattern: "/session/", id: "signOut", tag: .session, summary: "Sign out",
      results: [.init(status: 204, description: "Signed out, or never signed in.", headers: ["SetCookie"])],
      errors: [.notAuthenticated]),
    Operation(
      method: "GET", pattern: "/events/", id: "listEvents", tag: .operation, summary: "Who changed what",
      description: "Newest first; `after` goes on into the past.", parameters: ["Limit", "After"],
      results: [
        .init(
          status: 200, description: "The changes.", schema: "Events",
          examples: [("one", ["events": [eventExample], "next": 7])], headers: ["NoStore"])
      ],
      errors: [.invalidLimit]),
    Operation(
      method: "GET", pattern: "/health/", id: "health", tag: .operation, summary: "How the installation is",
      description: "Open to everyone, so it says nothing but which part is unwell.",
      results: [
        .init(
          status: 200, description: "Requests are answered.", schema: "Health",
          examples: [("well", health("ok", nil))],
          headers: ["NoStore"]),
        .init(
          status: 503, description: "Requests cannot be answered.", schema: "Health",
          examples: [("down", health("unavailable", "The database cannot be used."))],
          headers: ["NoStore", "RetryAfter"]),
      ],
      needsDatabase: false),
    Operation(
      method: "GET", pattern: "/openapi.json", id: "openAPI", tag: .operation, summary: "This document",
      description: "Open to everyone: it is the contract, and tells nothing of the installation.",
      results: [
        .init(status: 200, description: "OpenAPI 3.1.", schema: "OpenAPI", headers: ["PublicCacheControl"])
      ],
      needsDatabase: false),
  ]

  private static let signedIn: JSONValue = [
    "signed_in": true, "mode": "credentials", "actor": "admin password", "scope": "admin",
    "expires_at": "2025-12-18T22:00:00Z",
  ]
  private static let stranger: JSONValue = [
    "signed_in": false, "mode": "credentials", "actor": nil, "scope": nil, "expires_at": nil,
  ]
  private static let eventExample: JSONValue = [
    "id": 8, "at": "2025-12-18T10:00:00Z", "actor": "admin password", "action": "mapping.sync",
    "subject": "mapping 1", "address": "127.0.0.1", "result": "created", "request_id": "5f0c2a9d7b1e4836",
  ]

  private static func health(_ status: String, _ problem: String?) -> JSONValue {
    let well: JSONValue = ["status": "ok", "detail": nil, "checked_at": "2025-12-18T10:00:00Z"]
    let unwell: JSONValue = [
      "status": "error", "detail": JSONValue(problem), "checked_at": "2025-12-18T10:00:00Z",
    ]
    return [
      "status": .string(status), "version": .string(version),
      "checks": ["database": problem == nil ? well : unwell, "key": well, "cache": well, "graph": well],
    ]
  }
}
