internal import JSON

/// Fields of people, Pages and portfolios.
extension Call {
  func value(_ field: Selection.Field, of user: User) throws(Refusal) -> FieldAnswer {
    let names = user.name.split(separator: " ")
    switch field.name {
    case "name": return FieldAnswer(user.name)
    case "first_name": return FieldAnswer(names.first.map(String.init))
    case "last_name": return FieldAnswer(names.count > 1 ? names.last.map(String.init) : nil)
    case "email", "link", "birthday": return .absent
    case "picture": return FieldAnswer(try picture(field, ownerID: user.id, user.picture))
    default: return .unknown
    }
  }

  func value(_ field: Selection.Field, of page: Page, role: Role?) throws(Refusal) -> FieldAnswer {
    switch field.name {
    case "name": return FieldAnswer(page.name)
    case "category": return FieldAnswer(page.category)
    case "category_list":
      return .value(.array(page.categories.map { ["id": .string($0.id), "name": .string($0.name)] }))
    case "fan_count", "followers_count": return .value(JSONValue(page.fanCount))
    case "about", "username", "website": return .absent
    case "is_published": return .value(.bool(page.isPublished))
    case "link": return FieldAnswer("https://www.facebook.com/\(page.id)")
    case "picture": return FieldAnswer(try picture(field, ownerID: page.id, page.picture))
    case "access_token": return FieldAnswer(pageToken(page.id))
    // Part of the row in somebody's list, not of the Page.
    case "tasks": return role.map { .value(.array($0.tasks.map(JSONValue.string))) } ?? .unknown
    case "instagram_business_account", "connected_instagram_account":
      return FieldAnswer(try instagram(of: page, field))
    default: return .unknown
    }
  }

  func value(_ field: Selection.Field, of business: Business) -> FieldAnswer {
    switch field.name {
    case "name": FieldAnswer(business.name)
    case "verification_status": FieldAnswer("not_verified")
    case "created_time", "link", "primary_page": .absent
    default: .unknown
    }
  }

  /// Absent when no professional account is linked, and for everybody who has no role on the Page.
  private func instagram(of page: Page, _ field: Selection.Field) throws(Refusal) -> JSONValue? {
    guard role(on: page.id) != nil, let id = page.instagramID, let account = world.instagramAccount(id) else {
      return nil
    }
    if let selection = field.selection, selection.fields.contains(where: { $0.name != "id" }),
      !has("instagram_basic")
    {
      throw .applicationMayNot
    }
    return .object(try render(.instagram(account), field.selection, viaEdge: true))
  }

  /// `picture`, `picture{url}`, `picture.width(200).height(200)`, `picture.type(large)`.
  func picture(
    _ field: Selection.Field, ownerID: String, _ picture: ProfilePicture
  ) throws(Refusal) -> JSONValue? {
    let source = PictureSource(ownerID: ownerID, picture, base: base, cdn) { field.argument($0) }
    guard let source else { return nil }
    guard let selection = field.selection, !selection.fields.isEmpty else {
      return ["data": .object(source.json)]
    }
    var wanted = JSONObject()
    for field in selection.fields {
      guard let value = source.json[field.name] else {
        throw .noSuchField(field.name, on: "ProfilePictureSource")
      }
      wanted[field.name] = value
    }
    return ["data": .object(wanted)]
  }
}
