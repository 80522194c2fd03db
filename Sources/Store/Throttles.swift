package import SQL
package import Text

/// That Graph throttles, as all processes shall know.
package struct Throttle: Sendable, Equatable {
  /// When Graph may be asked again.
  package let until: Timestamp
  /// A stable word.
  package let reason: String
}

extension Throttle: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    until = Timestamp(seconds: try row.integer(0))
    reason = try row.text(1)
  }
}

private enum Throttles {
  static let ofSubject: Statement<Throttle> = """
    SELECT blocked_until, reason FROM throttle WHERE subject = $1 AND blocked_until > $2 AND blocked_until <= $3
    """
  static let deleteUntimely: Statement<Never> =
    "DELETE FROM throttle WHERE blocked_until <= $1 OR blocked_until > $2"
  static let block: Statement<Never> = """
    INSERT INTO throttle (subject, blocked_until, reason) VALUES ($1, $2, $3)
    ON CONFLICT (subject) DO UPDATE SET blocked_until = excluded.blocked_until, reason = excluded.reason
      WHERE throttle.blocked_until < excluded.blocked_until
    """
  static let delete: Statement<Never> = "DELETE FROM throttle WHERE subject = $1"
}

extension Store {
  /// The longest a throttle is believed, in seconds: nothing but a call can tell whether Graph still means it. And a
  /// clock that once stood years ahead must not block for years.
  static let longestThrottle: Int64 = 3600

  /// Remembers that nothing is to be asked of Graph for `subject` (such as `token 3`) until then. Never
  /// shortens what is remembered.
  package func block(
    _ subject: String, until: Timestamp, reason: String, event: Event? = nil, now: Timestamp = .now,
    waitingAtMost limit: Int32? = nil
  ) throws(StoreError) {
    let latest = Timestamp(seconds: now.seconds + Self.longestThrottle)
    let until = min(until, latest)
    if let present = try throttle(of: subject, now: now), present.until >= until { return }
    try write(waitingAtMost: limit) { (connection) throws(SQLError) in
      // What is past goes on the way, which keeps the table small, and what a wrong clock has left.
      try connection.run(Throttles.deleteUntimely(now.seconds, latest.seconds))
      try connection.run(Throttles.block(subject, until.seconds, reason))
      try connection.append(event, result: "blocked until \(until)", now: now)
    }
  }

  /// The throttle that is in force for `subject` now.
  package func throttle(of subject: String, now: Timestamp = .now) throws(StoreError) -> Throttle? {
    try first(Throttles.ofSubject(subject, now.seconds, now.seconds + Self.longestThrottle))
  }

  /// Lifts the throttle of `subject`: Graph has answered. Writes nothing where there is none.
  package func unblock(_ subject: String, now: Timestamp = .now) throws(StoreError) {
    guard try throttle(of: subject, now: now) != nil else { return }
    try run(Throttles.delete(subject))
  }
}
