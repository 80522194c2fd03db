internal import JSON

extension Schemas {
  static let tokens: JSONObject = [
    "Tokens": answer(
      "Stored tokens in the order of their ids.", ["tokens": list(of: "Token"), "next": next],
      optional: ["next"]),
    "Token": answer(
      "A stored token; never the token itself.",
      [
        "id": row("Never given twice."), "account_label": string("Your own name for the account."),
        "user_id": metaID("The Meta user.", orNull: true),
        "user_name": string("The user's name.", orNull: true),
        "profile_picture": string("Address of the user's picture.", orNull: true),
        "kind": word("Whose token it is, as far as Meta told.", ["user", "system_user"]),
        "status": word("Only active tokens are used.", ["active", "expired", "invalid"]),
        "status_reason": string(
          """
          Why: `expired`, `password_changed`, `app_removed`, `revoked`, `login_required`, `invalid`, \
          `disabled` (by you), `key_missing` (no key of the ring opens it); of a token that is active: \
          `login_required`, `not_extended` (Meta gives no longer-lived one), `other_app`, `wrong_kind` (none for this \
          installation), `rate_limited`.
          """, orNull: true),
        "expires_at": moment("`null`: never, or not known.", orNull: true),
        "data_access_expires_at": moment("When the user has to agree again.", orNull: true),
        "scopes": names("The permissions that it has; `null`: not known."),
        "missing_scopes": names("The permissions that a full service needs and it lacks; `null`: not known."),
        "last_checked_at": moment("When Graph was asked about it last.", orNull: true),
        "created_at": moment("When it was stored first."), "updated_at": moment("When the row changed last."),
        "warnings": [
          "type": "array", "items": ["type": "string"],
          "description": "What a person should know besides; missing where there is nothing.",
        ],
      ], optional: ["warnings"]),
    "NewToken": request(
      "A token to be stored.",
      [
        "access_token": accessToken, "account_label": accountLabel,
        "expires_at": [
          "type": ["string", "null"], "format": "date-time",
          "description":
            "When it expires, where no app is configured that could ask Meta; absent or `null`: not known.",
        ],
      ], required: ["access_token", "account_label"]),
    "TokenChange": request(
      "What is to be changed.",
      [
        "account_label": accountLabel,
        "status": word("`invalid` takes the token out of use.", ["active", "invalid"]),
        "access_token": accessToken,
      ], required: []),
  ]

  /// How a list goes on.
  static let next = row("There is more: pass it as `after`.")

  private static func names(_ description: String) -> JSONValue {
    ["type": ["array", "null"], "items": ["type": "string"], "description": .string(description)]
  }
}
