internal import Graph
internal import Store
internal import Text

/// One request on its way through an endpoint: what was asked, by whom, with what it may be answered, and what the
/// log will say of it.
final class RequestContext {
  let application: Application
  let request: Request
  /// The captured path segments, decoded.
  let captures: [String]
  let caller: Caller
  /// The query string.
  let query: FormFields?
  /// The moment for which the answer holds; every age and expiry is computed against this one.
  let now: Timestamp
  var record: RequestRecord
  private let start = ContinuousClock.now

  init(
    _ application: Application, _ request: Request, captures: [String], query: FormFields? = nil,
    caller: Caller,
    record: RequestRecord
  ) {
    self.query = query
    self.application = application
    self.request = request
    self.captures = captures
    self.caller = caller
    self.record = record
    now = .now
  }

  var configuration: Configuration { application.configuration }
  var graph: GraphClient { application.graph }

  /// From where the request comes; `nil` where the web server does not say.
  var client: IPAddress? { configuration.trustedProxies.client(of: request) }

  /// To be called before Graph is asked: takes a place among those who wait for it.
  ///
  /// - Parameter mayProbe: the operator asks, whose wish to know is reason enough while Graph fails again and again.
  func prepareToAskGraph(mayProbe: Bool = false) throws {
    guard application.takePlaceToAsk() else { throw Refusal.tooManyWait }
    guard mayProbe || application.graphBreaker.mayAsk() else { throw Refusal.graphRests }
  }

  /// Answers now; what the endpoint returns later is not sent.
  func answerNow(_ response: Response) { application.answer(response, to: request, &record) }

  /// The moment so long after the request began.
  func moment(after duration: Duration) -> ContinuousClock.Instant { start + duration }

  /// The first captured segment.
  var capture: String { captures.first ?? "" }

  /// The captured id of one of our own rows; anything but its digits, as they are written, is a path that does not
  /// exist.
  func capturedID() throws(APIError) -> Int64 {
    guard let id = Int64(capture), String(id) == capture, id > 0 else { throw APIError.notFound }
    return id
  }

  /// The database, opened with the first request that needs it.
  func store() throws(StoreError) -> Store { try application.store() }

  /// The fields of the body.
  func fields() throws(APIError) -> FieldReader { FieldReader(try RequestBody(of: request)) }

  /// What this request may still spend on Graph: its calls, its waits and its waiting for others share one budget,
  /// which begins with the request.
  func budget(retries: Bool = true) -> GraphBudget {
    GraphBudget(deadline: start + .seconds(configuration.requestBudget), retries: retries)
  }
}
