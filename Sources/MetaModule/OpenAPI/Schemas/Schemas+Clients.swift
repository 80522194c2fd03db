internal import JSON

extension Schemas {
  static let accessToken: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 4096, "pattern": "^[ -~]+$",
    "description": "A Meta access token of a user. It is never shown again.",
  ]
  static let accountLabel: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": 255, "description": "Your own name for the account.",
  ]

  /// An id from Meta in a request: a JSON integer is accepted and kept as its digits.
  private static func givenMetaID(_ description: String, orNull: Bool = false) -> JSONValue {
    [
      "type": orNull ? ["string", "integer", "null"] : ["string", "integer"], "pattern": "^[0-9]{1,32}$",
      "minimum": 0,
      "description": .string(description),
    ]
  }

  static let clients: JSONObject = [
    "VerifyUser": request(
      "A token to be looked at.", ["access_token": accessToken, "account_label": accountLabel],
      required: ["access_token"]),
    "VerifiedUser": answer(
      "Whose token it is.",
      [
        "user_id": metaID("The Meta user."), "user_name": string("The user's name.", orNull: true),
        "profile_picture": string("Address of the picture; `null` when Graph gives none.", orNull: true),
      ]),
    "Pages": answer(
      "Every Page that every active token reaches.",
      ["pages": list(of: "Page"), "warnings": list(of: "PageWarning")], optional: ["warnings"]),
    "Page": answer(
      "A Page, as one token reaches it.",
      [
        "account_label": string("The token's label."), "token_id": row("The token, for `POST /sync/`."),
        "fb_page_id": metaID("The Page."), "fb_page_name": string("Its name.", orNull: true),
        "fb_page_picture": string("Address of its picture.", orNull: true),
        "page_access_token": ["type": "null", "description": "Always `null`: tokens are never shown."],
        "ig_account_id": metaID("The Instagram account that is linked to it.", orNull: true),
      ]),
    "PageWarning": answer(
      "A token that could not be asked; it keeps its status.",
      [
        "token_id": row("The token."), "account_label": string("Its label."),
        "detail": string("A sentence for a person."),
      ]),
    "Sync": request(
      "Which client gets which Page.",
      [
        "client_id": [
          "type": "string", "minLength": 1, "maxLength": 128, "pattern": .string(clientIDPattern),
          "description": "Your own identifier of the client; not `.` or `..`.",
        ],
        "fb_page_id": givenMetaID("The Page."),
        "ig_account_id": givenMetaID(
          "The Instagram account; absent or `null`: the Page's own.", orNull: true),
        "token_id": [
          "type": ["integer", "string"], "pattern": "^-?[0-9]+(\\.0*)?$",
          "description": "The token that reaches the Page. A string of digits is accepted.",
        ],
      ], required: ["client_id", "fb_page_id", "token_id"]),
    "Synced": answer(
      "The mapping is stored.",
      [
        "success": ["const": true, "description": "Always `true`."],
        "created": boolean("`false`: the client had this Page already, and the mapping was updated."),
      ]),
  ]
}
