internal import SQL
package import Text

extension Store {
  // MARK: - Reading

  /// The token with this id.
  package func token(_ id: Int64) throws(StoreError) -> StoredToken? {
    try read { (connection) throws(SQLError) in try connection.token(id) }
  }

  /// The token of this Meta user; there is one at most.
  package func token(userID: String) throws(StoreError) -> StoredToken? {
    try read { (connection) throws(SQLError) in
      try connection.first(
        "SELECT * FROM meta_access_token WHERE user_id = $1", [.text(userID)], StoredToken.init(reading:))
    }
  }

  /// Tokens in the order of their ids, those with a greater id than `after`, at most `limit`. Ask for one
  /// more than needed to learn whether there is a next page.
  package func tokens(after: Int64 = 0, limit: Int) throws(StoreError) -> [StoredToken] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        "SELECT * FROM meta_access_token WHERE id > $1 ORDER BY id LIMIT $2",
        [.integer(after), .integer(Int64(limit))], StoredToken.init(reading:))
    }
  }

  /// Every token that is active now, in the order of their ids.
  package func activeTokens() throws(StoreError) -> [StoredToken] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        "SELECT * FROM meta_access_token WHERE status <> 'invalid' ORDER BY id", [],
        StoredToken.init(reading:))
    }.filter { $0.status == .active }
  }

  /// Those of the active tokens from which a mapping's page token came.
  package func activeTokensInUse() throws(StoreError) -> [StoredToken] {
    try read { (connection) throws(SQLError) in
      try connection.all(
        """
        SELECT * FROM meta_access_token AS token WHERE status = 'active'
          AND EXISTS (SELECT 1 FROM client_page_mapping WHERE token_id = token.id) ORDER BY id
        """, [], StoredToken.init(reading:))
    }
  }

  /// How many tokens have which status; a status that none has is missing.
  package func tokenCounts() throws(StoreError) -> [TokenStatus: Int] {
    let counts = try read { (connection) throws(SQLError) in
      try connection.all("SELECT status, count(*) FROM meta_access_token GROUP BY status") {
        (row) throws(SQLError) in (try TokenStatus(reading: row, column: 0), try row.count(1))
      }
    }
    return Dictionary(counts) { first, _ in first }
  }

  // MARK: - Writing

  /// Stores a token as active. A row of the same Meta user is replaced: label, token, facts and status,
  /// whatever the status was. `created` tells which of the two happened.
  package func saveToken(
    _ token: NewToken, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> (token: StoredToken, created: Bool) {
    try write { (connection) throws(SQLError) in
      let present = try connection.first(
        "SELECT id FROM meta_access_token WHERE user_id = $1", [.text(token.facts.userID)]
      ) {
        (row) throws(SQLError) in try row.integer(0)
      }
      let id: Int64
      if let present {
        id = present
        try connection.replaceToken(id, with: token.sealedToken, token.facts, now: now)
        try connection.run(
          "UPDATE meta_access_token SET account_label = $1 WHERE id = $2",
          [.text(token.accountLabel), .integer(id)])
      } else {
        id = try connection.insertToken(token, now: now)
      }
      if let reason = token.reason {
        try connection.run(
          "UPDATE meta_access_token SET status_reason = $1 WHERE id = $2", [.text(reason), .integer(id)])
      }
      try connection.append(
        event, subject: "token \(id)", result: present == nil ? "created" : "updated", now: now)
      guard let stored = try connection.token(id) else { throw .damagedRow }
      return (stored, present == nil)
    }
  }

  /// Replaces the sealed token of a row; it is active again. Facts that are `nil` stay, but for the two
  /// expiries and the scopes, which belonged to the old token. Returns the row, `nil` where there is none.
  ///
  /// Throws `conflict` where another row already has the Meta user.
  package func replaceSealedToken(
    _ id: Int64, with sealedToken: String, facts: TokenFacts, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try write { (connection) throws(SQLError) in
      guard try connection.replaceToken(id, with: sealedToken, facts, now: now) else { return nil }
      try connection.append(event, subject: "token \(id)", result: "updated", now: now)
      return try connection.token(id)
    }
  }

  /// Changes what an administrator may change: the label, or the status with its reason. `nil` leaves a
  /// value as it is. Returns the row, `nil` where there is none.
  package func updateToken(
    _ id: Int64, label: String? = nil, status: TokenStatus? = nil, reason: String? = nil, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try write { (connection) throws(SQLError) in
      let changed = try connection.run(
        """
        UPDATE meta_access_token SET
          account_label = coalesce($2, account_label),
          status_reason = iif($3 IS NULL, status_reason, $4),
          status = coalesce($3, status),
          updated_at = $5
        WHERE id = $1
        """,
        [.integer(id), .text(label), .text(status?.rawValue), .text(reason), .moment(now)])
      guard changed > 0 else { return nil }
      try connection.append(event, subject: "token \(id)", result: "updated", now: now)
      return try connection.token(id)
    }
  }

  /// Sets status and reason, if the row still holds the token they are about. Returns whether it does.
  ///
  /// Compare and set: while Graph refused the old token, somebody may have stored a new one.
  @discardableResult
  package func markToken(
    _ id: Int64, as status: TokenStatus, reason: String?, ifSealedIs sealedToken: String, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    // Twenty requests that are refused at once need not write twenty times.
    guard let present = try token(id), present.sealedToken.isSameBytes(as: sealedToken) else { return false }
    if present.status == status, present.statusReason == reason { return true }
    return try write { (connection) throws(SQLError) in
      let changed = try connection.run(
        """
        UPDATE meta_access_token SET status = $3, status_reason = $4, updated_at = $5
        WHERE id = $1 AND access_token = $2
        """,
        [.integer(id), .text(sealedToken), .text(status.rawValue), .text(reason), .moment(now)])
      guard changed > 0 else { return false }
      try connection.append(event, subject: "token \(id)", result: status.rawValue, now: now)
      return true
    }
  }

  /// Keeps a reason, or takes it away, and leaves the status alone; if the row still holds this token.
  /// Returns whether it does.
  @discardableResult
  package func noteReason(
    _ id: Int64, _ reason: String?, ifSealedIs sealedToken: String, now: Timestamp = .now,
    waitingAtMost limit: Int32? = nil
  ) throws(StoreError) -> Bool {
    guard let present = try token(id), present.sealedToken.isSameBytes(as: sealedToken) else { return false }
    if present.statusReason == reason { return true }
    return try write(waitingAtMost: limit) { (connection) throws(SQLError) in
      try connection.run(
        """
        UPDATE meta_access_token SET status_reason = $3, updated_at = $4
        WHERE id = $1 AND access_token = $2
        """,
        [.integer(id), .text(sealedToken), .text(reason), .moment(now)]) > 0
    }
  }

  /// Keeps what a check with Graph brought: status, reason, facts, and when; if the row still holds this
  /// token. Facts that are `nil` stay. Returns the row, `nil` where it is gone or holds another token.
  ///
  /// Throws `conflict` where another row already has the Meta user.
  package func recordCheck(
    _ id: Int64, status: TokenStatus, reason: String?, facts: TokenFacts, ifSealedIs sealedToken: String,
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try write { (connection) throws(SQLError) in
      let changed = try connection.run(
        """
        UPDATE meta_access_token SET
          status = $3, status_reason = $4,
          expires_at = iif($12, $5, coalesce($5, expires_at)), kind = coalesce($13, kind),
          data_access_expires_at = coalesce($6, data_access_expires_at),
          scopes = coalesce($7, scopes), user_id = coalesce($8, user_id), user_name = coalesce($9, user_name),
          profile_picture = coalesce($10, profile_picture),
          last_checked_at = $11, updated_at = $11
        WHERE id = $1 AND access_token = $2
        """,
        [
          .integer(id), .text(sealedToken), .text(status.rawValue), .text(reason), .moment(facts.expiresAt),
          .moment(facts.dataAccessExpiresAt), .words(facts.scopes), .text(facts.userID),
          .text(facts.userName),
          .text(facts.profilePicture), .moment(now), .integer(facts.isEndKnown ? 1 : 0),
          .text(facts.kind?.rawValue),
        ])
      guard changed > 0 else { return nil }
      try connection.append(event, subject: "token \(id)", result: status.rawValue, now: now)
      return try connection.token(id)
    }
  }

  /// Writes down what the clock says: tokens whose `expires_at` is past as `expired`, and those that are not, although
  /// a clock that stood ahead once made them so, as active again. Returns the ids of the expired ones it set.
  ///
  /// Readers look at the clock themselves; this leaves the event. Writes nothing where there is nothing, as is usual.
  @discardableResult
  package func expireTokens(
    event: Event = Event(actor: "system", action: "token.expire"), now: Timestamp = .now
  ) throws(StoreError) -> [Int64] {
    let due = try read { (connection) throws(SQLError) in
      try connection.dueTokens(now) + connection.revivedTokens(now)
    }
    if due.isEmpty { return [] }
    return try write { (connection) throws(SQLError) in
      let due = try connection.dueTokens(now)
      for id in due { try connection.setExpired(id, true, event, now) }
      for id in try connection.revivedTokens(now) { try connection.setExpired(id, false, event, now) }
      return due
    }
  }

  /// Removes a token. Where mappings use it, only with `force`: they keep their page tokens, which live on.
  package func removeToken(
    _ id: Int64, force: Bool, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> TokenRemoval {
    try write { (connection) throws(SQLError) in
      let users = try connection.number(
        "SELECT count(*) FROM client_page_mapping WHERE token_id = $1", [.integer(id)])
      guard users == 0 || force else { return .inUse(mappings: Int(users)) }
      guard try connection.run("DELETE FROM meta_access_token WHERE id = $1", [.integer(id)]) > 0 else {
        return .unknown
      }
      try connection.run("DELETE FROM notice WHERE subject = $1", [.text("token \(id)")])
      try connection.append(event, subject: "token \(id)", result: "deleted", now: now)
      return .removed
    }
  }
}

// MARK: - Statements

extension Connection {
  fileprivate func token(_ id: Int64) throws(SQLError) -> StoredToken? {
    try first(
      "SELECT * FROM meta_access_token WHERE id = $1", [.integer(id)], StoredToken.init(reading:))
  }

  fileprivate func dueTokens(_ now: Timestamp) throws(SQLError) -> [Int64] {
    try all(
      "SELECT id FROM meta_access_token WHERE status = 'active' AND expires_at <= $1 ORDER BY id",
      [.moment(now)]
    ) { (row) throws(SQLError) in try row.integer(0) }
  }

  fileprivate func revivedTokens(_ now: Timestamp) throws(SQLError) -> [Int64] {
    try all(
      """
      SELECT id FROM meta_access_token WHERE status = 'expired' AND (expires_at IS NULL OR expires_at > $1) ORDER BY id
      """, [.moment(now)]
    ) { (row) throws(SQLError) in try row.integer(0) }
  }

  fileprivate func setExpired(
    _ id: Int64, _ isExpired: Bool, _ event: Event, _ now: Timestamp
  ) throws(SQLError) {
    let status = isExpired ? TokenStatus.expired : .active
    try run(
      "UPDATE meta_access_token SET status = $2, status_reason = $3, updated_at = $4 WHERE id = $1",
      [.integer(id), .text(status.rawValue), .text(isExpired ? "expired" : nil), .moment(now)])
    try append(event, subject: "token \(id)", result: status.rawValue, now: now)
  }

  fileprivate func insertToken(_ token: NewToken, now: Timestamp) throws(SQLError) -> Int64 {
    try run(
      """
      INSERT INTO meta_access_token (account_label, access_token, expires_at, status, user_id, user_name,
        profile_picture, data_access_expires_at, scopes, created_at, updated_at, kind)
      VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $9, coalesce($10, 'user'))
      """,
      [
        .text(token.accountLabel), .text(token.sealedToken), .moment(token.facts.expiresAt),
        .text(token.facts.userID), .text(token.facts.userName), .text(token.facts.profilePicture),
        .moment(token.facts.dataAccessExpiresAt), .words(token.facts.scopes), .moment(now),
        .text(token.facts.kind?.rawValue),
      ])
    return lastInsertedID
  }

  /// Whether there was such a row.
  @discardableResult
  fileprivate func replaceToken(
    _ id: Int64, with sealedToken: String, _ facts: TokenFacts, now: Timestamp
  ) throws(SQLError) -> Bool {
    try run(
      """
      UPDATE meta_access_token SET
        access_token = $2, status = 'active', status_reason = NULL,
        expires_at = $3, data_access_expires_at = $4, scopes = $5, kind = coalesce($10, kind), user_id = coalesce($6, user_id), user_name = coalesce($7, user_name),
        profile_picture = coalesce($8, profile_picture), updated_at = $9
      WHERE id = $1
      """,
      [
        .integer(id), .text(sealedToken), .moment(facts.expiresAt), .moment(facts.dataAccessExpiresAt),
        .words(facts.scopes), .text(facts.userID), .text(facts.userName), .text(facts.profilePicture),
        .moment(now), .text(facts.kind?.rawValue),
      ]) > 0
  }
}

extension TokenStatus {
  fileprivate init(reading row: borrowing Row, column: Int32) throws(SQLError) {
    guard let status = TokenStatus(rawValue: try row.text(column)) else { throw .damagedRow }
    self = status
  }
}

extension StoredToken {
  /// By position: the order of the columns is that of the table, and migrations only append.
  fileprivate init(reading row: borrowing Row) throws(SQLError) {
    id = try row.integer(0)
    accountLabel = try row.text(1)
    sealedToken = try row.text(2)
    let expiresAt = try row.optionalMoment(3)
    self.expiresAt = expiresAt
    let written = try TokenStatus(reading: row, column: 4)
    let reason = try row.optionalText(5)
    // Whether its time is over the clock decides anew each time: it may have stood wrong when that was written down.
    let isOver = expiresAt.map { $0 <= .now } ?? false
    status = written == .invalid ? .invalid : isOver ? .expired : .active
    statusReason = status == written ? reason : isOver ? "expired" : written == .expired ? nil : reason
    userID = try row.optionalText(6)
    userName = try row.optionalText(7)
    profilePicture = try row.optionalText(8)
    dataAccessExpiresAt = try row.optionalMoment(9)
    scopes = try row.optionalWords(10)
    lastCheckedAt = try row.optionalMoment(11)
    createdAt = try row.moment(12)
    updatedAt = try row.moment(13)
    kind = TokenKind(rawValue: try row.text(14)) ?? .user
  }
}
