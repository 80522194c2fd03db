package import SQL
package import Text

/// Which credentials exist; as long as there has never been one, the program is in protected mode.
package struct Credentials: Sendable, Equatable {
  package let hasPassword: Bool
  package let keysInForce: Int
  /// Whether there has been one since the beginning, or since the last `metactl admin reset`: with the last one gone,
  /// the door does not open to whoever happens to be on this machine.
  package let haveExisted: Bool

  /// - Parameter mark: what is written down of former ones; an installation older than the mark has none.
  package init(hasPassword: Bool, keysInForce: Int, revokedKeys: Int, mark: CredentialMark? = nil) {
    self.hasPassword = hasPassword
    self.keysInForce = keysInForce
    haveExisted = hasPassword || keysInForce > 0 || (mark.map { $0 == .existed } ?? (revokedKeys > 0))
  }

  /// Whether somebody can be let in.
  package var areInForce: Bool { hasPassword || keysInForce > 0 }
}

extension Credentials: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    self.init(
      hasPassword: try row.integer(0) > 0, keysInForce: Int(clamping: try row.integer(1)),
      revokedKeys: Int(clamping: try row.integer(2)),
      mark: try row.optionalText(3).flatMap(CredentialMark.init))
  }
}

/// What the setting `credentials` says.
package enum CredentialMark: String {
  /// There has been one.
  case existed
  /// `metactl admin reset` took all of them away, on purpose.
  case reset

  package static let setting = "credentials"
}

private enum Passwords {
  static let credentials: Statement<Credentials> = """
    SELECT (SELECT count(*) FROM admin_password), count(*) FILTER (WHERE revoked_at IS NULL),
      count(*) FILTER (WHERE revoked_at IS NOT NULL), (SELECT value FROM setting WHERE name = $1) FROM api_key
    """
  static let hash: Statement<String> = "SELECT hash FROM admin_password"
  static let insert: Statement<Never> = "INSERT INTO admin_password (id, hash, updated_at) VALUES (1, $1, $2)"
  static let delete: Statement<Never> = "DELETE FROM admin_password"
  static let endSessions: Statement<Never> = "DELETE FROM session"
  static let forgetFailures: Statement<Never> = "DELETE FROM sign_in_failure"
  static let revokeKeys: Statement<Never> = "UPDATE api_key SET revoked_at = $1 WHERE revoked_at IS NULL"
}

extension Store {
  package func credentials() throws(StoreError) -> Credentials {
    try first(Passwords.credentials(CredentialMark.setting))
      ?? Credentials(hasPassword: false, keysInForce: 0, revokedKeys: 0)
  }

  /// Takes every credential away, and opens protected mode again: the one way back to it.
  ///
  /// - Returns: what there was.
  package func resetCredentials(event: Event? = nil, now: Timestamp = .now) throws(StoreError) -> Credentials
  {
    let before = try credentials()
    try write { (connection) throws(SQLError) in
      try connection.run(Passwords.delete())
      try connection.run(Passwords.endSessions())
      try connection.run(Passwords.forgetFailures())
      try connection.run(Passwords.revokeKeys(now))
      connection.invalidate()
      try connection.setSetting(CredentialMark.setting, to: CredentialMark.reset.rawValue)
      try connection.append(event, subject: "credentials", result: "deleted", now: now)
    }
    return before
  }

  /// The hash of the admin password, if one is set.
  package func passwordHash() throws(StoreError) -> String? { try first(Passwords.hash()) }

  /// Sets the admin password, by its hash, or with `nil` removes it. Every session ends with it.
  ///
  /// - Parameter isFirst: not where there has been a credential.
  package func setPasswordHash(
    _ hash: String?, isFirst: Bool = false, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      if isFirst, try connection.first(Passwords.credentials(CredentialMark.setting))?.haveExisted == true {
        return
      }
      try connection.run(Passwords.delete())
      try connection.run(Passwords.endSessions())
      connection.invalidate()
      if let hash {
        try connection.run(Passwords.insert(hash, now))
        try connection.closeProtectedMode()
      }
      try connection.append(
        event, subject: "admin password", result: hash == nil ? "deleted" : "updated", now: now)
    }
  }
}

extension Connection {
  /// There is a credential from now on. The first one takes away what whoever is on the machine itself could do.
  func closeProtectedMode() throws(SQLError) {
    let mark = CredentialMark.existed.rawValue
    guard try setting(CredentialMark.setting) != mark else { return }
    try setSetting(CredentialMark.setting, to: mark)
    invalidate()
  }
}
