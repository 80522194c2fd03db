internal import JSON

/// Reads faults from JSON: `{"kind":"throttle","code":4,"count":3,"token":"john","endpoint":"accounts"}`.
///
/// Conditions: `token` (a label or a token), `path` (prefix, without version), `endpoint`; how often: `count`,
/// `skip`, `chance`; the rest belongs to the kind.
enum FaultReading {
  static func fault(_ json: JSONValue) throws(ControlError) -> Fault {
    guard let name = json["kind"]?.string else { throw ControlError(400, "kind is missing") }
    var fault = Fault(try kind(name, json))
    fault.match.token = json["token"]?.string
    fault.match.path = json["path"]?.string
    if let text = json["endpoint"]?.string {
      guard let endpoint = Endpoint(rawValue: text) else { throw ControlError(400, "no endpoint \(text)") }
      fault.match.endpoint = endpoint
    }
    fault.count = integer(json, "count")
    fault.skip = integer(json, "skip") ?? 0
    fault.chance = integer(json, "chance") ?? 100
    return fault
  }

  private static func kind(_ name: String, _ json: JSONValue) throws(ControlError) -> Fault.Kind {
    if let quirk = PagingQuirk(rawValue: name) { return .paging(quirk) }
    switch name {
    case "latency": return .latency(milliseconds: integer(json, "ms") ?? 1000)
    case "held": return .held
    case "usage": return .usage(try usage(json))
    case "wrong_types": return .wrongTypes
    case "numbers_as_strings": return .numbersAsStrings
    case "field": return .fieldRefused(json["field"]?.string ?? "", code: integer(json, "code") ?? 10)
    case "truncated": return .truncated(bytes: integer(json, "bytes") ?? 20)
    case "reset": return .reset(afterBytes: integer(json, "bytes"))
    case "drip": return .drip(milliseconds: integer(json, "ms") ?? 1000)
    case "not_http": return .notHTTP
    case "error": return .error(error(json, code: 1))
    case "token": return .error(error(json, code: 190))
    case "error_in_success": return .errorInSuccess(error(json, code: 190))
    case "throttle":
      return .throttled(code: integer(json, "code") ?? 4, minutes: integer(json, "minutes") ?? 0)
    case "too_many_requests": return .tooManyRequests(retryAfter: integer(json, "retry_after"))
    case "html": return .html(status: integer(json, "status") ?? 500)
    case "empty": return .empty(status: integer(json, "status") ?? 502)
    case "redirect": return .redirect(location: json["location"]?.string ?? "http://192.0.2.1/")
    case "hang": return .hang
    case "endless": return .endless(bytes: integer(json, "bytes") ?? 4 << 30)
    case "gzip_bomb": return .gzipBomb(bytes: integer(json, "bytes") ?? 64 << 20)
    case "raw": return try raw(json)
    default: throw ControlError(400, "no kind \(name)")
    }
  }

  static func usage(_ json: JSONValue) throws(ControlError) -> Usage {
    switch json["mode"]?.string ?? "fixed" {
    case "absent": return .absent
    case "malformed": return .malformed
    case "fixed":
      return .fixed(percent: integer(json, "percent") ?? 0, minutes: integer(json, "minutes") ?? 0)
    case "counted": return .counted(perHour: integer(json, "per_hour") ?? 200)
    case "enforced": return .enforced(perHour: integer(json, "per_hour") ?? 200)
    case let other: throw ControlError(400, "no mode \(other)")
    }
  }

  private static func error(_ json: JSONValue, code: Int) -> GraphError {
    GraphError(
      code: integer(json, "code") ?? code, subcode: integer(json, "subcode"), status: integer(json, "status"),
      message: json["message"]?.string, isTransient: json["is_transient"]?.bool)
  }

  /// The body as a text, as JSON that is sent as it stands, or as `bytes`, numbers in a list.
  private static func raw(_ json: JSONValue) throws(ControlError) -> Fault.Kind {
    var headers = ["Content-Type": "application/json; charset=UTF-8"]
    for (name, value) in json["headers"]?.object ?? JSONObject() {
      guard let text = value.string else { throw ControlError(400, "header \(name) is no text") }
      headers[name] = text
    }
    let body = json["body"] ?? ""
    let bytes =
      json["bytes"]?.array?.compactMap { $0.int64.flatMap { UInt8(exactly: $0) } }
      ?? body.string.map { Array($0.utf8) } ?? body.serialized(escaping: .ascii)
    return .raw(status: integer(json, "status") ?? 200, headers: headers, body: bytes)
  }

  private static func integer(_ json: JSONValue, _ name: String) -> Int? { json[name]?.int64.map { Int($0) } }
}
