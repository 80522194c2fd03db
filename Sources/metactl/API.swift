internal import JSON
internal import MetaModule
internal import Store

/// The application's own endpoints, called by the operator: what a command changes goes the way that every request
/// goes, with the same checks, the same events and the same sentences.
struct API {
  private let application: Application

  init(_ options: CommonOptions, making: Store.Making = .nothing) throws {
    application = try options.application(making: making)
  }

  /// The answer's body; anything but a success is thrown as the sentence that a client would read, in the words of the
  /// command line.
  ///
  /// - Parameters:
  ///   - options: what the body's fields are called on the command line.
  ///   - missing: what to say where there is no such row.
  func call(
    _ method: String, _ target: String, _ body: JSONValue? = nil,
    options: [(field: String, name: String)] = [],
    missing: String? = nil
  ) throws -> JSONValue {
    let response = application.respond(to: request(method, target, body?.serializedText()))
    let json = (try? JSONValue(parsing: response.body)) ?? .null
    guard response.status < 400 else {
      var detail = response.status == 404 ? missing : nil
      let fields = options.flatMap { option in
        (json[option.field]?.array ?? []).compactMap(\.string).map { "\(option.name): \($0)" }
      }
      if !fields.isEmpty { detail = fields.joined(separator: " ") }
      throw CommandError(
        detail ?? json["detail"]?.string ?? "Status \(response.status).",
        code: response.status >= 500 ? 2 : 1,
        members: json.object ?? [:])
    }
    return json
  }

  /// The answer as soon as it is there, which is before everything is done that the request leads to.
  func send(_ method: String, _ target: String, _ body: String?, _ take: (Response) -> Void) {
    application.respond(to: request(method, target, body), send: take)
  }

  private func request(_ method: String, _ target: String, _ body: String?) -> Request {
    var request = Request(method, target, json: body)
    request.isFromOperator = true
    return request
  }

  /// Every row of a list, page by page.
  func rows(_ path: String, _ name: String) throws -> [JSONValue] {
    var rows: [JSONValue] = []
    var after: Int64 = 0
    while true {
      let page = try call("GET", "\(path)?after=\(after)")
      rows += page[name]?.array ?? []
      guard let next = page["next"]?.int64 else { return rows }
      after = next
    }
  }
}
