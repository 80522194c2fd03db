internal import Cryptography

/// What is the matter with stored tokens, for `doctor` and `status`; nobody is asked, all of it stands in the rows.
struct TokenFindings {
  let application: Application
  let warnDays: Int
  let now = Timestamp.now

  /// One finding for each thing that is wrong with each token; a closing one where nothing is.
  func findings() throws -> [Finding] {
    let store = try application.store()
    let ring = try? application.keyRing()
    var findings: [Finding] = []
    var after: Int64 = 0
    var count = 0
    while true {
      let page = try store.tokens(after: after, limit: 500)
      for token in page {
        count += 1
        findings += self.findings(
          about: token, isDecryptable: ring.map { (try? $0.open(token.sealedToken)) != nil })
      }
      guard page.count == 500, let last = page.last else { break }
      after = last.id
    }
    if count == 0 { return [.ok("tokens", "No account is connected yet.")] }
    if findings.isEmpty {
      return [
        .ok(
          "tokens", "\(count) \(count == 1 ? "account is" : "accounts are") connected, and nothing is wrong.")
      ]
    }
    return findings
  }

  private func findings(about token: StoredToken, isDecryptable: Bool?) -> [Finding] {
    let name = "Token \(token.id) (\(token.accountLabel))"
    let replace = "Let its owner log in again, then: metactl token replace \(token.id)"
    var findings: [Finding] = []
    func trouble(_ detail: String, _ remedy: String) {
      findings.append(.trouble("tokens", "\(name) \(detail)", remedy))
    }
    func warn(_ detail: String, _ remedy: String) {
      findings.append(.warning("tokens", "\(name) \(detail)", remedy))
    }
    if isDecryptable == false {
      trouble(
        "was encrypted with a key that is not in the key ring.",
        "Put that key back as a further line of fernet.keys.")
    }
    switch token.status {
    case .active where token.expiresAt.map({ $0 <= now }) == true, .expired:
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
    if let days = daysLeft(token.expiresAt) {
      let extends = application.configuration.app != nil
      warn(
        "expires in \(days), on \(token.expiresAt?.description ?? "").",
        extends ? "metactl refresh extends it; run it from cron. If it has been tried: \(replace)" : replace)
    }
    if let days = daysLeft(token.dataAccessExpiresAt) {
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

extension StoredToken {
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
