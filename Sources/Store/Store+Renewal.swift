internal import SQL
package import Text

extension Store {
  /// Puts a longer-lived token in the place of one, if the row still holds that one: somebody may have stored another
  /// while Graph was asked. Returns whether it did. Facts that are `nil` stay, but for the two expiries, which belonged
  /// to the old token.
  package func renewToken(
    _ id: Int64, with sealedToken: String, facts: TokenFacts, ifSealedIs old: String, event: Event? = nil,
    now: Timestamp = .now
  ) throws(StoreError) -> Bool {
    try write { (connection) throws(SQLError) in
      let changed = try connection.run(
        """
        UPDATE meta_access_token SET
          access_token = $3, status = 'active', status_reason = NULL,
          expires_at = $4, data_access_expires_at = $5,
          kind = coalesce($11, kind), scopes = coalesce($6, scopes), user_id = coalesce($7, user_id), user_name = coalesce($8, user_name),
          profile_picture = coalesce($9, profile_picture), last_checked_at = $10, updated_at = $10
        WHERE id = $1 AND access_token = $2
        """,
        [
          .integer(id), .text(old), .text(sealedToken), .moment(facts.expiresAt),
          .moment(facts.dataAccessExpiresAt),
          .words(facts.scopes), .text(facts.userID), .text(facts.userName), .text(facts.profilePicture),
          .moment(now), .text(facts.kind?.rawValue),
        ])
      guard changed > 0 else { return false }
      try connection.append(event, subject: "token \(id)", result: "extended", now: now)
      return true
    }
  }
}
