package import SQL
package import Text

extension Store {
  /// The newest rows the audit log keeps. Failed sign-ins are events too, and anybody can cause those.
  static let keptEvents: Int64 = 100_000

  /// Writes an event that belongs to no other operation, such as a refusal.
  package func record(_ event: Event, now: Timestamp = .now) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      try connection.append(event, subject: nil, result: "done", now: now)
    }
  }

  /// The newest events first, at most `limit`, older than the event `before` where that is given.
  package func events(before: Int64? = nil, limit: Int) throws(StoreError) -> [StoredEvent] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT id, at, actor, action, subject, address, result, request_id
        FROM event WHERE id < $1 ORDER BY id DESC LIMIT $2
        """, [.integer(before ?? .max), .integer(Int64(limit))]
      ) { (row) throws(SQLError) in
        StoredEvent(
          id: try row.integer(0), at: try row.moment(1), actor: try row.text(2), action: try row.text(3),
          subject: try row.optionalText(4), address: try row.optionalText(5), result: try row.text(6),
          requestID: try row.optionalText(7))
      }
    }
  }
}

extension Connection {
  /// Writes the event of an operation, if it has one, with the row and the result that only the operation
  /// knows.
  package func append(_ event: Event?, subject: String?, result: String, now: Timestamp) throws(SQLError) {
    guard let event else { return }
    try run(
      """
      INSERT INTO event (at, actor, action, subject, address, result, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      [
        .moment(now), .text(event.actor), .text(event.action), .text(event.subject ?? subject),
        .text(event.address), .text(event.result ?? result), .text(event.requestID),
      ])
    try run("DELETE FROM event WHERE id <= $1", [.integer(lastInsertedID - Store.keptEvents)])
  }
}
