internal import Graph
internal import Logging
internal import Text

/// What is noted while a request is answered; one line of the log at its end.
///
/// Only what is listed here is ever written: no header, no body, no query, no id that the client could fill with a
/// secret by mistake. The route stands in its own words (`/instagram/<client_id>/`), not as it was called.
final class RequestRecord {
  var requestID = ""
  /// One that there is, or `-`: a client may send anything in its place, a secret too.
  private(set) var method = "-"
  var route = "-"
  var status = 0
  /// `hit`, `miss`, `stale`; `nil` where no cache is involved.
  var cache: String?
  var graphCalls = 0
  /// Calls among them that were repeated ones.
  var graphRetries = 0
  var reason: String?
  /// What the operator should know of an answer that says less: with paths, and never with a secret.
  var cause: String?
  /// Graph's own `fbtrace_id` values, to be quoted to Meta's support.
  var graphTraces: [String] = []
  private let start = ContinuousClock.now
  private static let methods = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
  ]

  func note(method: String) {
    self.method = Self.methods.first { $0.isSameBytes(as: method) } ?? "-"
  }

  func note(_ graph: GraphClient) {
    graphCalls = graph.callCount
    graphRetries = graph.retryCount
    graphTraces = graph.traces
  }

  /// Writes the line: `{"time","level","message":"request","request_id","method","route","status","ms",…}`.
  /// - Returns: it, for requests like this one; `nil` where the log leaves them out.
  @discardableResult
  func write(to logger: Logger, as message: String = "request") -> RepeatableLine? {
    let level: Logger.Level = status >= 500 ? .error : status == 429 ? .warning : .info
    guard level >= logger.logLevel else { return nil }
    var line = LogLine(level, message, at: .now)
    line.add("request_id", requestID)
    let id = line.lastValue
    line.add("method", method)
    line.add("route", route)
    line.add("status", status)
    line.add("ms", microseconds: start.microsecondsSince)
    let milliseconds = line.lastValue
    if let cache { line.add("cache", cache) }
    line.add("graph_calls", graphCalls)
    if graphRetries > 0 { line.add("graph_retries", graphRetries) }
    if let reason { line.add("reason", reason) }
    if let cause { line.add("cause", cause) }
    if !graphTraces.isEmpty { line.add("graph_traces", graphTraces) }
    let bytes = line.ended()
    LogSink.standardError.write(bytes, isUrgent: level >= .warning)
    return RepeatableLine(bytes: bytes, id: id, milliseconds: milliseconds)
  }
}

/// A request's line, which is written once more, in the same second, for a request that differs in its id and in how long
/// it took.
struct RepeatableLine: Sendable {
  fileprivate let bytes: [UInt8]
  fileprivate let id: Range<Int>
  fileprivate let milliseconds: Range<Int>

  func write(requestID: String, since start: ContinuousClock.Instant) {
    LogSink.standardError.write(text(requestID, microseconds: start.microsecondsSince), isUrgent: false)
  }

  func text(_ requestID: String, microseconds: Int64) -> [UInt8] {
    var text = TextBuffer(capacity: bytes.count + 16)
    text.append(bytes.span.extracting(..<(id.lowerBound + 1)))
    text.append(text: requestID)
    text.append(bytes.span.extracting((id.upperBound - 1)..<milliseconds.lowerBound))
    text.append(microseconds: microseconds)
    text.append(bytes.span.extracting(milliseconds.upperBound...))
    return text.bytes
  }
}

extension ContinuousClock.Instant {
  fileprivate var microsecondsSince: Int64 {
    let elapsed = (ContinuousClock.now - self).components
    return elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
  }
}
