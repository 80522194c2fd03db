package import SQL
package import Text

/// A row of `feed`: what one client's site shows.
package struct StoredFeed: Sendable, Equatable {
  /// Never given twice.
  package let id: Int64
  /// `fd_` and 22 characters: stands in the pages that show it, and is no secret.
  package let publicID: String
  package let clientID: String
  package let name: String
  /// A JSON object, made and read by whoever serves feeds.
  package let settings: String
  /// Who may show it.
  package let origins: [String]
  /// Another one after each change.
  package let revision: Int64
  package let createdAt: Timestamp
  package let updatedAt: Timestamp
}

extension StoredFeed: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    id = try row.integer(0)
    publicID = try row.text(1)
    clientID = try row.text(2)
    name = try row.text(3)
    settings = try row.text(4)
    // No origin has a line feed in it.
    origins = try row.text(5).utf8.split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0, as: UTF8.self)
    }
    revision = try row.integer(6)
    createdAt = try row.moment(7)
    updatedAt = try row.moment(8)
  }
}

private enum Feeds {
  static let byID: Statement<StoredFeed> = "SELECT * FROM feed WHERE id = $1"
  static let byPublicID: Statement<StoredFeed> = "SELECT * FROM feed WHERE public_id = $1"
  static let list: Statement<StoredFeed> = "SELECT * FROM feed WHERE id > $1 ORDER BY id LIMIT $2"
  static let ofClient: Statement<StoredFeed> =
    "SELECT * FROM feed WHERE client_id = $1 AND id > $2 ORDER BY id LIMIT $3"
  static let insert: Statement<StoredFeed> = """
    INSERT INTO feed (public_id, client_id, name, settings, origins, revision, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, 1, $6, $6) RETURNING *
    """
  static let update: Statement<StoredFeed> = """
    UPDATE feed SET name = $3, settings = $4, origins = $5, revision = revision + 1, updated_at = $6
    WHERE id = $1 AND revision = $2 RETURNING *
    """
  static let delete: Statement<StoredFeed> = "DELETE FROM feed WHERE id = $1 RETURNING *"
}

/// A feed belongs to a client and not to one of its mappings: a Page that is exchanged, or removed and synced anew, must not
/// cost the public id that stands in the client's site. Without a mapping it shows nothing.
extension Store {
  package func feed(_ id: Int64) throws(StoreError) -> StoredFeed? { try first(Feeds.byID(id)) }

  package func feed(publicID: String) throws(StoreError) -> StoredFeed? {
    try first(Feeds.byPublicID(publicID))
  }

  /// Feeds in the order of their ids, those with a greater id than `after`, at most `limit`, of these clients where some
  /// are given.
  package func feeds(
    after: Int64 = 0, limit: Int, ofClients clients: [String]? = nil
  ) throws(StoreError) -> [StoredFeed] {
    guard let clients else { return try all(Feeds.list(after, limit)) }
    let rows = try all(of: clients) { Feeds.ofClient($0, after, limit) }
    return Array(rows.sorted { $0.id < $1.id }.prefix(limit))
  }

  package func insertFeed(
    publicID: String, clientID: String, name: String, settings: String, origins: [String],
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredFeed {
    try write { (connection) throws(SQLError) in
      let insert = Feeds.insert(publicID, clientID, name, settings, origins.joined(separator: "\n"), now)
      guard let feed = try connection.first(insert) else { throw .damagedRow }
      try connection.append(event, subject: "feed \(feed.id)", client: clientID, result: "created", now: now)
      return feed
    }
  }

  /// Changes a feed if nobody has since it was read; `nil` where somebody has, or has removed it.
  package func updateFeed(
    _ feed: StoredFeed, name: String, settings: String, origins: [String], event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> StoredFeed? {
    try changed(
      by: Feeds.update(feed.id, feed.revision, name, settings, origins.joined(separator: "\n"), now), event,
      "feed \(feed.id)",
      client: feed.clientID, "updated", now, takingAway: true)
  }

  package func removeFeed(
    _ feed: StoredFeed, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredFeed? {
    try changed(
      by: Feeds.delete(feed.id), event, "feed \(feed.id)", client: feed.clientID, "deleted", now,
      takingAway: true)
  }
}
