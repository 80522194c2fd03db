package import SQL
package import Text

/// A row of `client_page_mapping`: which Page, and which Instagram account, a client's data comes from.
package struct StoredMapping: Sendable, Equatable {
  /// Never given twice.
  package let id: Int64
  /// The customer's own name for the client.
  package let clientID: String
  package let pageID: String
  /// `nil`: none.
  package let instagramAccountID: String?
  package let sealedPageToken: String
  /// The user token it came from; `nil` after that token was removed.
  package let tokenID: Int64?
  package let pageName: String?
  package let instagramUsername: String?
  package let createdAt: Timestamp
  /// When the client was last synced with this Page; a page token that is fetched anew does not count.
  package let updatedAt: Timestamp
}

extension StoredMapping: Readable {
  /// By position: the order of the columns is that of the table, and migrations only append.
  package init(reading row: borrowing Row) throws(SQLError) {
    id = try row.integer(0)
    clientID = try row.text(1)
    pageID = try row.text(2)
    instagramAccountID = try row.optionalText(3)
    sealedPageToken = try row.text(4)
    tokenID = try row.optionalInteger(5)
    pageName = try row.optionalText(6)
    instagramUsername = try row.optionalText(7)
    createdAt = try row.moment(8)
    updatedAt = try row.moment(9)
  }
}

/// A mapping that is to be stored.
package struct NewMapping: Sendable, Equatable {
  package var clientID: String
  package var pageID: String
  /// `nil` stores that there is none.
  package var instagramAccountID: String?
  /// Not empty.
  package var sealedPageToken: String
  package var tokenID: Int64
  /// `nil`: not known; what is stored stays.
  package var pageName: String?
  /// `nil`: not known; what is stored stays, if the Instagram account does.
  package var instagramUsername: String?

  package init(
    clientID: String, pageID: String, instagramAccountID: String?, sealedPageToken: String, tokenID: Int64,
    pageName: String? = nil, instagramUsername: String? = nil
  ) {
    self.clientID = clientID
    self.pageID = pageID
    self.instagramAccountID = instagramAccountID
    self.sealedPageToken = sealedPageToken
    self.tokenID = tokenID
    self.pageName = pageName
    self.instagramUsername = instagramUsername
  }
}

/// What became of a mapping that was to be stored.
package enum MappingOutcome: Sendable, Equatable {
  case created(id: Int64)
  /// - Parameter before: the Instagram account that it had.
  case updated(id: Int64, before: String?)
  /// The token was removed in the meantime; nothing was stored.
  case unknownToken
}

/// What a client's Instagram data comes from.
package enum MappingLookup: Sendable, Equatable {
  /// The client has no mapping.
  case none
  /// It has mappings, none of them with an Instagram account.
  case withoutInstagram
  /// The one that was synced last among those with an Instagram account.
  case mapping(StoredMapping)
}

private enum Mappings {
  static let newest: Statement<StoredMapping> = """
    SELECT * FROM client_page_mapping WHERE client_id = $1 AND ig_account_id IS NOT NULL
    ORDER BY revision DESC LIMIT 1
    """
  static let anyOfClient: Statement<Int64> = "SELECT 1 FROM client_page_mapping WHERE client_id = $1 LIMIT 1"
  static let ofPage: Statement<StoredMapping> =
    "SELECT * FROM client_page_mapping WHERE client_id = $1 AND fb_page_id = $2"
  static let byID: Statement<StoredMapping> = "SELECT * FROM client_page_mapping WHERE id = $1"
  static let list: Statement<StoredMapping> = """
    SELECT * FROM client_page_mapping WHERE id > $1 AND substr(client_id, 1, length($3)) = $3 ORDER BY id LIMIT $2
    """
  static let ofClient: Statement<StoredMapping> =
    "SELECT * FROM client_page_mapping WHERE client_id = $1 AND id > $2 ORDER BY id LIMIT $3"
  static let ofToken: Statement<StoredMapping> =
    "SELECT * FROM client_page_mapping WHERE token_id = $1 ORDER BY id"
  static let ofAccount: Statement<StoredMapping> =
    "SELECT * FROM client_page_mapping WHERE ig_account_id = $1 ORDER BY updated_at DESC, id DESC"
  static let anyOfAccount: Statement<Int64> =
    "SELECT 1 FROM client_page_mapping WHERE ig_account_id = $1 LIMIT 1"
  static let token: Statement<Int64> = "SELECT id FROM meta_access_token WHERE id = $1"
  static let nextRevision: Statement<Int64> =
    "SELECT coalesce(max(revision), 0) + 1 FROM client_page_mapping WHERE client_id = $1"
  static let insert: Statement<Int64> = """
    INSERT INTO client_page_mapping (client_id, fb_page_id, ig_account_id, page_access_token, token_id,
      fb_page_name, ig_username, created_at, updated_at, revision)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) RETURNING id
    """
  static let update: Statement<Int64> = """
    UPDATE client_page_mapping SET ig_account_id = $3, page_access_token = $4, token_id = $5,
      fb_page_name = coalesce($6, fb_page_name),
      ig_username = CASE WHEN ig_account_id IS NOT DISTINCT FROM $3 THEN coalesce($7, ig_username) ELSE $7 END,
      updated_at = $8, revision = $9
    WHERE client_id = $1 AND fb_page_id = $2 RETURNING id
    """
  static let replacePageToken: Statement<Never> =
    "UPDATE client_page_mapping SET page_access_token = $3 WHERE id = $1 AND page_access_token = $2"
  static let otherUsername: Statement<Int64> = """
    SELECT 1 FROM client_page_mapping WHERE ig_account_id = $1 AND ig_username IS DISTINCT FROM $2 LIMIT 1
    """
  static let setUsername: Statement<Never> =
    "UPDATE client_page_mapping SET ig_username = $2 WHERE ig_account_id = $1"
  static let delete: Statement<StoredMapping> = "DELETE FROM client_page_mapping WHERE id = $1 RETURNING *"
}

extension Store {
  // MARK: - Reading

  /// The client's most recently synced mapping that has an Instagram account, of this Page where one is
  /// given.
  ///
  /// This is the lookup of the warm path: one statement on one partial index.
  package func latestMappingWithInstagram(
    clientID: String, pageID: String? = nil
  ) throws(StoreError) -> MappingLookup {
    guard let pageID else {
      return try read { (connection) throws(SQLError) in
        if let mapping = try connection.first(Mappings.newest(clientID)) { return .mapping(mapping) }
        return try connection.first(Mappings.anyOfClient(clientID)) == nil ? .none : .withoutInstagram
      }
    }
    guard let mapping = try first(Mappings.ofPage(clientID, pageID)) else { return .none }
    return mapping.instagramAccountID == nil ? .withoutInstagram : .mapping(mapping)
  }

  package func mapping(_ id: Int64) throws(StoreError) -> StoredMapping? { try first(Mappings.byID(id)) }

  /// Mappings in the order of their ids, those with a greater id than `after`, at most `limit`, of clients
  /// whose id begins with `clientIDPrefix`, or of these alone. Ask for one more than needed to learn whether there is a next
  /// page.
  package func mappings(
    after: Int64 = 0, limit: Int, clientIDPrefix: String = "", ofClients clients: [String]? = nil
  ) throws(StoreError) -> [StoredMapping] {
    guard let clients else { return try all(Mappings.list(after, limit, clientIDPrefix)) }
    let rows = try all(of: clients) { Mappings.ofClient($0, after, limit) }
    return Array(rows.sorted { $0.id < $1.id }.prefix(limit))
  }

  /// Every mapping whose page token came from this user token, in the order of their ids.
  package func mappings(tokenID: Int64) throws(StoreError) -> [StoredMapping] {
    try all(Mappings.ofToken(tokenID))
  }

  /// Every mapping with this Instagram account, the one synced last first.
  package func mappings(instagramAccountID: String) throws(StoreError) -> [StoredMapping] {
    try all(Mappings.ofAccount(instagramAccountID))
  }

  /// Whether a mapping has this Instagram account: whether its posts are anybody's.
  package func isInstagramAccountMapped(_ accountID: String) throws(StoreError) -> Bool {
    try read { (connection) throws(SQLError) in try connection.isMapped(accountID) }
  }

  // MARK: - Writing

  /// Stores the mapping of a client and a Page, or brings the one there is up to date. Of any number of
  /// equal calls at once, in whatever processes, exactly one answers `created`.
  package func saveMapping(
    _ mapping: NewMapping, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> MappingOutcome {
    try write { (connection) throws(SQLError) in
      guard try connection.first(Mappings.token(mapping.tokenID)) != nil else { return .unknownToken }
      let present = try connection.first(Mappings.ofPage(mapping.clientID, mapping.pageID))
      let revision = try connection.number(Mappings.nextRevision(mapping.clientID))
      // Another one is the client's newest now.
      if revision > 1 { connection.invalidate() }
      let statement = present == nil ? Mappings.insert : Mappings.update
      let id = try connection.number(
        statement(
          mapping.clientID, mapping.pageID, mapping.instagramAccountID, mapping.sealedPageToken,
          mapping.tokenID, mapping.pageName, mapping.instagramUsername, now, revision))
      let before = present?.instagramAccountID
      if let before { try connection.forgetMediaIfUnmapped(before) }
      try connection.append(
        event, subject: "mapping \(id)", client: mapping.clientID,
        result: present == nil ? "created" : "updated", now: now)
      return present == nil ? .created(id: id) : .updated(id: id, before: before)
    }
  }

  /// Replaces a page token by one fetched anew, if the row still holds the one that was refused. Returns
  /// whether it did. Not a sync: which mapping is the client's newest does not change.
  @discardableResult
  package func replacePageToken(
    _ id: Int64, with sealedPageToken: String, ifSealedIs refused: String
  ) throws(StoreError) -> Bool {
    try run(Mappings.replacePageToken(id, refused, sealedPageToken), takingAway: true) > 0
  }

  /// Keeps the name that an Instagram account bears now, for the lists. Writes nothing where it is known
  /// already.
  ///
  /// - Parameter patience: how long to wait for others' locks, in milliseconds; with 0 it is tried once.
  package func setInstagramUsername(
    _ username: String, ofAccount accountID: String, waitingAtMost patience: Int32? = nil
  ) throws(StoreError) {
    guard try first(Mappings.otherUsername(accountID, username)) != nil else { return }
    try run(Mappings.setUsername(accountID, username), waitingAtMost: patience ?? Self.shortPatience)
  }

  /// Removes a mapping, and the media of its Instagram account when it was the last with that account.
  /// Returns what it was, `nil` where there was none.
  package func removeMapping(
    _ id: Int64, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredMapping? {
    try write { (connection) throws(SQLError) in
      guard let mapping = try connection.first(Mappings.delete(id)) else { return nil }
      connection.invalidate()
      if let account = mapping.instagramAccountID { try connection.forgetMediaIfUnmapped(account) }
      try connection.append(
        event, subject: "mapping \(id)", client: mapping.clientID, result: "deleted", now: now)
      return mapping
    }
  }
}

extension Connection {
  func isMapped(_ accountID: String) throws(SQLError) -> Bool {
    try first(Mappings.anyOfAccount(accountID)) != nil
  }
}
