package import SQL
package import Text

/// A signed-in browser.
package struct StoredSession: Sendable, Equatable {
  package let expiresAt: Timestamp
  /// When it last asked, to the minute.
  package let lastSeen: Timestamp
}

extension StoredSession: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    expiresAt = try row.moment(0)
    lastSeen = try row.moment(1)
  }
}

private enum Sessions {
  static let passwordIs: Statement<Int64> = "SELECT 1 FROM admin_password WHERE hash = $1"
  static let deleteUntimely: Statement<Never> =
    "DELETE FROM session WHERE expires_at <= $1 OR created_at > $2 OR expires_at > $3"
  static let insert: Statement<Never> =
    "INSERT INTO session (hash, created_at, expires_at, last_seen, address) VALUES ($1, $2, $3, $2, $4)"
  static let byHash: Statement<StoredSession> = """
    SELECT expires_at, last_seen FROM session
    WHERE hash = $4 AND expires_at > $1 AND created_at <= $2 AND expires_at <= $3
    """
  static let touch: Statement<Never> = "UPDATE session SET last_seen = $2 WHERE hash = $1"
  static let delete: Statement<Never> = "DELETE FROM session WHERE hash = $1"
}

extension Store {
  /// How long a session lasts, in seconds: 12 hours (API.md, section 4).
  package static let sessionLifetime: Int64 = 43200
  /// So far may the clocks of those who ask and those who signed somebody in be apart.
  private static let clockError: Int64 = 60

  /// Bounded on both sides: one that was made while the clock stood a year ahead does not last a year.
  private static func bounds(_ now: Timestamp) -> (now: Timestamp, soon: Timestamp, end: Timestamp) {
    func after(_ seconds: Int64) -> Timestamp { Timestamp(seconds: now.seconds + seconds) }
    return (now, after(clockError), after(sessionLifetime + clockError))
  }

  /// Stores a session by the SHA-256 of its cookie, if the password is still the one that was given: of a
  /// sign-in and a password change at once, the session does not outlive the change. Returns whether it is.
  package func insertSession(
    hash: [UInt8], expiresAt: Timestamp, address: String, ifPasswordHashIs passwordHash: String,
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      guard try connection.first(Sessions.passwordIs(passwordHash)) != nil else { return false }
      let bounds = Self.bounds(now)
      try connection.run(Sessions.deleteUntimely(bounds.now, bounds.soon, bounds.end))
      try connection.run(Sessions.insert(hash, now, expiresAt, address))
      try connection.append(event, subject: "session", result: "created", now: now)
      return true
    }
  }

  /// Whether what was read earlier is one of this moment, too.
  static func isTimely(_ session: StoredSession, now: Timestamp) -> Bool {
    let bounds = Self.bounds(now)
    return session.expiresAt > bounds.now && session.expiresAt <= bounds.end
  }

  /// The session with this SHA-256, if this is its time.
  package func session(hash: [UInt8], now: Timestamp = .now) throws(StoreError) -> StoredSession? {
    let bounds = Self.bounds(now)
    return try first(Sessions.byHash(bounds.now, bounds.soon, bounds.end, hash))
  }

  /// Keeps that this session asks now, once a minute at most. Does not wait for a lock.
  package func touch(
    _ session: StoredSession, hash: [UInt8], now: Timestamp = .now
  ) throws(StoreError) {
    guard Self.isTouchDue(after: session.lastSeen, now: now), server?.mayTouch(hash, now) ?? true
    else { return }
    try run(Sessions.touch(hash, now), waitingAtMost: 0)
  }

  /// Ends a session. Returns whether there was one.
  @discardableResult
  package func removeSession(
    hash: [UInt8], event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try change(Sessions.delete(hash), event, "session", "deleted", now, takingAway: true)
  }
}
