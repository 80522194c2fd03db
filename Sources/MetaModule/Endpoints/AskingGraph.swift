internal import Cryptography
internal import JSON

/// How endpoints ask Graph: not while a token is blocked, and so that a block is remembered for every process.
extension RequestContext {
  /// Seconds for which a token rests when Graph throttles it without saying for how long.
  static let throttleRest: Int64 = 60

  /// One call as one token.
  ///
  /// Throws `.throttled` at once, without a call, until the moment that is remembered on disk for this token.
  func ask(
    _ path: String, _ query: [(String, String)], as token: Secret, within budget: GraphBudget? = nil
  ) throws(GraphFailure) -> JSONValue {
    if let seconds = secondsBlocked(token) { throw GraphFailure(.throttled(seconds: seconds)) }
    do {
      let value = try graph.ask(
        path, query.map { (name: $0.0, value: $0.1) }, as: token, within: budget ?? self.budget())
      noteGraph(nil)
      return value
    } catch {
      noteGraph(error)
      throw remembering(error, of: token)
    }
  }

  /// Seconds until this token may be used again; `nil` when it may be used now, or when nobody can tell.
  func secondsBlocked(_ token: Secret) -> Int64? {
    guard let throttle = try? store().throttle(of: Self.throttleSubject(token), now: now) else { return nil }
    return max(1, throttle.until.seconds - now.seconds)
  }

  /// Remembers a block that outlasted the retries, so that throttled requests never pile up in the workers.
  ///
  /// - Returns: the same failure, with the seconds that the caller is told.
  func remembering(_ failure: GraphFailure, of token: Secret) -> GraphFailure {
    guard case .throttled(let asked) = failure.kind else { return failure }
    let seconds = max(1, asked ?? Self.throttleRest)
    do {
      try store().block(
        Self.throttleSubject(token), until: Timestamp(seconds: Timestamp.now.seconds + seconds),
        reason: "throttled")
    } catch { application.warn("A rate limit could not be remembered; the next request will meet it again.") }
    return failure.waiting(seconds)
  }

  /// A token is blocked under its digest: the same for every row and every process, and telling nothing of it.
  private static func throttleSubject(_ token: Secret) -> String {
    String(SHA256.hex(Array(token.revealed().utf8)).prefix(32))
  }

  /// Notes for `health` when Graph answered last, at most every ten seconds unless the outcome changes.
  func noteGraph(_ failure: GraphFailure?) { application.graphHealth.note(failure, at: .now) }
}

extension GraphFailure {
  /// The same throttling with the seconds that were settled on.
  fileprivate func waiting(_ seconds: Int64) -> GraphFailure {
    var copy = GraphFailure(.throttled(seconds: seconds))
    (copy.code, copy.subcode, copy.traceID) = (code, subcode, traceID)
    return copy
  }
}

extension APIError {
  /// What a caller is told of a failure when the endpoint has nothing better to say.
  init(_ failure: GraphFailure) {
    self =
      switch failure.kind {
      case .refused(let reason): .tokenRefused(reason: reason.rawValue)
      case .pageTokenRefused: .tokenRefused(reason: RefusalReason.invalid.rawValue)
      case .permissionMissing: .permissionMissing
      case .throttled(let seconds): .rateLimited(seconds: seconds ?? RequestContext.throttleRest)
      case .timedOut: .upstreamTimedOut
      case .notFound, .transient, .failed: .upstreamFailed
      }
  }
}
