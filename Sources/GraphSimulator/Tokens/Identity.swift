/// Who a call speaks for.
enum Identity: Sendable {
  case nobody
  /// A person.
  case user(AccessToken)
  /// A Page, by a token that was derived from a user token.
  case page(AccessToken, pageID: String)
  /// The app itself: `id|secret`.
  case app

  /// The user token behind a user or Page token.
  var token: AccessToken? {
    switch self {
    case .user(let token), .page(let token, _): token
    case .nobody, .app: nil
    }
  }

  /// What the call log and faults name the token by; never the token itself.
  var label: String? {
    switch self {
    case .user(let token): token.label
    case .page(let token, let pageID): "\(token.label)/\(pageID)"
    case .app: "app"
    case .nobody: nil
    }
  }
}

/// What can be wrong with the token of one Page, while the user token it came from is fine.
package enum PageTrouble: String, Sendable, CaseIterable {
  /// Code 190, subcode 492: the user has no role there any more.
  case roleLost = "role_lost"
  /// The same in the older form: code 190 without a subcode.
  case notAdministrator = "not_administrator"
  /// Code 190 without a subcode: the Page was deleted.
  case deleted
  /// Code 190 without a subcode, though what is missing is a permission.
  case permissionMissing = "permission_missing"
}
