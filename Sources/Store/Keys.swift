package import SQL
package import Text

/// What an API key may do.
package enum KeyScope: String, Sendable, CaseIterable, Bindable {
  /// Everything.
  case admin
  /// What is counted and measured.
  case metrics
  /// What serves a client's site.
  case read
}

/// A row of `api_key`. The key itself is stored nowhere.
package struct StoredKey: Sendable, Equatable {
  /// Never given twice.
  package let id: Int64
  /// The name that the administrator gave it.
  package let label: String
  package let scope: KeyScope
  /// Its first characters, by which a person recognises it.
  package let prefix: String
  package let createdAt: Timestamp
  /// To the minute; `nil`: never.
  package let lastUsedAt: Timestamp?
  /// `nil`: it is in force.
  package let revokedAt: Timestamp?
  /// The clients that it is bound to; `nil`: every one.
  package let clients: [String]?
}

extension StoredKey: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    guard let scope = KeyScope(rawValue: try row.text(2)) else { throw .damagedRow }
    id = try row.integer(0)
    label = try row.text(1)
    self.scope = scope
    prefix = try row.text(3)
    createdAt = try row.moment(5)
    lastUsedAt = try row.optionalMoment(6)
    revokedAt = try row.optionalMoment(7)
    // No client's id has a line feed in it.
    clients = try row.optionalText(8)?.utf8.split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}

private enum Keys {
  static let byHash: Statement<StoredKey> = "SELECT * FROM api_key WHERE hash = $1 AND revoked_at IS NULL"
  static let list: Statement<StoredKey> = "SELECT * FROM api_key WHERE id > $1 ORDER BY id LIMIT $2"
  static let listInForce: Statement<StoredKey> =
    "SELECT * FROM api_key WHERE id > $1 AND revoked_at IS NULL ORDER BY id LIMIT $2"
  static let insert: Statement<StoredKey> = """
    INSERT INTO api_key (label, scope, prefix, hash, created_at, client_ids) VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING *
    """
  static let revoke: Statement<Never> =
    "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
  static let touch: Statement<Never> = "UPDATE api_key SET last_used_at = $2 WHERE id = $1"
}

extension Store {
  /// How often the last use of a key or a session is written down, in seconds. More often would make every
  /// request a write, and every write ends what the other workers remember.
  static let touchInterval: Int64 = 60

  /// The key with this SHA-256, if it is in force.
  package func key(hash: [UInt8]) throws(StoreError) -> StoredKey? { try first(Keys.byHash(hash)) }

  /// Keys in the order of their ids, revoked ones too, those with a greater id than `after`, at most `limit`.
  package func keys(after: Int64 = 0, limit: Int) throws(StoreError) -> [StoredKey] {
    try all(Keys.list(after, limit))
  }

  /// The same without the revoked ones.
  package func keysInForce(after: Int64 = 0, limit: Int) throws(StoreError) -> [StoredKey] {
    try all(Keys.listInForce(after, limit))
  }

  /// Stores a key by its SHA-256.
  package func insertKey(
    label: String, scope: KeyScope, clients: [String]? = nil, prefix: String, hash: [UInt8],
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredKey {
    try write { (connection) throws(SQLError) in
      let insert = Keys.insert(label, scope, prefix, hash, now, clients?.joined(separator: "\n"))
      guard let key = try connection.first(insert) else { throw .damagedRow }
      try connection.closeProtectedMode()
      try connection.append(event, subject: "key \(key.id)", result: "created", now: now)
      return key
    }
  }

  /// Revokes a key. Returns whether there was one in force.
  package func revokeKey(_ id: Int64, event: Event? = nil, now: Timestamp = .now) throws(StoreError) -> Bool {
    try change(Keys.revoke(id, now), event, "key \(id)", "revoked", now, takingAway: true)
  }

  /// Whether a last use is so long ago that it is time to write the next one down.
  package static func isTouchDue(after last: Timestamp?, now: Timestamp = .now) -> Bool {
    guard let last, last <= now else { return true }
    return now.seconds - last.seconds >= Self.touchInterval
  }

  /// Keeps that this key is used now, once a minute at most. Does not wait for a lock.
  package func touch(_ key: StoredKey, now: Timestamp = .now) throws(StoreError) {
    guard Self.isTouchDue(after: key.lastUsedAt, now: now),
      server?.mayTouch(Array("key \(key.id)".utf8), now) ?? true
    else { return }
    try run(Keys.touch(key.id, now), waitingAtMost: 0)
  }
}
