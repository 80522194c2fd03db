/// The refusals of tokens: code 190 and its subcodes, in Meta's words.
extension Refusal {
  /// The refusal that belongs to the state of a token; `nil` for an active one.
  static func token(_ state: TokenState, value: String, appID: String, expiredAt: Int) -> Refusal? {
    let prefix = "Error validating access token: "
    switch state {
    case .active: return nil
    case .expired:
      let end = expiredAt != 0 && expiredAt <= GraphTime.now() ? expiredAt : GraphTime.now() - 3600
      return .invalidToken(
        prefix + "Session has expired on \(GraphTime.california(end)). "
          + "The current time is \(GraphTime.california(GraphTime.now())).", 463)
    case .passwordChanged:
      return .invalidToken(
        prefix + "The session has been invalidated because the user changed their password or Facebook has "
          + "changed the session for security reasons.", 460)
    case .appRemoved:
      return .invalidToken(prefix + "The user has not authorized application \(appID).", 458)
    case .revoked:
      return .invalidToken(prefix + "The session was invalidated explicitly using an API call.", 466)
    case .loggedOut:
      return .invalidToken(
        prefix + "This may be because the user logged out or may be due to a system error.", 467)
    case .checkpoint:
      return .invalidToken(
        prefix + "You cannot access the app till you log in to www.facebook.com and follow the instructions "
          + "given.", 459)
    case .unconfirmed:
      return .invalidToken(
        prefix + "Sessions for the user are not allowed because the user is not a confirmed user.", 464)
    case .blockedByCheckpoint:
      return .invalidToken(prefix + "The user is enrolled in a blocking, logged-in checkpoint", 490)
    case .malformed: return .unknownToken(value)
    }
  }

  /// A text that is no token of this world. Graph repeats it when it looks like one.
  static func unknownToken(_ value: String) -> Refusal {
    let plain = value.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == 0x5f
    }
    // Instagram Login's own tokens belong to another host.
    return plain && !value.hasPrefix("IG")
      ? .invalidToken("Malformed access token \(value)", nil)
      : .invalidToken("Invalid OAuth access token - Cannot parse access token", nil)
  }

  /// What is wrong with the token of one Page.
  static func page(_ trouble: PageTrouble) -> Refusal {
    switch trouble {
    case .roleLost:
      .invalidToken(
        "Error validating access token: The user must be an administrator, editor, or moderator of the page in "
          + "order to impersonate it. If the page business requires Two Factor Authentication, the user also "
          + "needs to enable Two Factor Authentication.", 492)
    case .notAdministrator:
      .invalidToken("The user must be an administrator of the page in order to impersonate it.", nil)
    case .deleted:
      .invalidToken(
        "The access token belongs to a Page that has been deleted. Please use another access token.", nil)
    case .permissionMissing:
      .invalidToken(
        "Any of the pages_read_engagement, pages_manage_metadata, pages_read_user_content, pages_manage_ads, "
          + "pages_show_list or pages_messaging permission(s) must be granted before impersonating a user's "
          + "page.", nil)
    }
  }

  /// A user token where a Page token is needed: the token is fine, it is the wrong kind.
  static var pageTokenRequired: Refusal {
    var refusal = Refusal.invalidToken(
      "(#190) This method must be called with a Page Access Token", 2_069_032)
    refusal.userTitle = "User Access Token Is Not Supported"
    refusal.userMessage =
      "A Page access token is required for this call for the new Pages experience. "
      + "Please generate a Page access token."
    return refusal
  }

  private static func invalidToken(_ message: String, _ subcode: Int?) -> Refusal {
    var refusal = Refusal(190, message, subcode: subcode)
    refusal.challenge = "invalid_token"
    return refusal
  }
}
