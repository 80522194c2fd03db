internal import JSON

extension Schemas {
  static let mappings: JSONObject = [
    "Mappings": answer(
      "Mappings in the order of their ids.", ["mappings": list(of: "Mapping"), "next": next],
      optional: ["next"]),
    "Mapping": answer(
      "Which client has which Page; never the Page's token.",
      [
        "id": row("Never given twice."), "client_id": string("Your own identifier of the client."),
        "fb_page_id": metaID("The Page."), "fb_page_name": string("Its name.", orNull: true),
        "ig_account_id": metaID("Its Instagram account.", orNull: true),
        "ig_username": string("That account's name, once its grid was fetched.", orNull: true),
        "token_id": row("The user's token that the Page's came from; `null`: it was removed.", orNull: true),
        "created_at": moment("When the client was synced first."),
        "updated_at": moment("When it was synced last."),
        "cached_at": moment("When its cached grid was fetched.", orNull: true),
      ]),
    "Refreshed": answer(
      "The grid was fetched anew.",
      [
        "refreshed": boolean(
          "`false`: there is no Instagram account, or Graph gave no new grid and the old one stays."),
        "detail": ["type": "string", "description": "Why nothing was refreshed; a sentence for a person."],
        "mapping": Component.schema("Mapping"),
      ], optional: ["detail"]),
  ]
}
