internal import JSON

/// What the faults in force do to one call.
struct FaultPlan: Sendable {
  private(set) var delay = 0
  private(set) var isHeld = false
  private(set) var usage: Usage?
  private(set) var quirk: PagingQuirk?
  private(set) var hasWrongTypes = false
  private(set) var hasNumbersAsStrings = false
  private(set) var refusedField: (name: String, code: Int)?
  private(set) var delivery = Delivery.whole
  /// What stands in place of the answer.
  private(set) var substitute: Fault.Kind?

  /// Takes a fault in; false when there is no room for it, because something of its kind came before.
  mutating func include(_ kind: Fault.Kind) -> Bool {
    switch kind {
    case .latency(let milliseconds): delay += milliseconds
    case .held: isHeld = true
    case .usage(let usage): self.usage = usage
    case .paging(let quirk): self.quirk = quirk
    case .wrongTypes: hasWrongTypes = true
    case .numbersAsStrings: hasNumbersAsStrings = true
    case .fieldRefused(let name, let code): refusedField = (name, code)
    case .truncated(let bytes): return deliver(.truncated(bytes))
    case .reset(let bytes): return deliver(bytes.map(Delivery.resetAfter) ?? .resetBefore)
    case .drip(let milliseconds): return deliver(.drip(milliseconds: milliseconds))
    case .notHTTP: return deliver(.notHTTP)
    case .hang: return deliver(.hang)
    default:
      guard substitute == nil else { return false }
      substitute = kind
    }
    return true
  }

  private mutating func deliver(_ delivery: Delivery) -> Bool {
    guard self.delivery == .whole else { return false }
    self.delivery = delivery
    return true
  }

  /// The reply of a call: the honest one changed, or something in its place.
  func reply(version: String, pools: UsagePools, usage: [Header], honest: () -> Reply) -> Reply {
    var reply = substitute.map { self.reply(for: $0, version, pools, usage) } ?? honest()
    if hasWrongTypes, let body = try? JSONValue(parsing: reply.body) {
      reply.body = WrongTypes.confuse(body).serialized(escaping: .ascii)
    }
    if hasNumbersAsStrings, let body = try? JSONValue(parsing: reply.body) {
      reply.body = WrongTypes.numbersAsStrings(body).serialized(escaping: .ascii)
    }
    if reply.delivery == .whole { reply.delivery = delivery }
    reply.delay += delay
    reply.isHeld = isHeld
    return reply
  }

  private func reply(
    for kind: Fault.Kind, _ version: String, _ pools: UsagePools, _ usage: [Header]
  ) -> Reply {
    switch kind {
    case .throttled(let code, let minutes):
      let refusal = Refusal.throttled(code, pools: pools, minutes: minutes)
      return .refusal(refusal, version: version, usage: minutes > 0 ? [] : usage)
    case .error(let error):
      return .refusal(Refusal(error), version: version, usage: usage)
    case .errorInSuccess(let error):
      var refusal = Refusal(error)
      refusal.status = 200
      return .refusal(refusal, version: version, usage: usage)
    case .tooManyRequests(let seconds):
      var refusal = Refusal.throttled(4)
      refusal.status = 429
      refusal.headers = seconds.map { [Header("Retry-After", String($0))] } ?? []
      return .refusal(refusal, version: version, usage: usage)
    case .html(let status):
      return Reply(
        status: status, headers: [Header("Content-Type", "text/html; charset=utf-8")],
        body: Array(RecordedPages.somethingWentWrong.utf8))
    case .empty(let status): return Reply(status: status)
    case .redirect(let location): return Reply(status: 302, headers: [Header("Location", location)])
    case .endless(let bytes):
      var reply = Reply(status: 200, headers: [Header("Content-Type", "application/json; charset=UTF-8")])
      reply.delivery = .endless(bytes: bytes)
      return reply
    case .gzipBomb(let bytes):
      return Reply(
        status: 200,
        headers: [
          Header("Content-Type", "application/json; charset=UTF-8"), Header("Content-Encoding", "gzip"),
        ], body: GzipBomb.make(bytes: bytes))
    case .raw(let status, let headers, let body):
      return Reply(
        status: status, headers: headers.sorted { $0.key < $1.key }.map { Header($0.key, $0.value) },
        body: body)
    case .latency, .held, .usage, .paging, .wrongTypes, .numbersAsStrings, .fieldRefused, .truncated, .reset,
      .drip, .notHTTP, .hang:
      // These change a reply and are never a substitute.
      return Reply(status: 500)
    }
  }
}

extension Refusal {
  /// The error of a fault, in Meta's words where it brings none.
  init(_ error: GraphError) {
    self.init(
      error.code, error.message ?? Self.usualMessage(error), subcode: error.subcode, status: error.status)
    isTransient = error.isTransient
    if error.code == 190 { challenge = "invalid_token" }
  }

  private static func usualMessage(_ error: GraphError) -> String {
    if error.code == 190, let subcode = error.subcode,
      let state = TokenState.allCases.first(where: { Refusal.token($0)?.subcode == subcode }),
      let refusal = Refusal.token(state)
    {
      return refusal.message
    }
    if error.code == 190, error.subcode == 492 { return Refusal.page(.roleLost).message }
    switch error.code {
    case 1: return "An unknown error occurred"
    case 2: return "An unexpected error has occurred. Please retry your request later."
    case 10: return Refusal.applicationMayNot.message
    case 190: return "Invalid OAuth access token."
    case 200: return "(#200) The user hasn't authorized the application to perform this action"
    case 368: return "The action attempted has been deemed abusive or is otherwise disallowed"
    default: return "(#\(error.code)) An error occurred"
    }
  }

  private static func token(_ state: TokenState) -> Refusal? {
    Refusal.token(state, value: "", appID: World.defaultAppID, expiredAt: 0)
  }
}
