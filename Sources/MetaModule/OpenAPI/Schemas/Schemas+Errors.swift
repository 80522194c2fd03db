internal import JSON

extension Schemas {
  /// Words that a program may rely on.
  private static let reasons = [
    "invalid", "expired", "password_changed", "app_removed", "revoked", "login_required",
    "permission_missing",
    "rate_limited", "upstream_error", "upstream_timeout", "app_refused",
  ]

  static let errors: JSONObject = [
    "Error": answer(
      "What went wrong.",
      [
        "detail": string("A sentence for a person."),
        "reason": word("A stable word for a program.", reasons),
      ], optional: ["reason"]),
    "ErrorWithFields": [
      "type": "object",
      "description": """
      What went wrong. Invalid fields stand in it under their own names, all at once, each with a list of \
      complaints; what concerns the body as a whole stands under `non_field_errors`.
      """,
      "required": ["detail"],
      "properties": [
        "detail": string("A sentence for a person."),
        "reason": word("A stable word for a program.", reasons),
      ],
      "additionalProperties": ["type": "array", "items": ["type": "string"], "minItems": 1],
    ],
  ]
}
