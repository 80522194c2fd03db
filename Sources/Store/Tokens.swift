package import SQL
package import Text

/// What we know about a token's fitness.
package enum TokenStatus: String, Sendable, CaseIterable, Bindable {
  /// Graph took it, as far as we know.
  case active
  /// Its `expires_at` is past: a matter of the clock, looked at anew with each reading.
  case expired
  /// Graph refused it, or an administrator switched it off.
  case invalid
}

/// Whose a token is.
package enum TokenKind: String, Sendable, Bindable {
  /// A person's.
  case user
  /// A portfolio's system user's: lives 60 days, and is renewed only when that is asked for.
  case systemUser = "system_user"
}

/// A row of `meta_access_token`.
package struct StoredToken: Sendable, Equatable {
  /// Never given twice.
  package let id: Int64
  package let accountLabel: String
  package let sealedToken: String
  /// `nil`: not known, or never.
  package let expiresAt: Timestamp?
  package let status: TokenStatus
  /// Why it has this status, or what is the matter with it although it is active (`login_required`).
  package let statusReason: String?
  /// The Meta user, as far as known; unique.
  package let userID: String?
  package let userName: String?
  /// An address.
  package let profilePicture: String?
  /// When Meta stops giving data for it, although it lives on.
  package let dataAccessExpiresAt: Timestamp?
  /// `nil`: not known.
  package let scopes: [String]?
  /// When Graph was last asked about it.
  package let lastCheckedAt: Timestamp?
  package let createdAt: Timestamp
  package let updatedAt: Timestamp
  package let kind: TokenKind
}

extension StoredToken: Readable {
  /// By position: the order of the columns is that of the table, and migrations only append.
  package init(reading row: borrowing Row) throws(SQLError) {
    id = try row.integer(0)
    accountLabel = try row.text(1)
    sealedToken = try row.text(2)
    let expiresAt = try row.optionalMoment(3)
    self.expiresAt = expiresAt
    guard let written = TokenStatus(rawValue: try row.text(4)) else { throw .damagedRow }
    let reason = try row.optionalText(5)
    // Whether its time is over the clock decides anew each time: it may have stood wrong when that was written down.
    let isOver = expiresAt.map { $0 <= .now } ?? false
    status = written == .invalid ? .invalid : isOver ? .expired : .active
    statusReason = status == written ? reason : isOver ? "expired" : written == .expired ? nil : reason
    userID = try row.optionalText(6)
    userName = try row.optionalText(7)
    profilePicture = try row.optionalText(8)
    dataAccessExpiresAt = try row.optionalMoment(9)
    scopes = try row.optionalText(10).map { $0.split(separator: " ").map(String.init) }
    lastCheckedAt = try row.optionalMoment(11)
    createdAt = try row.moment(12)
    updatedAt = try row.moment(13)
    kind = TokenKind(rawValue: try row.text(14)) ?? .user
  }
}

/// What Graph said about a token and its user. `nil` is "not said": what is stored stays.
package struct TokenFacts: Sendable, Equatable {
  package var expiresAt: Timestamp?
  package var dataAccessExpiresAt: Timestamp?
  package var scopes: [String]?
  package var userID: String?
  package var userName: String?
  package var profilePicture: String?
  package var kind: TokenKind?
  /// That it has no end, or none that is known, was said: no `expiresAt` then takes away the one that is stored.
  package var isEndKnown = false

  package init(
    expiresAt: Timestamp? = nil, dataAccessExpiresAt: Timestamp? = nil, scopes: [String]? = nil,
    userID: String? = nil, userName: String? = nil, profilePicture: String? = nil
  ) {
    self.expiresAt = expiresAt
    self.dataAccessExpiresAt = dataAccessExpiresAt
    self.scopes = scopes
    self.userID = userID
    self.userName = userName
    self.profilePicture = profilePicture
  }

  /// As they are stored: separated by spaces.
  fileprivate var words: String? { scopes?.joined(separator: " ") }
}

/// A token that is to be stored. It starts as active.
package struct NewToken: Sendable, Equatable {
  package var accountLabel: String
  /// Not empty.
  package var sealedToken: String
  package var facts: TokenFacts
  /// What is the matter with it although it is active.
  package var reason: String?

  package init(accountLabel: String, sealedToken: String, facts: TokenFacts = TokenFacts()) {
    self.accountLabel = accountLabel
    self.sealedToken = sealedToken
    self.facts = facts
  }
}

/// What became of a token that was to be removed.
package enum TokenRemoval: Sendable, Equatable {
  /// Mappings that used it, if that was allowed, keep their page token and no longer name a token.
  case removed
  /// So many mappings use it; it stays.
  case inUse(mappings: Int)
  case unknown
}

private enum Tokens {
  static let byID: Statement<StoredToken> = "SELECT * FROM meta_access_token WHERE id = $1"
  static let idOfUser: Statement<Int64> = "SELECT id FROM meta_access_token WHERE user_id = $1"
  static let list: Statement<StoredToken> =
    "SELECT * FROM meta_access_token WHERE id > $1 ORDER BY id LIMIT $2"
  static let notInvalid: Statement<StoredToken> =
    "SELECT * FROM meta_access_token WHERE status <> 'invalid' ORDER BY id"
  static let activeInUse: Statement<StoredToken> = """
    SELECT * FROM meta_access_token AS token WHERE status = 'active'
      AND EXISTS (SELECT 1 FROM client_page_mapping WHERE token_id = token.id) ORDER BY id
    """
  static let due: Statement<Int64> =
    "SELECT id FROM meta_access_token WHERE status = 'active' AND expires_at <= $1 ORDER BY id"
  static let revived: Statement<Int64> = """
    SELECT id FROM meta_access_token WHERE status = 'expired' AND (expires_at IS NULL OR expires_at > $1) ORDER BY id
    """
  static let insert: Statement<StoredToken> = """
    INSERT INTO meta_access_token (account_label, access_token, expires_at, status, status_reason, user_id, user_name,
      profile_picture, data_access_expires_at, scopes, created_at, updated_at, kind)
    VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $10, coalesce($11, 'user')) RETURNING *
    """
  static let replace: Statement<StoredToken> = """
    UPDATE meta_access_token SET account_label = coalesce($2, account_label),
      access_token = $3, expires_at = $4, status = 'active', status_reason = $5, user_id = coalesce($6, user_id),
      user_name = coalesce($7, user_name), profile_picture = coalesce($8, profile_picture),
      data_access_expires_at = $9, scopes = $10, updated_at = $11, kind = coalesce($12, kind)
    WHERE id = $1 RETURNING *
    """
  static let renew: Statement<Never> = """
    UPDATE meta_access_token SET
      access_token = $3, expires_at = $4, status = 'active', status_reason = NULL, user_id = coalesce($5, user_id),
      user_name = coalesce($6, user_name), profile_picture = coalesce($7, profile_picture),
      data_access_expires_at = $8, scopes = coalesce($9, scopes), last_checked_at = $10, updated_at = $10,
      kind = coalesce($11, kind)
    WHERE id = $1 AND access_token = $2
    """
  static let check: Statement<StoredToken> = """
    UPDATE meta_access_token SET
      expires_at = CASE WHEN $3 = 1 THEN $4 ELSE coalesce($4, expires_at) END, status = $5, status_reason = $6,
      user_id = coalesce($7, user_id), user_name = coalesce($8, user_name),
      profile_picture = coalesce($9, profile_picture),
      data_access_expires_at = coalesce($10, data_access_expires_at), scopes = coalesce($11, scopes),
      last_checked_at = $12, updated_at = $12, kind = coalesce($13, kind)
    WHERE id = $1 AND access_token = $2 RETURNING *
    """
  static let change: Statement<StoredToken> = """
    UPDATE meta_access_token SET account_label = coalesce($2, account_label), status = coalesce($3, status),
      status_reason = CASE WHEN $3 IS NULL THEN status_reason ELSE $4 END, updated_at = $5
    WHERE id = $1 RETURNING *
    """
  static let mark: Statement<Never> = """
    UPDATE meta_access_token SET status = $3, status_reason = $4, updated_at = $5 WHERE id = $1 AND access_token = $2
    """
  static let note: Statement<Never> =
    "UPDATE meta_access_token SET status_reason = $3, updated_at = $4 WHERE id = $1 AND access_token = $2"
  static let expire: Statement<Never> =
    "UPDATE meta_access_token SET status = $2, status_reason = $3, updated_at = $4 WHERE id = $1"
  static let users: Statement<Int64> = "SELECT count(*) FROM client_page_mapping WHERE token_id = $1"
  static let delete: Statement<Never> = "DELETE FROM meta_access_token WHERE id = $1"
}

extension Store {
  // MARK: - Reading

  package func token(_ id: Int64) throws(StoreError) -> StoredToken? { try first(Tokens.byID(id)) }

  /// Tokens in the order of their ids, those with a greater id than `after`, at most `limit`. Ask for one
  /// more than needed to learn whether there is a next page.
  package func tokens(after: Int64 = 0, limit: Int) throws(StoreError) -> [StoredToken] {
    try all(Tokens.list(after, limit))
  }

  /// Every token that is active now, in the order of their ids.
  package func activeTokens() throws(StoreError) -> [StoredToken] {
    try all(Tokens.notInvalid()).filter { $0.status == .active }
  }

  /// Those of the active tokens from which a mapping's page token came.
  package func activeTokensInUse() throws(StoreError) -> [StoredToken] { try all(Tokens.activeInUse()) }

  // MARK: - Writing

  /// Stores a token as active. A row of the same Meta user is replaced: label, token, facts and status,
  /// whatever the status was. `created` tells which of the two happened.
  package func saveToken(
    _ token: NewToken, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> (token: StoredToken, created: Bool) {
    try write { (connection) throws(SQLError) in
      let facts = token.facts
      let present = try connection.first(Tokens.idOfUser(facts.userID))
      let stored =
        if let present {
          try connection.replaceToken(
            present, with: token.sealedToken, facts, label: token.accountLabel, reason: token.reason, now: now
          )
        } else {
          try connection.first(
            Tokens.insert(
              token.accountLabel, token.sealedToken, facts.expiresAt, token.reason, facts.userID,
              facts.userName, facts.profilePicture, facts.dataAccessExpiresAt, facts.words, now, facts.kind))
        }
      guard let stored else { throw .damagedRow }
      try connection.append(
        event, subject: "token \(stored.id)", result: present == nil ? "created" : "updated", now: now)
      return (stored, present == nil)
    }
  }

  /// Replaces the sealed token of a row; it is active again. Facts that are `nil` stay, but for the two
  /// expiries and the scopes, which belonged to the old token. Returns the row, `nil` where there is none.
  ///
  /// Throws `conflict` where another row already has the Meta user.
  package func replaceSealedToken(
    _ id: Int64, with sealedToken: String, facts: TokenFacts, reason: String? = nil, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try write { (connection) throws(SQLError) in
      guard let token = try connection.replaceToken(id, with: sealedToken, facts, reason: reason, now: now)
      else { return nil }
      try connection.append(event, subject: "token \(id)", result: "updated", now: now)
      return token
    }
  }

  /// Changes what an administrator may change: the label, or the status with its reason. `nil` leaves a
  /// value as it is. Returns the row, `nil` where there is none.
  package func updateToken(
    _ id: Int64, label: String? = nil, status: TokenStatus? = nil, reason: String? = nil, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try changed(
      by: Tokens.change(id, label, status, reason, now), event, "token \(id)", "updated", now)
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
    return try change(
      Tokens.mark(id, sealedToken, status, reason, now), event, "token \(id)", status.rawValue, now)
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
    return try run(Tokens.note(id, sealedToken, reason, now), waitingAtMost: limit) > 0
  }

  /// Keeps what a check with Graph brought: status, reason, facts, and when; if the row still holds this
  /// token. Facts that are `nil` stay. Returns the row, `nil` where it is gone or holds another token.
  ///
  /// Throws `conflict` where another row already has the Meta user.
  package func recordCheck(
    _ id: Int64, status: TokenStatus, reason: String?, facts: TokenFacts, ifSealedIs sealedToken: String,
    event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> StoredToken? {
    try changed(
      by: Tokens.check(
        id, sealedToken, facts.isEndKnown, facts.expiresAt, status, reason, facts.userID, facts.userName,
        facts.profilePicture, facts.dataAccessExpiresAt, facts.words, now, facts.kind),
      event, "token \(id)", status.rawValue, now)
  }

  /// Puts a longer-lived token in the place of one, if the row still holds that one: somebody may have stored another
  /// while Graph was asked. Returns whether it did. Facts that are `nil` stay, but for the two expiries, which belonged
  /// to the old token.
  package func renewToken(
    _ id: Int64, with sealedToken: String, facts: TokenFacts, ifSealedIs old: String, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try change(
      Tokens.renew(
        id, old, sealedToken, facts.expiresAt, facts.userID, facts.userName, facts.profilePicture,
        facts.dataAccessExpiresAt, facts.words, now, facts.kind),
      event, "token \(id)", "extended", now)
  }

  /// Writes down what the clock says: tokens whose `expires_at` is past as `expired`, and those that are not, although
  /// a clock that stood ahead once made them so, as active again. Returns the ids of the expired ones it set.
  ///
  /// Readers look at the clock themselves; this leaves the event. Writes nothing where there is nothing, as is usual.
  @discardableResult
  package func expireTokens(
    event: Event = Event(actor: "system", action: "token.expire"), now: Timestamp = .now
  ) throws(StoreError) -> [Int64] {
    let isDue = try read { (connection) throws(SQLError) in
      if try connection.first(Tokens.due(now)) != nil { return true }
      return try connection.first(Tokens.revived(now)) != nil
    }
    guard isDue else { return [] }
    return try write { (connection) throws(SQLError) in
      let due = try connection.all(Tokens.due(now))
      let changes: [([Int64], TokenStatus, String?)] = [
        (due, .expired, "expired"), (try connection.all(Tokens.revived(now)), .active, nil),
      ]
      for (ids, status, reason) in changes {
        for id in ids {
          try connection.run(Tokens.expire(id, status, reason, now))
          try connection.append(event, subject: "token \(id)", result: status.rawValue, now: now)
        }
      }
      return due
    }
  }

  /// Removes a token. Where mappings use it, only with `force`: they keep their page tokens, which live on.
  package func removeToken(
    _ id: Int64, force: Bool, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) -> TokenRemoval {
    try write { (connection) throws(SQLError) in
      let users = try connection.number(Tokens.users(id))
      guard users == 0 || force else { return .inUse(mappings: Int(users)) }
      guard try connection.run(Tokens.delete(id)) > 0 else { return .unknown }
      try connection.run(Notices.delete("token \(id)"))
      try connection.append(event, subject: "token \(id)", result: "deleted", now: now)
      return .removed
    }
  }
}

extension Connection {
  fileprivate func replaceToken(
    _ id: Int64, with sealedToken: String, _ facts: TokenFacts, label: String? = nil, reason: String? = nil,
    now: Timestamp
  ) throws(SQLError) -> StoredToken? {
    try first(
      Tokens.replace(
        id, label, sealedToken, facts.expiresAt, reason, facts.userID, facts.userName, facts.profilePicture,
        facts.dataAccessExpiresAt, facts.words, now, facts.kind))
  }
}
