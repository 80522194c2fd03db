package import Text

/// Who did what, from where: what an operation writes into the audit log, in its own transaction.
package struct Event: Sendable, Equatable {
  /// Who: `admin`, `key 3`, `metactl`, `local`, `system`.
  package var actor: String
  /// What: the operation in words that stay, such as `mapping.sync`.
  package var action: String
  /// To which row, such as `token 3`; `nil` lets the operation fill in the row it changed.
  package var subject: String?
  /// From where: the client's address.
  package var address: String?
  /// With which result; `nil` lets the operation say `created`, `updated` or `deleted`.
  package var result: String?
  /// The request in whose log lines more can be found.
  package var requestID: String?

  /// An event still to be written.
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
  /// Unique, never given twice.
  package let id: Int64
  /// When.
  package let at: Timestamp
  /// Who.
  package let actor: String
  /// What.
  package let action: String
  /// To which row, such as `token 3`.
  package let subject: String?
  /// From where.
  package let address: String?
  /// With which result.
  package let result: String
  /// In which request.
  package let requestID: String?
}
