/// A user access token of the world: who it speaks for, what it was granted, how long it lives.
package struct AccessToken: Sendable {
  /// What tests, scripts and the call log name it by; never the token itself.
  package var label: String
  /// The token.
  package var value: String
  /// The person it speaks for.
  package var userID: String
  /// The app it was issued to.
  package var appID: String
  /// The granted permissions.
  package var scopes: [String]
  /// The Pages ticked in the login dialog; `nil` is all.
  package var pageIDs: Set<String>?
  /// Seconds since 1970.
  package var issuedAt: Int
  /// Seconds since 1970; 0 is never.
  package var expiresAt: Int
  /// Seconds since 1970.
  package var dataAccessExpiresAt: Int
  /// Whether it lives for an hour or two and can be exchanged for a long-lived one.
  package var isShortLived: Bool
  /// Speaks for a system user of a portfolio: renewed for 60 days at a time, and only when asked to be.
  package var isSystemUser = false
  /// What is wrong with it when the world begins.
  package var state: TokenState

  /// Everything this project asks for.
  package static let everyScope = [
    "pages_show_list", "pages_read_engagement", "instagram_basic", "instagram_manage_insights",
    "business_management", "public_profile",
  ]

  /// A long-lived token with every permission, 60 days before its end.
  package init(
    label: String, value: String? = nil, userID: String, appID: String = World.defaultAppID,
    scopes: [String] = AccessToken.everyScope, pageIDs: Set<String>? = nil, issuedAt: Int = GraphTime.now(),
    livesFor seconds: Int = 60 * 86_400, isShortLived: Bool = false, state: TokenState = .active
  ) {
    self.label = label
    self.value = value ?? TokenMaker.userToken(label: label, userID: userID)
    self.userID = userID
    self.appID = appID
    self.scopes = scopes
    self.pageIDs = pageIDs
    self.issuedAt = issuedAt
    self.expiresAt = seconds == 0 ? 0 : issuedAt + seconds
    self.dataAccessExpiresAt = issuedAt + 90 * 86_400
    self.isShortLived = isShortLived
    self.state = state
  }

  func has(_ scope: String) -> Bool { scopes.contains(scope) }

  func reaches(page id: String) -> Bool { pageIDs?.contains(id) ?? true }
}

/// What Graph thinks of a token. Every case but `active` is answered with code 190.
package enum TokenState: String, Sendable, CaseIterable {
  /// Works, until its expiry.
  case active
  /// Subcode 463. A token past its `expiresAt` is in this state too.
  case expired
  /// Subcode 460.
  case passwordChanged = "password_changed"
  /// Subcode 458: the user removed the app.
  case appRemoved = "app_removed"
  /// Subcode 466: ended by an API call.
  case revoked
  /// Subcode 467.
  case loggedOut = "logged_out"
  /// Subcode 459: works again once the user has logged in.
  case checkpoint
  /// Subcode 464: likewise.
  case unconfirmed
  /// Subcode 490: likewise.
  case blockedByCheckpoint = "blocked_by_checkpoint"
  /// No subcode, and the message repeats the token.
  case malformed
}
