/// Who did what, from where: what an operation writes into the audit log, in its own transaction.
public struct Event: Sendable, Equatable {
  /// Who: `admin`, `key 3`, `metactl`, `local`, `system`.
  public var actor: String
  /// What: the operation in words that stay, such as `mapping.sync`.
  public var action: String
  /// To which row, such as `token 3`; `nil` lets the operation fill in the row it changed.
  public var subject: String?
  /// From where: the client's address.
  public var address: String?
  /// With which result; `nil` lets the operation say `created`, `updated` or `deleted`.
  public var result: String?
  /// The request in whose log lines more can be found.
  public var requestID: String?

  /// An event still to be written.
  public init(
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
public struct StoredEvent: Sendable, Equatable {
  /// Unique, never given twice.
  public let id: Int64
  /// When.
  public let at: Timestamp
  /// Who.
  public let actor: String
  /// What.
  public let action: String
  /// To which row, such as `token 3`.
  public let subject: String?
  /// From where.
  public let address: String?
  /// With which result.
  public let result: String
  /// In which request.
  public let requestID: String?
}
