package import Text

/// What an API key may do.
package enum KeyScope: String, Sendable, CaseIterable {
  /// Everything.
  case admin
  /// The two Instagram endpoints.
  case read
}

/// A row of `api_key`. The key itself is stored nowhere.
package struct StoredKey: Sendable, Equatable {
  /// Unique, never given twice.
  package let id: Int64
  /// The name that the administrator gave it.
  package let label: String
  /// What it may do.
  package let scope: KeyScope
  /// Its first characters, by which a person recognises it.
  package let prefix: String
  /// When it was made.
  package let createdAt: Timestamp
  /// When it was last used, to the minute; `nil`: never.
  package let lastUsedAt: Timestamp?
  /// When it was revoked; `nil`: it is in force.
  package let revokedAt: Timestamp?
}

/// Which credentials exist; as long as there has never been one, the program is in protected mode.
package struct Credentials: Sendable, Equatable {
  /// Whether an admin password is set.
  package let hasPassword: Bool
  /// How many API keys are in force.
  package let keysInForce: Int
  /// How many API keys were revoked.
  package let revokedKeys: Int
  /// Whether there has been one since the beginning, or since the last `metactl admin reset`: with the last one gone,
  /// the door does not open to whoever happens to be on this machine.
  package let haveExisted: Bool

  /// - Parameter mark: what is written down of former ones; an installation older than the mark has none.
  package init(hasPassword: Bool, keysInForce: Int, revokedKeys: Int, mark: CredentialMark? = nil) {
    self.hasPassword = hasPassword
    self.keysInForce = keysInForce
    self.revokedKeys = revokedKeys
    haveExisted = hasPassword || keysInForce > 0 || (mark.map { $0 == .existed } ?? (revokedKeys > 0))
  }

  /// Whether somebody can be let in.
  package var areInForce: Bool { hasPassword || keysInForce > 0 }
}

/// What the setting `credentials` says.
package enum CredentialMark: String {
  /// There has been one.
  case existed
  /// `metactl admin reset` took all of them away, on purpose.
  case reset

  package static let setting = "credentials"
}
