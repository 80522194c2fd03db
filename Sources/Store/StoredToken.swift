package import Text

/// What we know about a token's fitness.
package enum TokenStatus: String, Sendable, CaseIterable {
  /// Graph took it, as far as we know.
  case active
  /// Its `expires_at` is past: a matter of the clock, looked at anew with each reading.
  case expired
  /// Graph refused it, or an administrator switched it off.
  case invalid
}

/// Whose a token is.
package enum TokenKind: String, Sendable {
  /// A person's.
  case user
  /// A portfolio's system user's: lives 60 days, and is renewed only when that is asked for.
  case systemUser = "system_user"
}

/// A row of `meta_access_token`.
package struct StoredToken: Sendable, Equatable {
  /// Unique, never given twice.
  package let id: Int64
  /// The name that the administrator gave it.
  package let accountLabel: String
  /// The user token, sealed.
  package let sealedToken: String
  /// `nil`: not known, or never.
  package let expiresAt: Timestamp?
  /// Whether it is used.
  package let status: TokenStatus
  /// Why it has this status, or what is the matter with it although it is active (`login_required`).
  package let statusReason: String?
  /// The Meta user, as far as known; unique.
  package let userID: String?
  /// The Meta user's name.
  package let userName: String?
  /// The address of the Meta user's picture.
  package let profilePicture: String?
  /// When Meta stops giving data for it, although it lives on.
  package let dataAccessExpiresAt: Timestamp?
  /// The permissions granted; `nil`: not known.
  package let scopes: [String]?
  /// When Graph was last asked about it.
  package let lastCheckedAt: Timestamp?
  /// When the row was made.
  package let createdAt: Timestamp
  /// When the row was last changed.
  package let updatedAt: Timestamp
  /// Whose it is, as far as Graph told.
  package let kind: TokenKind
}

/// What Graph said about a token and its user. `nil` is "not said": what is stored stays.
package struct TokenFacts: Sendable, Equatable {
  /// When the token ends.
  package var expiresAt: Timestamp?
  /// When Meta stops giving data for it.
  package var dataAccessExpiresAt: Timestamp?
  /// The permissions granted.
  package var scopes: [String]?
  /// The Meta user.
  package var userID: String?
  /// The Meta user's name.
  package var userName: String?
  /// The address of the Meta user's picture.
  package var profilePicture: String?
  /// Whose the token is.
  package var kind: TokenKind?
  /// That it has no end, or none that is known, was said: no `expiresAt` then takes away the one that is stored.
  package var isEndKnown = false

  /// Nothing said, or what is given.
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
}

/// A token that is to be stored. It starts as active.
package struct NewToken: Sendable, Equatable {
  /// The name that the administrator gave it.
  package var accountLabel: String
  /// The user token, sealed; not empty.
  package var sealedToken: String
  /// What Graph said about it.
  package var facts: TokenFacts
  /// What is the matter with it although it is active.
  package var reason: String?

  /// A token, and what Graph said about it.
  package init(accountLabel: String, sealedToken: String, facts: TokenFacts = TokenFacts()) {
    self.accountLabel = accountLabel
    self.sealedToken = sealedToken
    self.facts = facts
  }
}

/// What became of a token that was to be removed.
package enum TokenRemoval: Sendable, Equatable {
  /// It is gone. Mappings that used it, if that was allowed, keep their page token and no longer name a
  /// token.
  case removed
  /// So many mappings use it; it stays.
  case inUse(mappings: Int)
  /// There is no such token.
  case unknown
}
