internal import SQL
package import Text

/// A signed-in browser.
package struct StoredSession: Sendable, Equatable {
  /// When it signed in.
  package let createdAt: Timestamp
  /// When it has to sign in again.
  package let expiresAt: Timestamp
  /// When it last asked, to the minute.
  package let lastSeen: Timestamp
  /// From where it signed in.
  package let address: String
}

extension Store {
  // MARK: - The admin password

  /// The hash of the admin password, if one is set.
  package func passwordHash() throws(StoreError) -> String? {
    try read { (connection) throws(SQLError) in
      try connection.first("SELECT hash FROM admin_password") { (row) throws(SQLError) in try row.text(0)
      }
    }
  }

  /// Sets the admin password, by its hash, or with `nil` removes it. Every session ends with it.
  package func setPasswordHash(
    _ hash: String?, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      try connection.run("DELETE FROM admin_password")
      try connection.run("DELETE FROM session")
      if let hash {
        try connection.run(
          "INSERT INTO admin_password (id, hash, updated_at) VALUES (1, $1, $2)", [.text(hash), .moment(now)])
        try connection.setSetting(CredentialMark.setting, to: CredentialMark.existed.rawValue)
      }
      try connection.append(
        event, subject: "admin password", result: hash == nil ? "deleted" : "updated", now: now)
    }
  }

  // MARK: - Sessions

  /// Stores a session by the SHA-256 of its cookie, if the password is still the one that was given: of a
  /// sign-in and a password change at once, the session does not outlive the change. Returns whether it is.
  package func insertSession(
    hash: [UInt8], expiresAt: Timestamp, address: String, ifPasswordHashIs passwordHash: String,
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      let isSame = try connection.number(
        "SELECT count(*) FROM admin_password WHERE hash = $1", [.text(passwordHash)])
      guard isSame == 1 else { return false }
      try connection.run(
        "DELETE FROM session WHERE expires_at <= $1 OR created_at > $2 OR expires_at > $3", Self.bounds(now))
      try connection.run(
        "INSERT INTO session (hash, created_at, expires_at, last_seen, address) VALUES ($1, $2, $3, $2, $4)",
        [.blob(hash), .moment(now), .moment(expiresAt), .text(address)])
      try connection.append(event, subject: "session", result: "created", now: now)
      return true
    }
  }

  /// How long a session lasts, in seconds: 12 hours (API.md, section 4).
  package static let sessionLifetime: Int64 = 43200
  /// So far may the clocks of those who ask and those who signed somebody in be apart.
  private static let clockError: Int64 = 60

  /// Bounded on both sides: one that was made while the clock stood a year ahead does not last a year.
  private static func bounds(_ now: Timestamp) -> [SQLValue] {
    [0, clockError, sessionLifetime + clockError].map { .moment(Timestamp(seconds: now.seconds + $0)) }
  }

  /// The session with this SHA-256, if this is its time.
  package func session(hash: [UInt8], now: Timestamp = .now) throws(StoreError) -> StoredSession? {
    try read { (connection) throws(SQLError) in
      try connection.first(
        """
        SELECT created_at, expires_at, last_seen, address FROM session
        WHERE hash = $4 AND expires_at > $1 AND created_at <= $2 AND expires_at <= $3
        """, Self.bounds(now) + [.blob(hash)]
      ) { (row) throws(SQLError) in
        StoredSession(
          createdAt: try row.moment(0), expiresAt: try row.moment(1), lastSeen: try row.moment(2),
          address: try row.text(3))
      }
    }
  }

  /// Keeps that this session asks now, once a minute at most. Does not wait for a lock.
  package func touch(
    _ session: StoredSession, hash: [UInt8], now: Timestamp = .now
  ) throws(StoreError) {
    guard Self.isTouchDue(after: session.lastSeen, now: now) else { return }
    try write(waitingAtMost: 0) { (connection) throws(SQLError) in
      _ = try connection.run(
        "UPDATE session SET last_seen = $2 WHERE hash = $1", [.blob(hash), .moment(now)])
    }
  }

  /// Ends a session. Returns whether there was one.
  @discardableResult
  package func removeSession(
    hash: [UInt8], event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      guard try connection.run("DELETE FROM session WHERE hash = $1", [.blob(hash)]) > 0 else { return false }
      try connection.append(event, subject: "session", result: "deleted", now: now)
      return true
    }
  }
}
