internal import Synchronization

/// What was asked of a simulator. Holds the newest 100,000 calls: a benchmark must not fill the memory.
final class CallLog: Sendable {
  private static let capacity = 100_000
  private static let secretNames: Set<String> = [
    "access_token", "input_token", "fb_exchange_token", "client_secret", "code", "appsecret_proof",
  ]

  private struct State {
    var records: [CallRecord] = []
    var counts: [Endpoint: Int] = [:]
    var lastNumber = 0
  }

  private let state = Mutex(State())

  func add(
    _ request: IncomingRequest, path: String, _ endpoint: Endpoint, tokenLabel: String?, _ reply: Reply
  ) {
    let query = Self.shown(request.query.pairs[...])
    // What the form adds stands behind the query.
    let form = Self.shown(request.parameters.pairs.dropFirst(request.query.pairs.count))
    let isAnswered = reply.delivery != .hang && reply.delivery != .resetBefore
    let record = CallRecord(
      number: 0, method: request.method, path: path, endpoint: endpoint, query: query, form: form,
      tokenLabel: tokenLabel,
      tokenPlace: Self.tokenPlace(request), hasProof: request.parameters["appsecret_proof"] != nil,
      status: isAnswered ? reply.status : 0, time: GraphTime.milliseconds(),
      userAgent: request.headers.value("user-agent"),
      acceptEncoding: request.headers.value("accept-encoding"))
    state.withLock { state in
      state.lastNumber += 1
      state.counts[endpoint, default: 0] += 1
      if state.records.count >= Self.capacity { state.records.removeFirst(Self.capacity / 10) }
      state.records.append(record)
      state.records[state.records.count - 1].number = state.lastNumber
    }
  }

  var records: [CallRecord] { state.withLock { $0.records } }

  /// Calls by endpoint since the log was cleared, those that fell out of the log included.
  var counts: [Endpoint: Int] { state.withLock { $0.counts } }

  func clear() {
    state.withLock { state in
      state.records = []
      state.counts = [:]
    }
  }

  private static func shown(_ pairs: ArraySlice<(name: String, value: String)>) -> [String: String] {
    var shown: [String: String] = [:]
    for pair in pairs { shown[pair.name] = secretNames.contains(pair.name) ? "…" : pair.value }
    return shown
  }

  private static func tokenPlace(_ request: IncomingRequest) -> String {
    if request.query["access_token"] != nil { return "query" }
    if request.parameters["access_token"] != nil { return "form" }
    return request.bearer != nil ? "header" : "none"
  }
}
