internal import Store
internal import Text

/// One request on its way through an endpoint: what was asked, by whom, with what it may be answered, and what the
/// log will say of it.
final class RequestContext {
  private let application: Application
  let request: Request
  /// The captured path segment, decoded.
  let capture: String
  let caller: Caller
  let query: FormFields?
  /// The moment for which the answer holds; every age and expiry is computed against this one.
  let now: Timestamp
  var record: RequestRecord
  private let start = ContinuousClock.now

  init(
    _ application: Application, _ request: Request, capture: String, query: FormFields? = nil,
    caller: Caller,
    record: RequestRecord
  ) {
    self.query = query
    self.application = application
    self.request = request
    self.capture = capture
    self.caller = caller
    self.record = record
    now = .now
  }

  var services: Services { Services(application.rooms, now: now, start: start) { self.event($0) } }

  /// The audit row of a change that this request makes; it is written in the transaction of the change itself.
  func event(_ action: String) -> Event {
    Event(
      actor: caller.name ?? "unknown", action: action, address: client?.description ?? request.remoteAddress,
      requestID: record.requestID.isEmpty ? nil : record.requestID)
  }

  /// From where the request comes; `nil` where the web server does not say.
  var client: IPAddress? { application.configuration.trustedProxies.client(of: request) }

  /// Answers now; what the endpoint returns later is not sent.
  func answerNow(_ response: Response) { application.answer(response, to: request, &record) }

  /// The captured id of one of our own rows; anything but its digits, as they are written, is a path that does not
  /// exist.
  func capturedID() throws(APIError) -> Int64 {
    guard let id = Int64(capture), String(id) == capture, id > 0 else { throw APIError.notFound }
    return id
  }

  func store() throws(StoreError) -> Store { try application.rooms.store() }

  var configuration: Configuration { application.configuration }

  /// What the caller may do; whoever has no grant comes to public routes alone, which are about no client of their own.
  var grant: Grant { caller.grant ?? .everything }

  /// The mapping of the captured id, or 404.
  func existingMapping() throws -> StoredMapping {
    guard let mapping = try store().mapping(capturedID()), grant.covers(mapping.clientID) else {
      throw APIError.notFound
    }
    return mapping
  }

  func fields() throws(APIError) -> FieldReader { FieldReader(try BodyFields(of: request)) }
}
