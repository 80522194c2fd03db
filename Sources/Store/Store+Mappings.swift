package import SQL
package import Text

extension Store {
  // MARK: - Reading

  /// The client's most recently synced mapping that has an Instagram account, of this Page where one is
  /// given.
  ///
  /// This is the lookup of the warm path: one statement on one partial index.
  package func latestMappingWithInstagram(
    clientID: String, pageID: String? = nil
  ) throws(StoreError) -> MappingLookup {
    try read { (connection) throws(SQLError) in
      guard let pageID else {
        if let mapping = try connection.newestMapping(clientID) { return .mapping(mapping) }
        let exists = try connection.number(
          "SELECT EXISTS (SELECT 1 FROM client_page_mapping WHERE client_id = $1)", [.text(clientID)])
        return exists == 0 ? .none : .withoutInstagram
      }
      guard let mapping = try connection.mapping(clientID, pageID) else { return .none }
      return mapping.instagramAccountID == nil ? .withoutInstagram : .mapping(mapping)
    }
  }

  /// The mapping with this id.
  package func mapping(_ id: Int64) throws(StoreError) -> StoredMapping? {
    try read { (connection) throws(SQLError) in try connection.mapping(id) }
  }

  /// Mappings in the order of their ids, those with a greater id than `after`, at most `limit`, of clients
  /// whose id begins with `clientIDPrefix`. Ask for one more than needed to learn whether there is a next
  /// page.
  package func mappings(
    after: Int64 = 0, limit: Int, clientIDPrefix: String = ""
  ) throws(StoreError) -> [StoredMapping] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT * FROM client_page_mapping
        WHERE id > $1 AND substr(client_id, 1, length($3)) = $3 ORDER BY id LIMIT $2
        """, [.integer(after), .integer(Int64(limit)), .text(clientIDPrefix)], StoredMapping.init(reading:))
    }
  }

  /// Every mapping whose page token came from this user token, in the order of their ids.
  package func mappings(tokenID: Int64) throws(StoreError) -> [StoredMapping] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        "SELECT * FROM client_page_mapping WHERE token_id = $1 ORDER BY id", [.integer(tokenID)],
        StoredMapping.init(reading:))
    }
  }

  /// Every mapping with this Instagram account, the one synced last first.
  package func mappings(instagramAccountID: String) throws(StoreError) -> [StoredMapping] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT * FROM client_page_mapping WHERE ig_account_id = $1 ORDER BY updated_at DESC, id DESC
        """, [.text(instagramAccountID)], StoredMapping.init(reading:))
    }
  }

  /// Whether a mapping has this Instagram account: whether its posts are anybody's.
  package func isInstagramAccountMapped(_ accountID: String) throws(StoreError) -> Bool {
    try read { (connection) throws(SQLError) in try connection.isMapped(accountID) }
  }

  /// Every Instagram account that a mapping has, once.
  package func instagramAccountIDs() throws(StoreError) -> [String] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT DISTINCT ig_account_id FROM client_page_mapping WHERE ig_account_id IS NOT NULL
        ORDER BY ig_account_id
        """
      ) { (row) throws(SQLError) in try row.text(0) }
    }
  }

  // MARK: - Writing

  /// Stores the mapping of a client and a Page, or brings the one there is up to date. Of any number of
  /// equal calls at once, in whatever processes, exactly one answers `created`.
  package func saveMapping(
    _ mapping: NewMapping, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> MappingOutcome {
    try write { (connection) throws(SQLError) in
      let tokens = try connection.number(
        "SELECT count(*) FROM meta_access_token WHERE id = $1", [.integer(mapping.tokenID)])
      guard tokens == 1 else { return .unknownToken }
      let present = try connection.mapping(mapping.clientID, mapping.pageID)
      let revision = try connection.number(
        "SELECT coalesce(max(revision), 0) + 1 FROM client_page_mapping WHERE client_id = $1",
        [.text(mapping.clientID)])
      let id: Int64
      if let present {
        id = present.id
        try connection.update(present, with: mapping, revision: revision, now: now)
      } else {
        id = try connection.insert(mapping, revision: revision, now: now)
      }
      if let account = present?.instagramAccountID { try connection.forgetMediaIfUnmapped(account) }
      try connection.append(
        event, subject: "mapping \(id)", result: present == nil ? "created" : "updated", now: now)
      return present == nil ? .created(id: id) : .updated(id: id)
    }
  }

  /// Replaces a page token by one fetched anew, if the row still holds the one that was refused. Returns
  /// whether it did. Not a sync: which mapping is the client's newest does not change.
  @discardableResult
  package func replacePageToken(
    _ id: Int64, with sealedPageToken: String, ifSealedIs refused: String
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      try connection.run(
        "UPDATE client_page_mapping SET page_access_token = $3 WHERE id = $1 AND page_access_token = $2",
        [.integer(id), .text(refused), .text(sealedPageToken)]) > 0
    }
  }

  /// Keeps the name that an Instagram account bears now, for the lists. Writes nothing where it is known
  /// already.
  ///
  /// - Parameter patience: how long to wait for others' locks, in milliseconds; with 0 it is tried once.
  package func setInstagramUsername(
    _ username: String, ofAccount accountID: String, waitingAtMost patience: Int32? = nil
  ) throws(StoreError) {
    let stale = try read { (connection) throws(SQLError) in
      try connection.number(
        "SELECT count(*) FROM client_page_mapping WHERE ig_account_id = $1 AND ig_username IS NOT $2",
        [.text(accountID), .text(username)])
    }
    if stale == 0 { return }
    try write(waitingAtMost: patience ?? Self.shortPatience) { (connection) throws(SQLError) in
      _ = try connection.run(
        "UPDATE client_page_mapping SET ig_username = $2 WHERE ig_account_id = $1",
        [.text(accountID), .text(username)])
    }
  }

  /// Removes a mapping, and the media of its Instagram account when it was the last with that account.
  /// Returns what it was, `nil` where there was none.
  package func removeMapping(
    _ id: Int64, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredMapping? {
    try write { (connection) throws(SQLError) in
      guard let mapping = try connection.mapping(id) else { return nil }
      try connection.run("DELETE FROM client_page_mapping WHERE id = $1", [.integer(id)])
      if let account = mapping.instagramAccountID { try connection.forgetMediaIfUnmapped(account) }
      try connection.append(event, subject: "mapping \(id)", result: "deleted", now: now)
      return mapping
    }
  }
}

// MARK: - Statements

extension Connection {
  fileprivate func newestMapping(_ clientID: String) throws(SQLError) -> StoredMapping? {
    try first(
      """
      SELECT * FROM client_page_mapping WHERE client_id = $1 AND ig_account_id IS NOT NULL
      ORDER BY revision DESC LIMIT 1
      """, [.text(clientID)], StoredMapping.init(reading:))
  }

  fileprivate func mapping(_ clientID: String, _ pageID: String) throws(SQLError) -> StoredMapping? {
    try first(
      "SELECT * FROM client_page_mapping WHERE client_id = $1 AND fb_page_id = $2",
      [.text(clientID), .text(pageID)], StoredMapping.init(reading:))
  }

  fileprivate func mapping(_ id: Int64) throws(SQLError) -> StoredMapping? {
    try first(
      "SELECT * FROM client_page_mapping WHERE id = $1", [.integer(id)], StoredMapping.init(reading:))
  }

  package func isMapped(_ accountID: String) throws(SQLError) -> Bool {
    try number(
      "SELECT EXISTS (SELECT 1 FROM client_page_mapping WHERE ig_account_id = $1)", [.text(accountID)]) == 1
  }

  fileprivate func insert(
    _ mapping: NewMapping, revision: Int64, now: Timestamp
  ) throws(SQLError) -> Int64 {
    try run(
      """
      INSERT INTO client_page_mapping (client_id, fb_page_id, ig_account_id, page_access_token, token_id,
        fb_page_name, ig_username, created_at, updated_at, revision)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
      """,
      [
        .text(mapping.clientID), .text(mapping.pageID), .text(mapping.instagramAccountID),
        .text(mapping.sealedPageToken), .integer(mapping.tokenID), .text(mapping.pageName),
        .text(mapping.instagramUsername), .moment(now), .integer(revision),
      ])
    return lastInsertedID
  }

  fileprivate func update(
    _ present: StoredMapping, with mapping: NewMapping, revision: Int64, now: Timestamp
  ) throws(SQLError) {
    try run(
      """
      UPDATE client_page_mapping SET
        ig_username = iif(ig_account_id IS $2, coalesce($6, ig_username), $6),
        ig_account_id = $2, page_access_token = $3, token_id = $4, fb_page_name = coalesce($5, fb_page_name),
        updated_at = $7, revision = $8
      WHERE id = $1
      """,
      [
        .integer(present.id), .text(mapping.instagramAccountID), .text(mapping.sealedPageToken),
        .integer(mapping.tokenID), .text(mapping.pageName), .text(mapping.instagramUsername), .moment(now),
        .integer(revision),
      ])
  }
}

extension StoredMapping {
  /// By position: the order of the columns is that of the table, and migrations only append.
  fileprivate init(reading row: borrowing Row) throws(SQLError) {
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
