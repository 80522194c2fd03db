internal import JSON

extension Operations {
  static let tokens = [
    Operation(
      method: "GET", pattern: "/tokens/", id: "listTokens", tag: .tokens, summary: "The stored tokens",
      description: "Status, expiry and permissions of each; never a token.", parameters: ["Limit", "After"],
      results: [
        .init(
          status: 200, description: "The tokens.", schema: "Tokens",
          examples: [("one", ["tokens": [tokenExample]])],
          headers: ["NoStore"])
      ],
      errors: [.invalidLimit]),
    Operation(
      method: "POST", pattern: "/tokens/", id: "addToken", tag: .tokens, summary: "Store a token",
      description: """
        Verifies the token; where an app id and secret are configured, reads its expiry and exchanges a \
        short-lived one for a long-lived one. The same Meta user again replaces the token of the row that \
        there is, and its mappings get new page tokens.
        """,
      body: "NewToken",
      bodyExamples: [("seed", ["access_token": "your_token_here", "account_label": "My Facebook Account"])],
      results: [
        .init(
          status: 200, description: "The row that this Meta user had, with the new token.", schema: "Token",
          examples: [("replaced", tokenExample)], headers: ["NoStore"]),
        .init(
          status: 201, description: "A new row.", schema: "Token", examples: [("stored", tokenExample)],
          headers: ["NoStore"]),
      ],
      errors: [.invalidToken, .otherUser], asksGraph: true),
    Operation(
      method: "PATCH", pattern: "/tokens/<id>/", id: "changeToken", tag: .tokens,
      summary: "Change label or status, or replace the token",
      description: """
        A new token is verified before the old one is given up, and must be the same Meta user's. Mappings \
        keep working: they get new page tokens.
        """,
      body: "TokenChange",
      bodyExamples: [("label", ["account_label": "Another label"]), ("status", ["status": "invalid"])],
      results: [
        .init(
          status: 200, description: "The row as it is now.", schema: "Token",
          examples: [("changed", tokenExample)],
          headers: ["NoStore"])
      ],
      errors: [.notFound, .invalidStatus, .otherUser], asksGraph: true),
    Operation(
      method: "DELETE", pattern: "/tokens/<id>/", id: "removeToken", tag: .tokens, summary: "Remove a token",
      parameters: ["Force"],
      results: [.init(status: 204, description: "It is gone.")],
      errors: [.notFound, .tokenInUse]),
    Operation(
      method: "POST", pattern: "/tokens/<id>/check/", id: "checkToken", tag: .tokens,
      summary: "Ask Graph about a token now",
      description: """
        Updates status and expiry. That Graph refuses the token is what one wanted to know, and no error; \
        that it cannot be asked is one, and changes nothing. A block that Graph asked for is tried, and lifted when \
        it answers.
        """,
      results: [
        .init(
          status: 200, description: "The row as it is now.", schema: "Token",
          examples: [("checked", tokenExample)],
          headers: ["NoStore"])
      ],
      errors: [.notFound], asksGraph: true),
  ]

  private static let tokenExample: JSONValue = [
    "id": 1, "account_label": "My Facebook Account", "user_id": "123456789", "user_name": "John Doe",
    "profile_picture": "https://platform-lookaside.fbsbx.com/platform/profilepic/...", "kind": "user",
    "status": "active", "status_reason": nil, "expires_at": "2026-02-17T10:00:00Z",
    "data_access_expires_at": "2026-03-18T10:00:00Z",
    "scopes": ["pages_show_list", "pages_read_engagement", "instagram_basic"],
    "missing_scopes": ["business_management"], "last_checked_at": "2025-12-18T10:00:00Z",
    "created_at": "2025-12-18T10:00:00Z", "updated_at": "2025-12-18T10:00:00Z",
  ]
}
