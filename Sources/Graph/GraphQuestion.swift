internal import Text

/// What a call was, as far as it decides whose refusal an answer is.
package struct GraphQuestion: Sendable {
  /// As whom Graph is asked.
  package enum Asker: Sendable {
    /// As a user or a Page.
    case token
    /// As our app, about a token: `debug_token`. Whatever an `error` beside no `data` says is said of the app.
    case app
    /// As our app, for a token: the exchange. Its 190 may be about either.
    case exchange
  }

  package let asker: Asker
  /// The path below the version.
  package let path: String

  /// A refusal that is not the asking token's own; `nil` when this is none.
  package func refusal(code: Int64, message: String) -> GraphFailure.Kind? {
    if code == 2500 { return misdirected(message) }
    if code == 101 || message.containsBytes(of: "client secret") || message.containsBytes(of: "client_secret")
      || message.containsBytes(of: "validating application")
    {
      return .appRefused(.credentials)
    }
    switch asker {
    case .token:
      // A Page has no Pages: `/me` is a Page where the token is one's.
      if code == 100, path.utf8.starts(with: "me/".utf8), message.containsBytes(of: "node type (Page)") {
        return .unfit(.page)
      }
      return code == 104 || code == 100 && message.containsBytes(of: "appsecret_proof") ? .unfit(.proof) : nil
    case .app:
      if code == 100, message.containsBytes(of: "did not match") { return .unfit(.otherApp) }
      return [3, 10, 100, 102, 104, 190].contains(code) || (200...299).contains(code)
        ? .appRefused(.credentials) : nil
    case .exchange:
      return [3, 10, 100, 102, 104, 190].contains(code) || (200...299).contains(code) ? .declined : nil
    }
  }

  /// An unknown path can be a caller's id. A word of ours that is unknown, or the version, is our configuration's.
  private func misdirected(_ message: String) -> GraphFailure.Kind? {
    if message.containsBytes(of: "active access token must be used") { return .unfit(.app) }
    guard message.hasPrefix("Unknown path components") else { return nil }
    let isWord = path.utf8.first.map { $0 >= UInt8(ascii: "a") } ?? false
    return isWord || message.hasPrefix("Unknown path components: /v") ? .appRefused(.version) : nil
  }
}

/// What is wrong with our app.
package enum AppTrouble: String {
  /// `META_APP_ID` or `META_APP_SECRET`.
  case credentials
  /// `META_GRAPH_VERSION` is none of Graph's.
  case version

  /// What to do, for whoever may do it; nothing of the settings' values.
  package var sentence: String {
    switch self {
    case .credentials:
      "Meta refuses the app of this installation, and no token is at fault: compare META_APP_ID and META_APP_SECRET "
        + "with developers.facebook.com, Settings, Basic."
    case .version:
      "Meta knows no such version of its Graph API, and no token is at fault: set META_GRAPH_VERSION to a living one."
    }
  }
}

/// Why a token is none for us although it may be good.
package enum Misfit: Equatable {
  /// The proof made with our app's secret does not fit: the secret is wrong, or the token is another app's.
  case proof
  /// It was made for another app than `META_APP_ID`.
  case otherApp
  case page
  /// An app's, `id|secret`.
  case app
  /// Instagram Login's, which belongs to another host.
  case instagram

  /// What the row says.
  package var reason: String { self == .otherApp || self == .proof ? "other_app" : "wrong_kind" }

  /// What was pasted, and what is wanted instead.
  package var sentence: String {
    switch self {
    case .proof, .otherApp:
      "This token was made for another app than META_APP_ID: make one with that app chosen in the Graph API Explorer."
    case .page: "This is a Page's token: paste the token of a user who has a role on the Page."
    case .app: "This is an app's token: paste the token of a user who has logged in to the app."
    case .instagram:
      "This is a token of Instagram Login: paste the token of the Facebook user whose Page the account is linked to."
    }
  }
}
