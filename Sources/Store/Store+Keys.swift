internal import SQL
package import Text

extension Store {
  /// How often the last use of a key or a session is written down, in seconds. More often would make every
  /// request a write, and every write ends what the other workers remember.
  static let touchInterval: Int64 = 60

  /// Which credentials exist.
  package func credentials() throws(StoreError) -> Credentials {
    let found = try read { (connection) throws(SQLError) in
      try connection.first(
        """
        SELECT (SELECT count(*) FROM admin_password), count(*) FILTER (WHERE revoked_at IS NULL),
          count(*) FILTER (WHERE revoked_at IS NOT NULL), (SELECT value FROM setting WHERE name = $1) FROM api_key
        """, [.text(CredentialMark.setting)]
      ) { (row) throws(SQLError) in
        Credentials(
          hasPassword: try row.integer(0) > 0, keysInForce: try row.count(1), revokedKeys: try row.count(2),
          mark: try row.optionalText(3).flatMap(CredentialMark.init))
      }
    }
    return found ?? Credentials(hasPassword: false, keysInForce: 0, revokedKeys: 0)
  }

  /// The key with this SHA-256, if it is in force.
  package func key(hash: [UInt8]) throws(StoreError) -> StoredKey? {
    try read { (connection) throws(SQLError) in
      try connection.first(
        """
        SELECT id, label, scope, prefix, created_at, last_used_at, revoked_at FROM api_key
        WHERE hash = $1 AND revoked_at IS NULL
        """, [.blob(hash)], StoredKey.init(reading:))
    }
  }

  /// Keys in the order of their ids, revoked ones too, those with a greater id than `after`, at most `limit`.
  package func keys(after: Int64 = 0, limit: Int) throws(StoreError) -> [StoredKey] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT id, label, scope, prefix, created_at, last_used_at, revoked_at FROM api_key
        WHERE id > $1 ORDER BY id LIMIT $2
        """, [.integer(after), .integer(Int64(limit))], StoredKey.init(reading:))
    }
  }

  /// Stores a key by its SHA-256.
  package func insertKey(
    label: String, scope: KeyScope, prefix: String, hash: [UInt8], event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredKey {
    try write { (connection) throws(SQLError) in
      try connection.run(
        "INSERT INTO api_key (label, scope, prefix, hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        [.text(label), .text(scope.rawValue), .text(prefix), .blob(hash), .moment(now)])
      let id = connection.lastInsertedID
      try connection.setSetting(CredentialMark.setting, to: CredentialMark.existed.rawValue)
      try connection.append(event, subject: "key \(id)", result: "created", now: now)
      return StoredKey(
        id: id, label: label, scope: scope, prefix: prefix, createdAt: now, lastUsedAt: nil, revokedAt: nil)
    }
  }

  /// Revokes a key. Returns whether there was one in force.
  package func revokeKey(_ id: Int64, event: Event? = nil, now: Timestamp = .now) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      let changed = try connection.run(
        "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        [.integer(id), .moment(now)])
      guard changed > 0 else { return false }
      try connection.append(event, subject: "key \(id)", result: "revoked", now: now)
      return true
    }
  }

  /// Takes every credential away, and opens protected mode again: the one way back to it.
  ///
  /// - Returns: what there was.
  package func resetCredentials(event: Event? = nil, now: Timestamp = .now) throws(StoreError) -> Credentials
  {
    let before = try credentials()
    try write { (connection) throws(SQLError) in
      try connection.run("DELETE FROM admin_password")
      try connection.run("DELETE FROM session")
      try connection.run("DELETE FROM sign_in_failure")
      try connection.run("UPDATE api_key SET revoked_at = $1 WHERE revoked_at IS NULL", [.moment(now)])
      try connection.setSetting(CredentialMark.setting, to: CredentialMark.reset.rawValue)
      try connection.append(event, subject: "credentials", result: "deleted", now: now)
    }
    return before
  }

  /// Whether a last use is so long ago that it is time to write the next one down.
  package static func isTouchDue(after last: Timestamp?, now: Timestamp = .now) -> Bool {
    guard let last, last <= now else { return true }
    return now.seconds - last.seconds >= Self.touchInterval
  }

  /// Keeps that this key is used now, once a minute at most. Does not wait for a lock.
  package func touch(_ key: StoredKey, now: Timestamp = .now) throws(StoreError) {
    guard Self.isTouchDue(after: key.lastUsedAt, now: now) else { return }
    try write(waitingAtMost: 0) { (connection) throws(SQLError) in
      _ = try connection.run(
        "UPDATE api_key SET last_used_at = $2 WHERE id = $1", [.integer(key.id), .moment(now)])
    }
  }
}

extension StoredKey {
  fileprivate init(reading row: borrowing Row) throws(SQLError) {
    guard let scope = KeyScope(rawValue: try row.text(2)) else { throw .damagedRow }
    id = try row.integer(0)
    label = try row.text(1)
    self.scope = scope
    prefix = try row.text(3)
    createdAt = try row.moment(4)
    lastUsedAt = try row.optionalMoment(5)
    revokedAt = try row.optionalMoment(6)
  }
}
