internal import HTTPClient
internal import Store
internal import Text

/// One request on its way: what was asked, by whom, with what it may be answered, and what the log will say of it. Made
/// when it comes, so that it is held once, whoever looks at it.
final class RequestContext {
  private let application: Application
  let request: Request
  /// The captured path segments, decoded.
  private(set) var captures: [String] = []
  private(set) var caller = Caller.anyone
  private(set) var query: FormFields?
  /// The moment for which the answer holds; every age and expiry is computed against this one.
  let now: Timestamp
  let record = RequestRecord()
  private let start: ContinuousClock.Instant

  init(_ application: Application, _ request: consuming Request) {
    self.application = application
    self.request = request
    now = .now
    start = self.request.firstCame ?? .now
  }

  /// From here on it is an endpoint's.
  func admit(_ caller: Caller, captures: [String], query: FormFields? = nil) {
    (self.caller, self.captures, self.query) = (caller, captures, query)
  }

  /// The first of them, where there is only one.
  var capture: String { captures.first ?? "" }

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
  func answerNow(_ response: Response) { application.answer(response, self) }

  /// The captured id of one of our own rows; anything but its digits, as they are written, is a path that does not
  /// exist.
  func capturedID() throws(APIError) -> Int64 {
    guard let id = Int64(capture), String(id) == capture, id > 0 else { throw APIError.notFound }
    return id
  }

  func store() throws(StoreError) -> Store { try application.rooms.store() }

  /// What stands in front of this installation's own addresses: `/api/meta`, and the host where it is set. Never a host
  /// that a header names.
  var base: String {
    var path = ownPath
    if path.last == UInt8(ascii: "/") { path = path.dropLast() }
    // The route's own segments, whatever they are: as many as it has slashes, less that at its end.
    for _ in 1..<max(2, record.route.utf8.count { $0 == UInt8(ascii: "/") }) {
      path = path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]
    }
    return (configuration.publicURL ?? "") + Self.plain(path, or: "/api/meta", beside: "")
  }

  /// The address of this request without some of its words.
  func ownAddress(without names: [String]) -> String {
    var query = QueryString()
    for (name, value) in self.query?.fields ?? [] where !names.contains(name) { query.append(name, value) }
    let address = (configuration.publicURL ?? "") + Self.plain(ownPath, or: "", beside: "%")
    return query.encoded.isEmpty ? address : "\(address)?\(query.encoded)"
  }

  private var ownPath: ArraySlice<UInt8> {
    request.requestURI.isEmpty
      ? (request.scriptName + request.pathInfo)[...] : RequestPath.path(of: request.requestURI)
  }

  /// What a client wrote is given back only where it means nothing but itself; and what is kept of an answer is kept under
  /// one spelling of its path.
  private static func plain(_ path: ArraySlice<UInt8>, or other: String, beside signs: String) -> String {
    path.allSatisfy { $0.isDigit || $0.isLetter || "/-._~".utf8.contains($0) || signs.utf8.contains($0) }
      ? String(decoding: path, as: UTF8.self) : other
  }

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
