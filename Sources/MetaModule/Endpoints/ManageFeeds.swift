internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /feeds/`: what clients' sites show.
  static func listFeeds(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let rows = try context.store().feeds(
      after: page.after, limit: page.fetched, ofClients: context.grant.clients)
    return page.answer("feeds", rows, id: \.id) { $0.json }
  }

  /// `POST /feeds/`: a new one, with a public id.
  static func addFeed(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let client = fields.string("client_id", .clientID)
    let name = fields.string("name", .accountLabel)
    let change = fields.feedSettings(isNew: true)
    try fields.finish()

    guard context.grant.covers(client) else { throw Refusal.mappingNotFound }
    var settings = FeedSettings()
    change(&settings)
    return Response(201, json: try context.services.feeds.make(name, ofClient: client, settings).json)
  }

  /// `PATCH /feeds/<id>/`: what the body says; the rest stays.
  static func changeFeed(_ context: RequestContext) throws -> Response {
    var fields = try context.fields()
    let name = fields.isPresent("name") ? fields.string("name", .accountLabel) : nil
    let change = fields.feedSettings(isNew: false)
    try fields.finish()

    let id = try context.existingFeed().id
    guard let feed = try context.services.feeds.change(id, name: name, change) else {
      throw APIError.notFound
    }
    return Response(json: feed.json)
  }

  /// `DELETE /feeds/<id>/`: whoever shows it is answered 404.
  static func removeFeed(_ context: RequestContext) throws -> Response {
    let feed = try context.existingFeed()
    guard try context.store().removeFeed(feed, event: context.event("feed.remove")) != nil else {
      throw APIError.notFound
    }
    return Response(empty: 204)
  }
}

extension RequestContext {
  /// The feed of the captured id, or 404.
  fileprivate func existingFeed() throws -> StoredFeed {
    guard let feed = try store().feed(capturedID()), grant.covers(feed.clientID) else {
      throw APIError.notFound
    }
    return feed
  }
}

extension StoredFeed {
  fileprivate var json: JSONValue {
    var json: JSONObject = [
      "id": JSONValue(id), "public_id": .string(publicID), "client_id": .string(clientID),
      "name": .string(name),
    ]
    for (name, value) in FeedSettings(self).json { json[name] = value }
    json["created_at"] = .string(createdAt.description)
    json["updated_at"] = .string(updatedAt.description)
    return .object(json)
  }
}

extension FieldReader {
  /// What the body says of a feed's settings, to be done to those that it has by then.
  fileprivate mutating func feedSettings(isNew: Bool) -> (inout FeedSettings) -> Void {
    var changes: [(inout FeedSettings) -> Void] = []
    func set<Value>(_ member: WritableKeyPath<FeedSettings, Value>, _ value: Value?) {
      if let value { changes.append { $0[keyPath: member] = value } }
    }
    set(\.limit, numberIfAny("limit", FeedSettings.limits))
    set(\.types, feedTypes())
    set(\.includeAny, snippets("include_any"))
    set(\.excludeAny, snippets("exclude_any"))
    set(\.offGridReels, flagIfAny("off_grid_reels"))
    set(\.order, choiceIfAny("order", FeedSettings.Order.self))
    set(\.hidden, stringsIfAny("hidden", .postID, most: 500))
    set(\.pinned, stringsIfAny("pinned", .postID, most: 50))
    set(\.origins, feedOrigins(isRequired: isNew))
    set(\.columns, numberIfAny("columns", FeedSettings.widths))
    set(\.gap, numberIfAny("gap", FeedSettings.gaps))
    set(\.ratio, choiceIfAny("ratio", FeedSettings.Ratio.self))
    set(\.showsCaptions, flagIfAny("show_captions"))
    set(\.theme, choiceIfAny("theme", FeedSettings.Theme.self))
    return { [changes] settings in for change in changes { change(&settings) } }
  }

  private mutating func feedTypes() -> [FeedSettings.Kind]? {
    guard let words = stringsIfAny("types", .word, most: 20) else { return nil }
    if words.isEmpty { complain("types", "This list may not be empty.") }
    return words.compactMap { word in
      let kind = FeedSettings.Kind(rawValue: word)
      if kind == nil { complain("types", Self.noChoice(word)) }
      return kind
    }
  }

  /// A caption has at most 2,200 characters, a word of it rarely 200.
  private mutating func snippets(_ field: String) -> [String]? {
    let snippets = stringsIfAny(field, .snippet, most: 20)
    if snippets?.contains("=") == true { complain(field, "Behind = stands the text that is meant exactly.") }
    return snippets
  }

  private mutating func feedOrigins(isRequired: Bool) -> [String]? {
    guard isRequired || isPresent("origins") else { return nil }
    guard isPresent("origins") else {
      complain("origins", "This field is required.")
      return nil
    }
    guard let texts = stringsIfAny("origins", .word, most: 50) else { return nil }
    if texts.isEmpty { complain("origins", "This list may not be empty.") }
    let origins = texts.compactMap { text in
      let origin = FeedOrigin.checked(text)
      if origin == nil { complain("origins", "\"\(text)\" is no origin. \(FeedOrigin.sentence)") }
      return origin
    }
    if origins.contains(FeedOrigin.any), origins.count > 1 {
      complain("origins", "The word any stands alone.")
    }
    return origins.withoutRepetitions
  }
}
