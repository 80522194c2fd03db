internal import Graph
internal import JSON

/// What a service does not do, and why.
enum Refusal: Answerable {
  case tokenNotUsable
  case pageNotAccessible
  case instagramAccountNotLinked
  case mappingNotFound
  case postNotFound
  /// Not among the newest 100 of its account.
  case mediumNotInWindow
  case feedNotFound
  /// Its client has no mapping any more.
  case feedWithoutMapping
  case feedWithoutInstagram
  case originNotAllowed
  /// One address has asked for one feed too often.
  case tooManyFeeds(seconds: Int64)
  case otherUser
  case tokenInUse(Int64, mappings: Int)
  /// What was pasted as a user's token is another thing.
  case misfit(Misfit)
  case noPassword
  case wrongPassword
  /// After too many wrong passwords.
  case lockedOut(seconds: Int64)
  case tooManySignIns
  /// One caller has asked for too many posts that nobody knows.
  case tooManyUnknownPosts(seconds: Int64)
  /// As many requests wait already as may.
  case tooManyWait
  /// The same, and another one is about to bring what this one waits for.
  case tooManyWaitForOne
  /// Graph has failed so often that it is asked only now and then.
  case graphRests
  case undecryptable
  /// The key ring is not the one that the database was written with.
  case wrongKey(isOfEnvironment: Bool)
  case noRandomness(_ purpose: String)

  var answer: (status: Int, logReason: String, detail: String) {
    switch self {
    case .tokenNotUsable: (400, "token_not_usable", "Token not found or inactive")
    case .pageNotAccessible:
      (400, "page_not_accessible", "Page not found or not accessible with this token")
    case .instagramAccountNotLinked:
      (400, "instagram_account_not_linked", "Instagram account is not linked to this page")
    case .misfit(let misfit): (400, "misfit", "access_token: \(misfit.sentence)")
    case .mappingNotFound: (404, "mapping_not_found", "Mapping not found")
    case .postNotFound: (404, "post_not_found", "Post not found or not mapped")
    case .mediumNotInWindow:
      (404, "medium_not_in_window", "This medium is not among the newest 100 of its account.")
    case .feedNotFound: (404, "feed_not_found", "Feed not found")
    case .feedWithoutMapping:
      (404, "feed_without_mapping", "The client of this feed is connected to no Page.")
    case .feedWithoutInstagram:
      (404, "feed_without_instagram", "The client of this feed has no Instagram account linked.")
    case .originNotAllowed:
      (
        403, "origin_not_allowed",
        "This feed may not be shown by a page of this site. Add the site to the feed's origins."
      )
    case .tooManyFeeds(let seconds):
      (429, "too_many_feeds", "Rate limit reached, try again in \(seconds) seconds")
    case .otherUser:
      (
        409, "other_user",
        "This token belongs to another Meta user than the stored one. Nothing was changed."
      )
    case .tokenInUse(_, let mappings):
      (409, "token_in_use", "\(Self.use(mappings)) Remove them first, or repeat with ?force=1.")
    case .noPassword:
      (
        403, "no_password",
        "No admin password is set. Run metactl admin set-password on the server."
      )
    case .wrongPassword: (403, "wrong_password", "Wrong password.")
    case .lockedOut(let seconds):
      (429, "too_many_attempts", "Too many failed sign-ins. Try again in \((seconds + 59) / 60) minutes.")
    case .tooManySignIns:
      (429, "too_many_sign_ins", "Too many sign-ins at the same time. Try again in a second.")
    case .tooManyUnknownPosts(let seconds):
      (429, "too_many_unknown_posts", "Rate limit reached, try again in \(seconds) seconds")
    case .tooManyWait:
      (503, "too_many_wait", "Too many requests wait for Meta's Graph API at the moment: try again.")
    case .tooManyWaitForOne:
      (503, "too_many_wait_for_one", "Too many requests wait for Meta's Graph API at the moment: try again.")
    case .graphRests:
      (
        503, "graph_rests",
        "Meta's Graph API has failed again and again: it is asked once a second until it answers."
      )
    case .undecryptable:
      (
        503, "undecryptable",
        "The stored token was encrypted with a Fernet key that is not in the key ring: put that key back."
      )
    case .wrongKey(let isOfEnvironment):
      (
        503, "unavailable",
        "The Fernet key is not the one that this database was written with, so nothing is encrypted with it and nothing "
          + "was changed: put the right "
          + (isOfEnvironment ? "key back into META_FERNET_KEYS." : "fernet.keys back.")
      )
    case .noRandomness(let purpose):
      (503, "no_randomness", "The operating system gave no random bytes \(purpose): try again.")
    }
  }

  var reason: String? {
    switch self {
    case .misfit: "invalid"
    case .tooManyUnknownPosts, .tooManyFeeds: "rate_limited"
    default: nil
    }
  }

  var cause: String? {
    guard case .tokenInUse(let id, let mappings) = self else { return nil }
    return
      "\(Self.use(mappings)) Remove them first (metactl mapping list, metactl mapping remove ID), or leave them without it: "
      + "metactl token remove \(id) --force. Nothing was changed."
  }

  var members: JSONObject {
    if case .misfit(let misfit) = self { ["access_token": [.string(misfit.sentence)]] } else { [:] }
  }

  var retryAfter: Int64? {
    switch self {
    case .tooManyUnknownPosts(let seconds), .lockedOut(let seconds), .tooManyFeeds(let seconds): seconds
    case .tooManySignIns: 1
    case .tooManyWait, .tooManyWaitForOne: 2
    case .graphRests, .noRandomness: 5
    case .undecryptable, .wrongKey: 60
    default: nil
    }
  }

  var passesSoon: Bool { if case .tooManyWaitForOne = self { true } else { false } }

  private static func use(_ mappings: Int) -> String {
    "\(mappings) \(mappings == 1 ? "mapping uses" : "mappings use") this token."
  }
}
