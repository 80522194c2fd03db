internal import JSON

/// `/_control/…`: what scripts say to a simulator that runs as a program of its own.
///
/// - `GET /_control/calls` · `DELETE /_control/calls` · `GET /_control/counts`
/// - `POST /_control/faults` · `GET` · `DELETE /_control/faults` · `DELETE /_control/faults/<id>`
/// - `POST /_control/tokens` with `{"token","state"}`, `{"token","expires_in"}` or `{"token","page","trouble"}`
/// - `POST /_control/usage` with `{"mode","percent","minutes","per_hour"}`
/// - `POST /_control/pictures` with `{"ahead","life"}`, in seconds: that much later it is where pictures are, so that
///   addresses given out before are dead; so long live those that are given out from now on
/// - `GET /_control/world`
struct Control {
  static let prefix = "/_control/"

  var simulation: Simulation

  func respond(to request: IncomingRequest) -> Reply {
    let parts = request.path.dropFirst(Self.prefix.count).split(separator: "/").map(String.init)
    do {
      return try .control(200, answer(request, parts))
    } catch {
      return .control(error.status, ["error": .string(error.message)])
    }
  }

  private func answer(_ request: IncomingRequest, _ parts: [String]) throws(ControlError) -> JSONValue {
    switch (request.method, parts) {
    case ("GET", ["calls"]): return .array(simulation.log.records.map(\.json))
    case ("DELETE", ["calls"]):
      simulation.log.clear()
      simulation.gauge.clear()
      return [:]
    case ("GET", ["counts"]):
      var counts = JSONObject()
      for (endpoint, count) in simulation.log.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        counts[endpoint.rawValue] = JSONValue(count)
      }
      counts["maximum_in_flight"] = JSONValue(simulation.gauge.maximum)
      return .object(counts)
    case ("POST", ["faults"]): return try addFaults(try body(request))
    case ("GET", ["faults"]):
      return .array(
        simulation.faults.all.map { entry in
          ["id": JSONValue(entry.id), "fault": .string("\(entry.fault)")]
        })
    case ("DELETE", ["faults"]):
      simulation.faults.remove(nil)
      return [:]
    case ("DELETE", let parts) where parts.count == 2 && parts[0] == "faults":
      guard let id = Int(parts[1]) else { throw ControlError(404, "no such fault") }
      simulation.faults.remove(id)
      return [:]
    case ("POST", ["tokens"]): return try changeToken(try body(request))
    case ("POST", ["usage"]):
      simulation.meter.usage = try FaultReading.usage(try body(request))
      return [:]
    case ("POST", ["pictures"]):
      let body = try body(request)
      if let ahead = body["ahead"]?.int64 { simulation.pictureClock.set(ahead: Int(ahead)) }
      if body["life"] != nil { simulation.pictureClock.set(life: body["life"]?.int64.map { Int($0) }) }
      return [:]
    case ("GET", ["world"]): return describeWorld()
    default: throw ControlError(404, "no such control: \(request.method) \(request.path)")
    }
  }

  private func body(_ request: IncomingRequest) throws(ControlError) -> JSONValue {
    do {
      return try JSONValue(parsing: request.body)
    } catch {
      throw ControlError(400, "the body is not JSON: \(error.description)")
    }
  }

  private func addFaults(_ body: JSONValue) throws(ControlError) -> JSONValue {
    var ids: [JSONValue] = []
    for description in body.array ?? [body] {
      var fault = try FaultReading.fault(description)
      // A script may know the token and not its label.
      if let token = fault.match.token, let label = simulation.tokens.identity(of: token)?.label {
        fault.match.token = label
      }
      ids.append(JSONValue(simulation.faults.add(fault)))
    }
    return body.array == nil ? ["id": ids[0]] : ["ids": .array(ids)]
  }

  private func changeToken(_ body: JSONValue) throws(ControlError) -> JSONValue {
    guard let name = body["token"]?.string else { throw ControlError(400, "token is missing") }
    let tokens = simulation.tokens
    guard let token = tokens.token(labelled: name) ?? tokens.identity(of: name)?.token else {
      throw ControlError(404, "no token \(name)")
    }
    if let pageID = body["page"]?.string {
      let text = body["trouble"]?.string ?? PageTrouble.roleLost.rawValue
      let trouble = PageTrouble(rawValue: text)
      guard trouble != nil || text == "none" else { throw ControlError(400, "no trouble \(text)") }
      tokens.set(trouble, userID: token.userID, pageID: pageID)
    }
    if let text = body["state"]?.string {
      guard let state = TokenState(rawValue: text) else { throw ControlError(400, "no state \(text)") }
      _ = tokens.change(token.label) { $0.state = state }
    }
    if let seconds = body["expires_in"]?.int64 {
      _ = tokens.change(token.label) { $0.expiresAt = GraphTime.now() + Int(seconds) }
    }
    return [:]
  }

  /// The app and the tokens: this is no secret here, everything is invented.
  private func describeWorld() -> JSONValue {
    let world = simulation.world
    let tokens = simulation.tokens.all.map { token -> JSONValue in
      [
        "label": .string(token.label), "token": .string(token.value), "user_id": .string(token.userID),
        "user_name": JSONValue(world.user(token.userID)?.name), "state": .string(token.state.rawValue),
        "expires_at": JSONValue(token.expiresAt),
        "pages": JSONValue(world.user(token.userID)?.roles.count ?? 0),
        "scopes": .array(token.scopes.map(JSONValue.string)),
      ]
    }
    return [
      "url": .string(simulation.base), "version": .string(Versions.newest), "app_id": .string(world.appID),
      "app_secret": .string(world.appSecret), "requires_proof": .bool(world.requiresProof),
      "tokens": .array(tokens),
    ]
  }
}

/// What a script did wrong.
struct ControlError: Error {
  var status: Int
  var message: String

  init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }
}

extension Reply {
  fileprivate static func control(_ status: Int, _ body: JSONValue) -> Reply {
    Reply(
      status: status, headers: [Header("Content-Type", "application/json")],
      body: body.serialized() + [UInt8(ascii: "\n")])
  }
}

extension CallRecord {
  fileprivate var json: JSONValue {
    var parameters = JSONObject()
    for (name, value) in query.sorted(by: { $0.key < $1.key }) { parameters[name] = .string(value) }
    return [
      "n": JSONValue(number), "method": .string(method), "path": .string(path),
      "endpoint": .string(endpoint.rawValue), "query": .object(parameters), "token": JSONValue(tokenLabel),
      "token_place": .string(tokenPlace), "proof": .bool(hasProof), "status": JSONValue(status),
      "time": JSONValue(time), "user_agent": JSONValue(userAgent),
      "accept_encoding": JSONValue(acceptEncoding),
    ]
  }
}
