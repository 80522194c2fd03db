internal import Graph
internal import Store
internal import Text

/// What is the matter with stored tokens, for `doctor` and `status`; nobody is asked, all of it stands in the rows.
struct TokenFindings {
  let services: Services
  let warnDays: Int
  let now = Timestamp.now

  /// One finding for each thing that is wrong with each token; a closing one where nothing is.
  func findings() throws -> [Finding] {
    let store = try services.store()
    let hasRing = (try? services.rooms.keyRing()) != nil
    var findings: [Finding] = []
    let tokens = try store.tokens(limit: .max)
    for token in tokens {
      let secret = try? services.unsealed(token.sealedToken)
      findings += self.findings(
        about: token, isDecryptable: hasRing ? secret != nil : nil,
        blocked: secret.flatMap { services.blockedUntil($0) })
    }
    let active = tokens.filter { $0.status == .active }
    if let oldest = active.map(\.createdAt).min() { findings += try overdue(since: oldest, store) }
    let (count, endless) = (tokens.count, active.count(where: \.isEndUnknown))
    if count == 0 { return [.ok("tokens", "No account is connected yet.")] }
    if findings.isEmpty {
      let unknown =
        endless == 0 ? "" : " When \(endless) of them \(endless == 1 ? "ends" : "end") is not known."
      return [
        .ok(
          "tokens",
          "\(count) \(count == 1 ? "account is" : "accounts are") connected, and nothing is wrong.\(unknown)")
      ]
    }
    return findings
  }

  /// Days without a run of `metactl refresh` after which something is wrong with cron.
  private static let longestPause: Int64 = 3

  /// Nobody has looked after the tokens for days.
  private func overdue(since oldest: Timestamp, _ store: Store) throws -> [Finding] {
    let last = try store.setting(Accounts.lastRefreshSetting).flatMap { Timestamp($0) }
    let days = (now.seconds - (last ?? oldest).seconds) / 86400
    guard days >= Self.longestPause else { return [] }
    return [
      .warning(
        "refresh",
        last.map { "metactl refresh ran last on \($0), \(days) days ago." } ?? "metactl refresh never ran.",
        "Run it from cron or a timer, at least once a day: it extends tokens before they end.")
    ]
  }

  private func findings(about token: StoredToken, isDecryptable: Bool?, blocked: Timestamp?) -> [Finding] {
    let name = "Token \(token.id) (\(token.accountLabel))"
    let replace = "Let its owner log in again, then: metactl token replace \(token.id)"
    var findings: [Finding] = []
    func trouble(_ detail: String, _ remedy: String) {
      findings.trouble("tokens", "\(name) \(detail)", remedy)
    }
    func warn(_ detail: String, _ remedy: String) {
      findings.warning("tokens", "\(name) \(detail)", remedy)
    }
    if isDecryptable == false {
      trouble(
        "was encrypted with a key that is not in the key ring.",
        "Put that key back as a further line of fernet.keys.")
    }
    switch token.status {
    case .expired:
      trouble("has expired\(token.expiresAt.map { " on \($0)" } ?? "").", replace)
      return findings
    case .invalid:
      let reason = token.statusReason.map { " (\($0))" } ?? ""
      let isOff = token.statusReason == "disabled"
      trouble(
        isOff ? "is switched off." : "is refused by Meta\(reason).",
        isOff ? "Switch it on again on the admin page, or: metactl token remove \(token.id)" : replace)
      return findings
    case .active: break
    }
    if token.statusReason == RefusalReason.loginRequired.rawValue {
      warn(
        "waits for its owner to log in at Facebook.",
        "It works again by itself afterwards; nothing need be replaced.")
    }
    if let misfit = Misfit(reason: token.statusReason) {
      trouble("is none for this installation. \(misfit.sentence)", replace)
    }
    if token.statusReason == TokenRun.notExtended {
      warn("cannot be extended: Graph gave no longer-lived token for it.", replace)
    }
    if let blocked {
      warn(
        "is throttled: Graph has asked not to be called for it until \(blocked).",
        "Wait, or try now: metactl token check \(token.id)")
    }
    if let days = daysLeft(token.expiresAt) {
      let extends = services.configuration.app != nil
      warn(
        "expires in \(days), on \(token.expiresAt?.description ?? "").",
        extends ? "metactl refresh extends it; run it from cron. If it has been tried: \(replace)" : replace)
    }
    if let end = token.dataAccessExpiresAt, end <= now {
      trouble("has got no data any more since \(end), though it is not expired itself.", replace)
    } else if let days = daysLeft(token.dataAccessExpiresAt) {
      warn("gets no data any more in \(days), on \(token.dataAccessExpiresAt?.description ?? "").", replace)
    }
    return findings
  }

  /// `3 days`, when the moment is nearer than the days to warn.
  private func daysLeft(_ moment: Timestamp?) -> String? {
    guard let moment else { return nil }
    let seconds = moment.seconds - now.seconds
    guard seconds < Int64(warnDays) * 86400 else { return nil }
    let days = max(0, seconds) / 86400
    return days == 0 ? "less than a day" : days == 1 ? "a day" : "\(days) days"
  }
}

extension Misfit {
  /// The sentence for what stands in a row; `nil` for any other reason.
  fileprivate init?(reason: String?) {
    switch reason {
    case Misfit.otherApp.reason: self = .otherApp
    case Misfit.page.reason: self = .page
    default: return nil
    }
  }
}

extension StoredToken {
  /// Neither was an end told, nor did Graph, who tells the scopes in the same breath, say that there is none.
  var isEndUnknown: Bool { expiresAt == nil && scopes == nil }

  /// What a full service needs (GRAPH.md, section 7); `nil` where the token's scopes are not known.
  var missingScopes: [String]? {
    scopes.map { scopes in Self.neededScopes.filter { !scopes.contains($0) } }
  }

  private static let neededScopes = [
    "pages_show_list", "pages_read_engagement", "instagram_basic", "business_management",
  ]

  /// What does not work for want of a permission, for a person (GRAPH.md, section 7).
  static func consequence(ofLacking scope: String) -> String {
    switch scope {
    case "pages_show_list": "its Pages are not listed"
    case "pages_read_engagement":
      "Page tokens and the Instagram accounts of Pages cannot be read, so no client can be synced"
    case "instagram_basic": "Instagram profiles and posts cannot be read"
    case "business_management": "Pages that belong to a Business portfolio are not listed"
    default: "what needs it does not work"
    }
  }
}
