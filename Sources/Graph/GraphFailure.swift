package import HTTPClient
package import JSON
internal import Text

/// Why Graph did not give what it was asked for, told by code, then subcode, then `is_transient`; never by the type,
/// which is "OAuthException" for nearly everything, nor by the HTTP status alone (GRAPH.md, section 6).
///
/// Graph's own text is not kept: it has been seen to echo the token.
package struct GraphFailure: Error {
  package enum Kind: Equatable {
    /// The token is no good any more.
    case refused(RefusalReason)
    /// Only the Page's own token is bad (role lost, Page deleted, wrong kind): says nothing of the user's token.
    case pageTokenRefused
    /// A permission or a role is missing; the token stays as it is.
    case permissionMissing
    /// No such object, or not one that this token may see: Graph does not tell which.
    case notFound
    /// Too many calls; `seconds` until Graph says that it will answer again, when it says so.
    case throttled(seconds: Int64?)
    /// Graph's own trouble, which may be over in a moment.
    case transient
    /// Graph did not answer within the time.
    case timedOut
    /// Our app's trouble, and no token's: its id or secret is wrong, or the version that is asked does not exist.
    case appRefused(AppTrouble)
    /// The token is none that can be used here, which marks nobody: it may be good elsewhere.
    case unfit(Misfit)
    /// The exchange gave no token. Whose fault that is, only a call as the token itself can tell.
    case declined
    /// Anything else: nonsense, a request that Graph does not understand, an unreachable host.
    case failed
  }

  package let kind: Kind
  package var code: Int64?
  package var subcode: Int64?
  /// `fbtrace_id`, to be quoted to Meta's support.
  package var traceID: String?
  package var isTooLarge = false

  /// A failure that is no answer of Graph's.
  package init(_ kind: Kind) { self.kind = kind }

  package init(_ error: TransferError) {
    kind = error == .timedOut ? .timedOut : error.mayRetry ? .transient : .failed
    if case .tooLarge = error { isTooLarge = true }
  }

  /// Reads an answer that is not a success: an error status, or an `error` in whatever status.
  package init(_ reply: HTTPReply, error: JSONValue?, isTransient: Bool, to question: GraphQuestion) {
    code = error?["code"]?.int64
    subcode = error?["error_subcode"]?.int64
    traceID = error?["fbtrace_id"]?.string.flatMap(Self.checkedTrace)
    guard let error, let code else {
      kind = isTransient && reply.status != 429 ? .transient : Self.kindWithoutCode(reply)
      return
    }
    let message = error["message"]?.string ?? ""
    kind = Self.kind(
      code: code, subcode: subcode, message: message, isTransient: isTransient, reply: reply, question)
  }

  /// The answer was more than Graph gives, or than is taken, at once: less of it may be had, and the same again not.
  package var wantsLess: Bool { code == 1 || isTooLarge }

  package var mayRetry: Bool {
    switch kind {
    case .throttled, .transient: true
    default: false
    }
  }

  private static func kind(
    code: Int64, subcode: Int64?, message: String, isTransient: Bool, reply: HTTPReply,
    _ question: GraphQuestion
  ) -> Kind {
    switch code {
    case 4 where subcode == 2_207_051: return .failed  // A spam block, not a rate limit.
    case 4, 17, 32, 341, 613, 80000...80014: return .throttled(seconds: waitAsked(reply))
    default: break
    }
    if reply.status == 429 { return .throttled(seconds: waitAsked(reply)) }
    if isTransient { return .transient }  // Outranks text that sounds like a refused token.
    if let ours = question.refusal(code: code, message: message) { return ours }
    switch code {
    case 100 where subcode == 33 || subcode == nil && message.containsBytes(of: "does not exist"):
      return .notFound
    case 803, 24: return .notFound
    case 190, 102: return refusal(subcode: subcode, message: message)
    case 3, 10, 200...299: return .permissionMissing
    case 100
    where message.containsBytes(of: "permission") || message.containsBytes(of: "Page Public Content Access"):
      return .permissionMissing
    case 1, 2, ..<0: return .transient
    default: return reply.status >= 500 ? .transient : .failed
    }
  }

  /// The meaning of code 190 and its subcodes.
  package static func refusal(subcode: Int64?, message: String) -> Kind {
    switch subcode {
    case 463: return .refused(.expired)
    case 460: return .refused(.passwordChanged)
    case 458: return .refused(.appRemoved)
    case 466, 467: return .refused(.revoked)
    case 459, 464, 490: return .refused(.loginRequired)
    case 492, 2_069_032: return .pageTokenRefused
    default: break
    }
    // These two come without a subcode, and are about the Page alone.
    let words = message.lowercased()
    if words.containsBytes(of: "must be an administrator")
      || (words.containsBytes(of: "page") && words.containsBytes(of: "deleted"))
    {
      return .pageTokenRefused
    }
    return .refused(.invalid)
  }

  private static func kindWithoutCode(_ reply: HTTPReply) -> Kind {
    switch reply.status {
    case 429: .throttled(seconds: waitAsked(reply))
    case 500...: .transient
    default: .failed
    }
  }

  /// The longest that any answer of Graph's holds us back; afterwards it is asked, and may say so again.
  package static let longestWait: Int64 = 3600

  /// `Retry-After`, in seconds or as a date, or the longest `estimated_time_to_regain_access`, which is in minutes, of
  /// `X-Business-Use-Case-Usage`.
  private static func waitAsked(_ reply: HTTPReply) -> Int64? {
    var seconds: Int64?
    if let header = reply.headers["Retry-After"] {
      if header.utf8.allSatisfy(\.isDigit) {
        // Digits past 64 bits are a long time too.
        seconds = header.isEmpty ? nil : Int64(header) ?? longestWait
      } else if let until = Timestamp(httpDate: header) {
        // By the clock that the date was read from, where it is told.
        let now = reply.headers["Date"].flatMap { Timestamp(httpDate: $0) } ?? .now
        seconds = until.seconds - now.seconds
      }
    }
    if let usage = reply.headers["X-Business-Use-Case-Usage"],
      let pools = try? JSONValue(parsing: Array(usage.utf8)).object
    {
      for (_, entries) in pools.members {
        for entry in entries.array ?? [] {
          guard let minutes = entry["estimated_time_to_regain_access"]?.int64, minutes > 0 else { continue }
          seconds = max(seconds ?? 0, min(minutes, 60) * 60)
        }
      }
    }
    return seconds.map { min(max($0, 0), longestWait) }
  }

  /// Only what looks like a trace id goes into the log.
  private static func checkedTrace(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { byte in
      byte.isDigit || byte.isLetter
        || "-_+/".utf8.contains(byte)
    }
    return isPlain && (1...40).contains(text.utf8.count) ? text : nil
  }
}

/// Why a token was refused; the raw values are the contract's words (API.md, section 1).
package enum RefusalReason: String {
  case expired
  case passwordChanged = "password_changed"
  case appRemoved = "app_removed"
  case revoked
  /// The same token works again after its owner has logged in.
  case loginRequired = "login_required"
  case invalid
}

extension GraphFailure {
  /// Graph itself is not well, whoever asks it for what.
  package var isOfGraphAsAWhole: Bool {
    switch kind {
    case .timedOut, .transient, .failed: code == nil || mayRetry
    default: false
    }
  }
}
