internal import SQL
package import Text

private enum Media {
  static let account: Statement<String> = "SELECT ig_account_id FROM medium WHERE id = $1"
  static let remember: Statement<Never> = """
    INSERT INTO medium (id, ig_account_id, seen_at) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET ig_account_id = excluded.ig_account_id, seen_at = excluded.seen_at
    """
  static let forgetOld: Statement<Never> = """
    DELETE FROM medium WHERE ig_account_id = $1 AND id NOT IN (
      SELECT id FROM medium WHERE ig_account_id = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)
    """
  static let forget: Statement<Never> = "DELETE FROM medium WHERE ig_account_id = $1"
}

/// In which account's grid a medium was seen.
extension Store {
  /// How many media are remembered per Instagram account, the newest seen: eight grids.
  static let keptMedia: Int64 = 200

  /// Remembers whose these media are. Writes nothing where all of them are known, as is usual, nor where no
  /// mapping has the account (any more).
  package func rememberMedia(
    _ ids: [String], ofAccount accountID: String, now: Timestamp = .now
  ) throws(StoreError) {
    let unknown = try snapshot { (connection) throws(SQLError) in
      var unknown: [String] = []
      for id in ids where try connection.first(Media.account(id))?.isSameBytes(as: accountID) != true {
        unknown.append(id)
      }
      return unknown
    }
    if unknown.isEmpty { return }
    try write(waitingAtMost: Self.shortPatience) { (connection) throws(SQLError) in
      guard try connection.isMapped(accountID) else { return }
      for id in unknown { try connection.run(Media.remember(id, accountID, now.seconds)) }
      try connection.run(Media.forgetOld(accountID, Self.keptMedia))
    }
  }

  package func account(ofMedium id: String) throws(StoreError) -> String? { try first(Media.account(id)) }
}

extension Connection {
  /// Forgets an account's media when no mapping has it: its posts are nobody's here.
  func forgetMediaIfUnmapped(_ accountID: String) throws(SQLError) {
    if try !isMapped(accountID) { try run(Media.forget(accountID)) }
  }
}
