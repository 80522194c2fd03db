internal import JSON
internal import Logging

/// What is noted while a request is answered; one line of the log at its end.
///
/// Only what is listed here is ever written: no header, no body, no query, no id that the client could fill with a
/// secret by mistake. The route stands in its own words (`/instagram/<client_id>/`), not as it was called.
struct RequestRecord {
  var requestID = ""
  var method = ""
  var route = "-"
  var status = 0
  /// `hit`, `miss`, `stale`; `nil` where no cache is involved.
  var cache: String?
  var graphCalls = 0
  var reason: String?
  /// Graph's own `fbtrace_id` values, to be quoted to Meta's support.
  var graphTraces: [String] = []
  private let start = ContinuousClock.now

  /// Writes the line: `{"time","level","message":"request","request_id","method","route","status","ms",…}`.
  func write(to logger: Logger) {
    let level: Logger.Level = status >= 500 ? .error : status == 429 ? .warning : .info
    guard level >= logger.logLevel else { return }
    let elapsed = (ContinuousClock.now - start).components
    let microseconds = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
    var members: JSONObject = [
      "time": .string(Timestamp.now.description), "level": .string(level.rawValue), "message": "request",
      "request_id": .string(requestID), "method": .string(method), "route": .string(route),
      "status": .number(JSONNumber(Int64(status))), "ms": .number(Self.milliseconds(microseconds)),
    ]
    if let cache { members["cache"] = .string(cache) }
    members["graph_calls"] = .number(JSONNumber(Int64(graphCalls)))
    if let reason { members["reason"] = .string(reason) }
    if !graphTraces.isEmpty { members["graph_traces"] = .array(graphTraces.map { .string($0) }) }
    JSONLogHandler.write(JSONValue.object(members).serialized())
  }

  private static func milliseconds(_ microseconds: Int64) -> JSONNumber {
    let fraction = String(microseconds % 1000)
    let padded = String(repeating: "0", count: 3 - fraction.utf8.count) + fraction
    return JSONNumber("\(microseconds / 1000).\(padded)") ?? JSONNumber(microseconds / 1000)
  }
}
