/// What an API key may do.
public enum KeyScope: String, Sendable, CaseIterable {
  /// Everything.
  case admin
  /// The two Instagram endpoints.
  case read
}

/// A row of `api_key`. The key itself is stored nowhere.
public struct StoredKey: Sendable, Equatable {
  /// Unique, never given twice.
  public let id: Int64
  /// The name that the administrator gave it.
  public let label: String
  /// What it may do.
  public let scope: KeyScope
  /// Its first characters, by which a person recognises it.
  public let prefix: String
  /// When it was made.
  public let createdAt: Timestamp
  /// When it was last used, to the minute; `nil`: never.
  public let lastUsedAt: Timestamp?
  /// When it was revoked; `nil`: it is in force.
  public let revokedAt: Timestamp?
}

/// Which credentials exist; without any, the program is in protected mode.
public struct Credentials: Sendable, Equatable {
  /// Whether an admin password is set.
  public let hasPassword: Bool
  /// How many API keys are in force.
  public let keysInForce: Int
  /// How many API keys were revoked.
  public let revokedKeys: Int
}
