/// What we know about a token's fitness.
public enum TokenStatus: String, Sendable, CaseIterable {
  /// Graph took it, as far as we know.
  case active
  /// Its `expires_at` is past: a matter of the clock, looked at anew with each reading.
  case expired
  /// Graph refused it, or an administrator switched it off.
  case invalid
}

/// Whose a token is.
public enum TokenKind: String, Sendable {
  /// A person's.
  case user
  /// A portfolio's system user's: lives 60 days, and is renewed only when that is asked for.
  case systemUser = "system_user"
}

/// A row of `meta_access_token`.
public struct StoredToken: Sendable, Equatable {
  /// Unique, never given twice.
  public let id: Int64
  /// The name that the administrator gave it.
  public let accountLabel: String
  /// The user token, sealed.
  public let sealedToken: String
  /// `nil`: not known, or never.
  public let expiresAt: Timestamp?
  /// Whether it is used.
  public let status: TokenStatus
  /// Why it has this status, or what is the matter with it although it is active (`login_required`).
  public let statusReason: String?
  /// The Meta user, as far as known; unique.
  public let userID: String?
  /// The Meta user's name.
  public let userName: String?
  /// The address of the Meta user's picture.
  public let profilePicture: String?
  /// When Meta stops giving data for it, although it lives on.
  public let dataAccessExpiresAt: Timestamp?
  /// The permissions granted; `nil`: not known.
  public let scopes: [String]?
  /// When Graph was last asked about it.
  public let lastCheckedAt: Timestamp?
  /// When the row was made.
  public let createdAt: Timestamp
  /// When the row was last changed.
  public let updatedAt: Timestamp
  /// Whose it is, as far as Graph told.
  public let kind: TokenKind
}

/// What Graph said about a token and its user. `nil` is "not said": what is stored stays.
public struct TokenFacts: Sendable, Equatable {
  /// When the token ends.
  public var expiresAt: Timestamp?
  /// When Meta stops giving data for it.
  public var dataAccessExpiresAt: Timestamp?
  /// The permissions granted.
  public var scopes: [String]?
  /// The Meta user.
  public var userID: String?
  /// The Meta user's name.
  public var userName: String?
  /// The address of the Meta user's picture.
  public var profilePicture: String?
  /// Whose the token is.
  public var kind: TokenKind?
  /// That it has no end, or none that is known, was said: no `expiresAt` then takes away the one that is stored.
  public var isEndKnown = false

  /// Nothing said, or what is given.
  public init(
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
public struct NewToken: Sendable, Equatable {
  /// The name that the administrator gave it.
  public var accountLabel: String
  /// The user token, sealed; not empty.
  public var sealedToken: String
  /// What Graph said about it.
  public var facts: TokenFacts
  /// What is the matter with it although it is active.
  public var reason: String?

  /// A token, and what Graph said about it.
  public init(accountLabel: String, sealedToken: String, facts: TokenFacts = TokenFacts()) {
    self.accountLabel = accountLabel
    self.sealedToken = sealedToken
    self.facts = facts
  }
}

/// What became of a token that was to be removed.
public enum TokenRemoval: Sendable, Equatable {
  /// It is gone. Mappings that used it, if that was allowed, keep their page token and no longer name a
  /// token.
  case removed
  /// So many mappings use it; it stays.
  case inUse(mappings: Int)
  /// There is no such token.
  case unknown
}
