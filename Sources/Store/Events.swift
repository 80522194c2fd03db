package import SQL
package import Text

/// Who did what, from where: what an operation writes into the audit log, in its own transaction.
package struct Event: Sendable, Equatable {
  /// `admin`, `key 3`, `metactl`, `local`, `system`.
  package var actor: String
  /// The operation in words that stay, such as `mapping.sync`.
  package var action: String
  /// The row, such as `token 3`; `nil` lets the operation fill in the one it changed.
  package var subject: String?
  /// From where.
  package var address: String?
  /// `nil` lets the operation say `created`, `updated` or `deleted`.
  package var result: String?
  /// The request in whose log lines more can be found.
  package var requestID: String?

  package init(
    actor: String, action: String, subject: String? = nil, address: String? = nil, result: String? = nil,
    requestID: String? = nil
  ) {
    self.actor = actor
    self.action = action
    self.subject = subject
    self.address = address
    self.result = result
    self.requestID = requestID
  }
}

/// A row of the audit log.
package struct StoredEvent: Sendable, Equatable {
  /// Never given twice.
  package let id: Int64
  package let at: Timestamp
  package let actor: String
  package let action: String
  package let subject: String?
  package let address: String?
  package let result: String
  package let requestID: String?
}

extension StoredEvent: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    id = try row.integer(0)
    at = try row.moment(1)
    actor = try row.text(2)
    action = try row.text(3)
    subject = try row.optionalText(4)
    address = try row.optionalText(5)
    result = try row.text(6)
    requestID = try row.optionalText(7)
  }
}

private enum Events {
  static let list: Statement<StoredEvent> = "SELECT * FROM event WHERE id < $1 ORDER BY id DESC LIMIT $2"
  static let listOfClient: Statement<StoredEvent> =
    "SELECT * FROM event WHERE client_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2"
  static let insert: Statement<Int64> = """
    INSERT INTO event (at, actor, action, subject, address, result, request_id, client_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
    """
  static let deleteOldest: Statement<Never> = "DELETE FROM event WHERE id <= $1"
}

extension Store {
  /// The newest rows the audit log keeps. Failed sign-ins are events too, and anybody can cause those.
  static let keptEvents: Int64 = 100_000

  /// Writes an event that belongs to no other operation, such as a refusal.
  package func record(_ event: Event, now: Timestamp = .now) throws(StoreError) {
    try write { (connection) throws(SQLError) in try connection.append(event, result: "done", now: now) }
  }

  /// The newest events first, at most `limit`, older than the event `before` where that is given, those about these
  /// clients where some are given.
  package func events(
    before: Int64? = nil, limit: Int, ofClients clients: [String]? = nil
  ) throws(StoreError) -> [StoredEvent] {
    guard let clients else { return try all(Events.list(before ?? .max, limit)) }
    let rows = try all(of: clients) { Events.listOfClient(before ?? .max, limit, $0) }
    return Array(rows.sorted { $0.id > $1.id }.prefix(limit))
  }
}

extension Connection {
  /// Writes the event of an operation, if it has one, with the row and the result that only the operation
  /// knows.
  ///
  /// - Parameter client: whom it is about, where it is about one client.
  func append(
    _ event: Event?, subject: String? = nil, client: String? = nil, result: String, now: Timestamp
  ) throws(SQLError) {
    guard let event else { return }
    let id = try number(
      Events.insert(
        now, event.actor, event.action, event.subject ?? subject, event.address, event.result ?? result,
        event.requestID, client))
    try run(Events.deleteOldest(id - Store.keptEvents))
  }
}
