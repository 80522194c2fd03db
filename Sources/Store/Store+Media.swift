internal import SQL
package import Text

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
      for id in ids where try connection.account(ofMedium: id)?.isSameBytes(as: accountID) != true {
        unknown.append(id)
      }
      return unknown
    }
    if unknown.isEmpty { return }
    try write(waitingAtMost: Self.shortPatience) { (connection) throws(SQLError) in
      guard try connection.isMapped(accountID) else { return }
      for id in unknown {
        try connection.run(
          """
          INSERT INTO medium (id, ig_account_id, seen_at) VALUES ($1, $2, $3)
          ON CONFLICT (id) DO UPDATE SET ig_account_id = excluded.ig_account_id, seen_at = excluded.seen_at
          """, [.text(id), .text(accountID), .integer(now.seconds)])
      }
      try connection.run(
        """
        DELETE FROM medium WHERE id IN (
          SELECT id FROM medium WHERE ig_account_id = $1 ORDER BY seen_at DESC, id DESC LIMIT -1 OFFSET $2)
        """, [.text(accountID), .integer(Self.keptMedia)])
    }
  }

  /// The Instagram account in whose grid this medium was seen.
  package func account(ofMedium id: String) throws(StoreError) -> String? {
    try read { (connection) throws(SQLError) in try connection.account(ofMedium: id) }
  }
}

extension Connection {
  fileprivate func account(ofMedium id: String) throws(SQLError) -> String? {
    try first("SELECT ig_account_id FROM medium WHERE id = $1", [.text(id)]) { (row) throws(SQLError) in
      try row.text(0)
    }
  }

  /// Forgets an account's media when no mapping has it: its posts are nobody's here.
  func forgetMediaIfUnmapped(_ accountID: String) throws(SQLError) {
    guard try !isMapped(accountID) else { return }
    try run("DELETE FROM medium WHERE ig_account_id = $1", [.text(accountID)])
  }
}
