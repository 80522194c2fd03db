internal import JSON

/// The simulator without the network: from a request to a reply.
final class Simulation: Sendable {
  let world: World
  let tokens: TokenBook
  let faults = FaultList()
  let log = CallLog()
  let meter = UsageMeter()
  let gauge = ConcurrencyGauge()
  let pictureClock = PictureClock()
  /// Where the simulator is reached, without a slash at the end.
  let base: String
  /// Milliseconds that every answer takes, faults or not.
  let latency: Int

  init(_ world: World, base: String, latency: Int = 0) {
    self.world = world
    self.base = base
    self.latency = latency
    tokens = TokenBook(world)
  }

  func respond(to request: IncomingRequest) -> Reply {
    if request.path.hasPrefix(Control.prefix) { return Control(simulation: self).respond(to: request) }
    let isPicture = request.path.hasPrefix(CDN.prefix)
    let route = Route(request, world: world)
    let endpoint = isPicture ? .cdn : route.endpoint
    let path = isPicture ? request.path : route.path
    let label = tokenText(of: request).flatMap { tokens.identity(of: $0) }?.label

    let plan = faults.take(tokenLabel: label, path: path, endpoint: endpoint)
    var reply: Reply
    if isPicture {
      reply = plan.reply(version: route.version, pools: .application, usage: []) {
        pictureClock.cdn.respond(to: request)
      }
    } else {
      let pools = pools(of: route, isPageToken: label?.contains("/") ?? false)
      let usage = meter.count(pools, override: plan.usage)
      reply = plan.reply(version: route.version, pools: pools, usage: usage.headers) {
        self.answer(request, route, pools, usage, plan)
      }
    }
    reply.delay += latency
    log.add(request, path: path, endpoint, tokenLabel: label, reply)
    return reply
  }

  /// The honest answer of the API.
  private func answer(
    _ request: IncomingRequest, _ route: Route, _ pools: UsagePools, _ usage: UsageMeter.Reading,
    _ plan: FaultPlan
  ) -> Reply {
    do throws(Refusal) {
      if usage.isOver {
        let code = pools.ids.isEmpty ? 4 : pools.type == "instagram" ? 80002 : 80001
        throw Refusal.throttled(code)
      }
      let call = try call(request, route, quirk: plan.quirk)
      if let refused = plan.refusedField, call.parameters["fields"]?.contains(refused.name) == true {
        throw Refusal(GraphError(code: refused.code))
      }
      return try Dispatch(call: call, route: route, method: request.method, simulation: self)
        .reply(usage: usage.headers)
    } catch {
      return .refusal(error, version: route.version, usage: usage.headers)
    }
  }

  /// Who calls, if the token is good for anything.
  private func call(
    _ request: IncomingRequest, _ route: Route, quirk: PagingQuirk?
  ) throws(Refusal) -> Call {
    guard route.isVersioned || route.endpoint == .batch else { throw .unknownPath(request.path) }
    let parameters = request.parameters
    guard parameters["date_format"] == nil else {
      throw Refusal(100, "(#100) The parameter date_format is not supported anymore")
    }
    var call = Call(
      world: world, tokens: tokens, base: base, version: route.version, identity: .nobody, tokenText: "",
      parameters: parameters, quirk: quirk, cdn: pictureClock.cdn)
    guard route.endpoint != .oauth else { return call }
    guard let text = tokenText(of: request), !text.isEmpty else {
      if route.endpoint == .me { _ = try call.me() }
      throw Refusal(104, "An access token is required to request this resource.")
    }
    guard let identity = tokens.identity(of: text) else { throw .unknownToken(text) }
    if let refusal = tokens.refusal(of: identity, value: text) { throw refusal }
    if case .app = identity {
      // The app token contains the secret itself.
    } else {
      // Another app's token is proved with that app's secret, which nobody here knows.
      let isOurs = identity.token.map { $0.appID == world.appID } ?? true
      try AppSecretProof.check(
        parameters, token: text, secret: isOurs ? world.appSecret : "",
        isRequired: isOurs && world.requiresProof)
    }
    call.identity = identity
    call.tokenText = text
    return call
  }

  /// The token of a request: a parameter counts more than the header.
  private func tokenText(of request: IncomingRequest) -> String? {
    request.parameters["access_token"] ?? request.bearer
  }

  private func pools(of route: Route, isPageToken: Bool) -> UsagePools {
    guard let id = route.components.first else { return .application }
    switch route.endpoint {
    case .instagram, .media, .post, .children:
      guard let account = world.instagramAccount(id) ?? world.post(id)?.account else { return .application }
      let business = world.page(account.pageID)?.businessID ?? account.pageID
      return UsagePools(ids: [business, account.id], type: "instagram")
    case .page, .content:
      guard isPageToken else { return .application }
      return UsagePools(ids: [id], type: route.components.last == "conversations" ? "messenger" : "pages")
    default: return .application
    }
  }
}
