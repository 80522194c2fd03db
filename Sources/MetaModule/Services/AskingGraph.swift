internal import Cryptography
internal import Graph
internal import JSON
internal import Store
internal import Text

/// How Graph is asked: not while a token is blocked, and so that a block is remembered for every process.
extension Services {
  /// One call as one token.
  ///
  /// Throws `.throttled` at once, without a call, until the moment that is remembered on disk for this token.
  func ask(
    _ path: String, _ query: [(String, String)], as token: Secret, within budget: GraphBudget? = nil
  ) throws(GraphFailure) -> JSONValue {
    let call = GraphCall(tag: (), path: path, query: query, token: token)
    do throws(GraphFailure) { return try ask(call, blockedAs: token, within: budget) } catch {
      throw settled(error, of: token, within: budget)
    }
  }

  /// One call of any kind; `secret` is what a block is remembered under.
  private func ask(
    _ call: GraphCall<Void>, blockedAs secret: Secret, within budget: GraphBudget?
  ) throws(GraphFailure) -> JSONValue {
    if let seconds = secondsBlocked(secret) { throw GraphFailure(.throttled(seconds: seconds)) }
    do {
      let value = try graph.ask(call, within: budget ?? self.budget())
      noteGraph(nil, call.asker)
      return value
    } catch {
      noteGraph(error, call.asker)
      throw remembering(error, of: secret)
    }
  }

  /// A proof that does not fit means that our secret is wrong, or that the token is another app's: `debug_token` tells
  /// which. Any other failure stays what it is.
  func settled(_ failure: GraphFailure, of token: Secret, within budget: GraphBudget? = nil) -> GraphFailure {
    guard failure.kind == .unfit(.proof) else { return failure }
    guard let app = configuration.app else { return GraphFailure(.appRefused(.credentials)) }
    do throws(GraphFailure) {
      _ = try DebuggedToken(
        ask(app.debugCall((), about: token), blockedAs: app.token, within: budget)
      ).judged(by: app)
    } catch {
      switch error.kind {
      case .appRefused, .unfit, .refused: return error
      default: break
      }
    }
    return GraphFailure(.appRefused(.credentials))
  }

  /// Seconds until this token may be used again; `nil` when it may be used now, or when nobody can tell.
  func secondsBlocked(_ token: Secret) -> Int64? {
    blockedUntil(token).map { max(1, $0.seconds - now.seconds) }
  }

  /// The moment until which Graph asked not to be called for this token.
  func blockedUntil(_ token: Secret) -> Timestamp? {
    (try? store().throttle(of: Self.throttleSubject(token), now: now))?.until
  }

  /// Remembers a block that outlasted the retries, so that throttled requests never pile up in the workers.
  ///
  /// - Returns: the same failure, with the seconds that the caller is told.
  func remembering(_ failure: GraphFailure, of token: Secret) -> GraphFailure {
    guard case .throttled(let asked) = failure.kind else { return failure }
    let seconds = max(1, asked ?? GraphFailure.throttleRest)
    let (rooms, subject) = (rooms, Self.throttleSubject(token))
    let event = Event(actor: "system", action: "graph.throttled")
    let until = Timestamp(seconds: Timestamp.now.seconds + seconds)
    // At once, so that nobody meets it again; but the answer does not wait for a lock.
    do {
      try rooms.store().block(
        subject, until: until, reason: "throttled", event: event, waitingAtMost: 0)
    } catch {
      rooms.turn.afterwards {
        do {
          try rooms.store().block(
            subject, until: until, reason: "throttled", event: event, waitingAtMost: Store.shortPatience)
        } catch {
          rooms.warn("A rate limit could not be remembered; the next request will meet it again.")
        }
      }
    }
    return failure.waiting(seconds)
  }

  /// Graph has answered for this token: it is not blocked, whatever is remembered.
  func liftBlock(of token: Secret) { try? store().unblock(Self.throttleSubject(token)) }

  /// A token is blocked under its digest: the same for every row and every process, and telling nothing of it.
  private static func throttleSubject(_ token: Secret) -> String {
    String(SHA256.hex(Array(token.revealed().utf8)).prefix(32))
  }

  /// Notes for `health` when Graph answered last, and whether it takes us for who we say we are.
  func noteGraph(_ failure: GraphFailure?, _ asker: GraphQuestion.Asker = .token) {
    let (rooms, version) = (rooms, graph.answeringVersion)
    rooms.turn.afterwards {
      rooms.graphHealth.note(failure, asker, answering: version, at: .now)
    }
  }
}

extension GraphFailure {
  /// The same throttling with the seconds that were settled on.
  fileprivate func waiting(_ seconds: Int64) -> GraphFailure {
    var copy = GraphFailure(.throttled(seconds: seconds))
    (copy.code, copy.subcode, copy.traceID) = (code, subcode, traceID)
    return copy
  }
}
