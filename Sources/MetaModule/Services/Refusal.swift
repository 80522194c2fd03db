internal import Graph
internal import JSON

/// What a service does not do, and why.
enum Refusal: Answerable {
  case tokenNotUsable
  case pageNotAccessible
  case instagramAccountNotLinked
  case mappingNotFound
  case postNotFound
  case otherUser
  case tokenInUse(Int64, mappings: Int)
  /// What was pasted as a user's token is another thing.
  case misfit(Misfit)
  /// One caller has asked for too many posts that nobody knows.
  case tooManyUnknownPosts(seconds: Int64)
  /// As many requests wait already as may.
  case tooManyWait
  /// Graph has failed so often that it is asked only now and then.
  case graphRests
  case undecryptable
  /// The key ring is not the one that the database was written with.
  case wrongKey(isOfEnvironment: Bool)
  case noRandomness(_ purpose: String)

  var status: Int {
    switch self {
    case .tokenNotUsable, .pageNotAccessible, .instagramAccountNotLinked, .misfit: 400
    case .mappingNotFound, .postNotFound: 404
    case .otherUser, .tokenInUse: 409
    case .tooManyUnknownPosts: 429
    case .tooManyWait, .graphRests, .undecryptable, .wrongKey, .noRandomness: 503
    }
  }

  var detail: String {
    switch self {
    case .tokenNotUsable: "Token not found or inactive"
    case .pageNotAccessible: "Page not found or not accessible with this token"
    case .instagramAccountNotLinked: "Instagram account is not linked to this page"
    case .mappingNotFound: "Mapping not found"
    case .postNotFound: "Post not found or not mapped"
    case .otherUser: "This token belongs to another Meta user than the stored one. Nothing was changed."
    case .tokenInUse: "\(use) Remove them first, or repeat with ?force=1."
    case .misfit(let misfit): "access_token: \(misfit.sentence)"
    case .tooManyUnknownPosts(let seconds): "Rate limit reached, try again in \(seconds) seconds"
    case .tooManyWait: "Too many requests wait for Meta's Graph API at the moment: try again."
    case .graphRests:
      "Meta's Graph API has failed again and again: it is asked once a second until it answers."
    case .undecryptable:
      "The stored token was encrypted with a Fernet key that is not in the key ring: put that key back."
    case .wrongKey(let isOfEnvironment):
      "The Fernet key is not the one that this database was written with, so nothing is encrypted with it and nothing "
        + "was changed: put the right "
        + (isOfEnvironment ? "key back into META_FERNET_KEYS." : "fernet.keys back.")
    case .noRandomness(let purpose): "The operating system gave no random bytes \(purpose): try again."
    }
  }

  var reason: String? {
    switch self {
    case .misfit: "invalid"
    case .tooManyUnknownPosts: "rate_limited"
    default: nil
    }
  }

  var logReason: String {
    switch self {
    case .tokenNotUsable: "token_not_usable"
    case .pageNotAccessible: "page_not_accessible"
    case .instagramAccountNotLinked: "instagram_account_not_linked"
    case .mappingNotFound: "mapping_not_found"
    case .postNotFound: "post_not_found"
    case .otherUser: "other_user"
    case .tokenInUse: "token_in_use"
    case .misfit: "misfit"
    case .tooManyUnknownPosts: "too_many_unknown_posts"
    case .tooManyWait: "too_many_wait"
    case .graphRests: "graph_rests"
    case .undecryptable: "undecryptable"
    case .wrongKey: "unavailable"
    case .noRandomness: "no_randomness"
    }
  }

  var cause: String? {
    guard case .tokenInUse(let id, _) = self else { return nil }
    return
      "\(use) Remove them first (metactl mapping list, metactl mapping remove ID), or leave them without it: "
      + "metactl token remove \(id) --force. Nothing was changed."
  }

  var members: JSONObject {
    if case .misfit(let misfit) = self { ["access_token": [.string(misfit.sentence)]] } else { [:] }
  }

  var retryAfter: Int64? {
    switch self {
    case .tooManyUnknownPosts(let seconds): seconds
    case .tooManyWait: 2
    case .graphRests, .noRandomness: 5
    case .undecryptable, .wrongKey: 60
    default: nil
    }
  }

  private var use: String {
    guard case .tokenInUse(_, let count) = self else { return "" }
    return "\(count) \(count == 1 ? "mapping uses" : "mappings use") this token."
  }
}
