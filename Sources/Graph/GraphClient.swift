package import HTTPClient
package import JSON
package import Text

/// One call to Graph: a path below the version, its query, and the token that goes into the `Authorization` header.
package struct GraphCall<Tag: Sendable>: Sendable {
  /// What the caller knows the call by.
  package let tag: Tag
  /// `me/accounts`; every id in it was checked to be digits before.
  package let path: String
  /// Name and value, not yet encoded.
  package let query: [(String, String)]
  /// Goes into the `Authorization` header; `nil`: nobody's, the form says who asks.
  package let token: Secret?
  /// The fields of a POST: what is secret and can be sent that way stands in no request line.
  package var form: [(String, String)]?
  package var asker = GraphQuestion.Asker.token

  package init(tag: Tag, path: String, query: [(String, String)], token: Secret?) {
    self.tag = tag
    self.path = path
    self.query = query
    self.token = token
  }
}

/// What a request may still spend on Graph, waits included.
package struct GraphBudget {
  package let deadline: ContinuousClock.Instant
  /// `false` where an expired grid stands ready: it is not held back by any retry.
  package var retries = true
  /// The caller asks for less by itself, and at once, where Graph does not give so much.
  package var takesLess = false
  /// Seconds that one wait may last; `nil`: as long as fits.
  package var longestWait: Int64?
  /// What to do when Graph has not answered by then; it is asked on.
  package var overdue: Overdue?

  package init(deadline: ContinuousClock.Instant, retries: Bool = true) {
    self.deadline = deadline
    self.retries = retries
  }

  package var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: deadline)) }

  package init(seconds: Int64, retries: Bool = true) {
    self.init(deadline: .now + .seconds(seconds), retries: retries)
  }
}

extension Result where Failure == GraphFailure {
  fileprivate var failure: GraphFailure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}

/// Asks Graph, one call or many at the same time, and repeats what may help, each call on its own.
///
/// One per worker thread: it keeps its connections. libcurl is loaded with the first call, not before.
package final class GraphClient {
  private let settings: GraphSettings
  private let breaker: (any Breaker)?
  private var http: HTTPClient?
  /// Calls made since the request began, repeated ones counted each time.
  package private(set) var callCount = 0
  /// Calls among them that were repeated ones.
  package private(set) var retryCount = 0
  /// Trace ids of the failures since the request began.
  package private(set) var traces: [String] = []
  /// The version that answered last: a dead one is answered by the oldest living one, silently.
  package private(set) var answeringVersion: String?

  /// A reply may not be longer: 4 MiB (API.md, section 4).
  static let replyLimit = 4 * 1024 * 1024
  /// Nor have more elements and members. A hundred albums of twenty pictures with all that is asked for are 14,000.
  static let valueLimit = 20_000
  private static let largeReplies = LargeReplies(atOnce: 2)

  /// - Parameter breaker: is told what came of each call; while it is open nothing is repeated.
  package init(_ settings: GraphSettings, breaker: (any Breaker)? = nil) {
    self.settings = settings
    self.breaker = breaker
  }

  package func resetCounts() {
    callCount = 0
    retryCount = 0
    traces = []
  }

  package func ask(_ call: GraphCall<Void>, within budget: GraphBudget) throws(GraphFailure) -> JSONValue {
    var outcome = Result<JSONValue, GraphFailure>.failure(GraphFailure(.failed))
    askAll([call], within: budget) { _, result in
      outcome = result
      return []
    }
    return try outcome.get()
  }

  /// Makes many calls at the same time. `next` is told each outcome, repeats used up, and says what to ask then:
  /// the page behind a cursor, for example.
  package func askAll<Tag>(
    _ calls: [GraphCall<Tag>], within budget: GraphBudget,
    next: (Tag, Result<JSONValue, GraphFailure>) -> [GraphCall<Tag>]
  ) {
    var http = takeClient()
    http.performAll(
      calls.map { transfer($0, attempt: 0, delay: 0, budget) }, deadline: budget.deadline,
      overdue: budget.overdue
    ) { sent, result in
      callCount += 1
      if sent.attempt > 0 { retryCount += 1 }
      if case .success(let reply) = result, let version = reply.headers["facebook-api-version"] {
        answeringVersion = version
      }
      let outcome = Self.read(result, GraphQuestion(asker: sent.call.asker, path: sent.call.path))
      breaker?.note(outcome.failure)
      if let failure = outcome.failure {
        if let trace = failure.traceID { traces.append(trace) }
        if let delay = delay(after: failure, attempt: sent.attempt, budget) {
          return [transfer(sent.call, attempt: sent.attempt + 1, delay: delay, budget)]
        }
      }
      return next(sent.call.tag, outcome).map { transfer($0, attempt: 0, delay: 0, budget) }
    }
    self.http = consume http
  }

  private struct Sent<Tag: Sendable>: Sendable {
    package let call: GraphCall<Tag>
    package let attempt: Int
  }

  private func takeClient() -> HTTPClient {
    if let client = http.take() { return client }
    return HTTPClient(
      options: ClientOptions(
        maximumBodyBytes: Self.replyLimit, largeReplies: Self.largeReplies,
        userAgent: "meta-module/\(version)"))
  }

  private func transfer<Tag>(
    _ call: GraphCall<Tag>, attempt: Int, delay: Int64, _ budget: GraphBudget
  ) -> Transfer<Sent<Tag>> {
    var query = QueryString()
    for (name, value) in call.query { query.append(name, value) }
    if let app = settings.app, let token = call.token {
      query.append("appsecret_proof", app.proof(of: token))
    }
    let path = "\(settings.url)/\(settings.version)/\(call.path)"
    let url = query.encoded.isEmpty ? path : path + "?" + query.encoded
    let timeout = Duration.seconds(settings.timeout)
    var request = HTTPRequest(url: url, timeout: timeout)
    if let fields = call.form {
      var form = QueryString()
      for (name, value) in fields { form.append(name, value) }
      request = .post(url, form: form, timeout: timeout)
    }
    request.headers.append(("Accept", "application/json"))
    if let token = call.token { request.headers.append(("Authorization", "Bearer \(token.revealed())")) }
    return Transfer(tag: Sent(call: call, attempt: attempt), request: request, delay: .milliseconds(delay))
  }

  /// Milliseconds to wait before the next attempt: 2^attempt units, or as long as Graph asked for; `nil` when there is
  /// no further attempt, or when the wait does not fit the budget.
  private func delay(after failure: GraphFailure, attempt: Int, _ budget: GraphBudget) -> Int64? {
    guard budget.retries, failure.mayRetry, !(budget.takesLess && failure.wantsLess), breaker?.isOpen != true,
      attempt < settings.retries
    else {
      return nil
    }
    var wait = settings.backoffUnit << Int64(attempt)
    if case .throttled(let seconds?) = failure.kind { wait = max(wait, seconds * 1000) }
    if let longest = budget.longestWait, wait > longest * 1000 { return nil }
    return .now + .milliseconds(wait) < budget.deadline ? wait : nil
  }

  /// Tells an answer from a failure. The content type is not looked at: Graph has sent JSON under several.
  private static func read(
    _ result: Result<HTTPReply, TransferError>, _ question: GraphQuestion
  ) -> Result<JSONValue, GraphFailure> {
    switch result {
    case .failure(let error): return .failure(GraphFailure(error))
    case .success(let reply):
      var value: JSONValue?
      var isTooLarge = false
      do {
        value = try JSONValue(
          parsing: reply.body, maximumDepth: 64, maximumValues: valueLimit, loneSurrogates: .replaced)
      } catch { if case .tooManyValues = error { isTooLarge = true } }
      let error = value.flatMap(error(of:))
      if (200..<300).contains(reply.status), let value, value.object != nil, error == nil {
        return .success(value)
      }
      let isTransient = error?["is_transient"]?.isYes ?? value?["is_transient"]?.isYes ?? false
      var failure = GraphFailure(reply, error: error, isTransient: isTransient, to: question)
      failure.isTooLarge = isTooLarge
      return .failure(failure)
    }
  }

  /// The `error` of an answer. `null`, `false` and an empty text are none; nor is anything but an object where what
  /// was asked for is there as well.
  private static func error(of value: JSONValue) -> JSONValue? {
    guard let error = value["error"], !error.isNull, error.bool != false, error.string?.isEmpty != true else {
      return Optional.none
    }
    if error.object == nil, value["id"] != nil || value["data"] != nil { return Optional.none }
    return error
  }
}
