import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// Whose refusal a failure is: the user's token's, or our app's, whom `debug_token` and the exchange are asked as
/// (API.md, section 2, "Marking").
@Suite struct WhoseRefusalTests {
  /// Settings that make our app wrong, each in another way.
  static let wrong: [[String: String]] = [
    ["META_APP_ID": "401490103558218", "META_APP_SECRET": World.demo.appSecret],
    ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": "wrong"],
    ["META_APP_ID": "1", "META_APP_SECRET": "wrong"],
    appSettings.merging(["META_GRAPH_VERSION": "v99.0"]) { $1 },
  ]

  @Test(arguments: wrong)
  func `an app that Graph refuses costs no token anything, and is told as such`(settings: [String: String])
    throws
  {
    // Given tokens of every age: just come, ending within days, and of an hour.
    let harness = try Harness()
    for label in ["john", "maria", "yusuf"] { harness.addToken(label) }
    let rows = try harness.store().tokens(limit: 9)
    let broken = try harness.another(settings: settings)

    // When they are refreshed, checked and listed.
    let report = try broken.refreshTokens()
    let checked = Answer(broken.respond(to: Request("POST", "/tokens/1/check/")))
    _ = broken.respond(to: Request("GET", "/pages/"))

    // Then every failure says whose it is, and no row has changed.
    #expect(report.entries.map(\.outcome) == [.failed, .failed, .failed])
    #expect(report.entries.map(\.reason) == ["app_refused", "app_refused", "app_refused"])
    #expect(checked.status == 503)
    #expect(checked.reason == "app_refused")
    #expect(checked.header("Retry-After") != nil)
    #expect(try harness.store().tokens(limit: 9) == rows)
    // And it stands where an operator looks.
    let health = Answer(broken.respond(to: Request("GET", "/health/")))
    #expect(health.status == 503)
    #expect(health.json["checks"]?["graph"]?["detail"]?.string?.contains("app_refused") == true)
    let status = broken.status().first { $0.check == "app" }
    #expect(status?.level == .trouble)
    let doctor = Doctor(broken.configuration).app(isReachable: true)
    #expect(doctor.level == .trouble)
    let isVersion = settings["META_GRAPH_VERSION"] != nil
    for finding in [status, doctor] {
      #expect(finding?.detail.contains("app_refused") == true)
      #expect(finding?.remedy?.contains(isVersion ? "META_GRAPH_VERSION" : "META_APP_SECRET") == true)
      #expect(finding?.remedy?.contains("META_APP_SECRET") == !isVersion, "the secret is not to blame")
    }
  }

  @Test func `whether our secret is wrong is asked once, however many tokens it does not fit`() throws {
    let harness = try Harness()
    for label in ["john", "maria", "yusuf"] { harness.addToken(label) }
    let broken = try harness.another(settings: Self.wrong[1])
    harness.simulator.clearCalls()
    #expect(Answer(broken.respond(to: Request("GET", "/pages/"))).status == 503)
    #expect(harness.simulator.counts()[.debugToken] == 1)
  }

  @Test func `an extension asks no token to pay for a mistyped app`() throws {
    let harness = try Harness()
    harness.addToken("short")
    _ = try harness.another(settings: appSettings).store().renewToken(
      1, with: try #require(try harness.token(1)).sealedToken,
      facts: TokenFacts(expiresAt: Timestamp(seconds: Timestamp.now.seconds + 3600)),
      ifSealedIs: try #require(try harness.token(1)).sealedToken)
    for settings in Self.wrong {
      let report = try harness.another(settings: settings).refreshTokens()
      #expect(report.entries.map(\.reason) == ["app_refused"])
      #expect(try harness.token(1)?.status == .active)
    }
    #expect(try harness.another(settings: appSettings).refreshTokens().entries.map(\.outcome) == [.extended])
  }

  @Test func `once the app is taken again, nothing is left of it`() throws {
    let harness = try Harness(settings: appSettings)
    harness.addToken("john")
    harness.simulator.addFault(Fault(.error(GraphError(code: 190)), match: .init(endpoint: .debugToken)))
    #expect(harness.send("POST", "/tokens/1/check/").reason == "app_refused")
    #expect(harness.send("GET", "/health/").status == 503)
    // A call as a user says nothing of the app.
    harness.send("GET", "/pages/")
    #expect(harness.send("GET", "/health/").status == 503)
    harness.simulator.clearFaults()
    #expect(harness.send("POST", "/tokens/1/check/").json["status"] == "active")
    #expect(harness.send("GET", "/health/").status == 200)
  }

  @Test func `another app's token is told as that, and is not marked`() throws {
    let harness = try Harness()
    harness.addToken("wrong-app")
    let ours = try harness.another(settings: appSettings)
    #expect(try ours.refreshTokens().entries.map(\.reason) == ["other_app"])
    let row = Answer(ours.respond(to: Request("POST", "/tokens/1/check/")))
    #expect(row.status == 200)
    #expect(row.json["status"] == "active")
    #expect(row.json["status_reason"] == "other_app")
    #expect(row.json["warnings"]?[0]?.string?.contains("another app") == true)
    let health = Answer(ours.respond(to: Request("GET", "/health/")))
    #expect(health.status == 200, "one foreign token is not our app's trouble")
    #expect(ours.status().contains { $0.level == .trouble && $0.detail.contains("another app") })
    // Without an app of ours it works, and the row says so.
    #expect(harness.send("GET", "/pages/").json["pages"]?.array?.isEmpty == false)
    #expect(try harness.token(1)?.statusReason == nil)
  }

  @Test func `what debug_token says of the inspected token still marks it`() throws {
    let harness = try Harness(settings: appSettings)
    harness.addToken("john")
    harness.simulator.addFault(
      Fault(
        MarkingTests.raw(
          #"{"data":{"app_id":"\#(World.defaultAppID)","is_valid":false,"scopes":[],"error":{"code":190,"subcode":460}}}"#
        ), match: .init(endpoint: .debugToken)))
    #expect(harness.send("POST", "/tokens/1/check/").json["status_reason"] == "password_changed")
    #expect(try harness.token(1)?.status == .invalid)
  }

  @Test func `a refused app does not take a grid away that is still there`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    try harness.age(seconds: 400)
    let broken = try harness.another(settings: Self.wrong[1])
    let answer = Answer(broken.respond(to: Request("GET", "/instagram/client_001/")))
    #expect(answer.status == 200)
    #expect(answer.header("X-Cache") == "stale")
  }

  @Test func `a version that died is told, since Graph answers in its place without a word`() throws {
    let harness = try Harness(settings: appSettings.merging(["META_GRAPH_VERSION": "v19.0"]) { $1 })
    harness.addToken("john")
    let health = harness.send("GET", "/health/").json["checks"]?["graph"]
    #expect(health?["status"] == "warning")
    #expect(harness.application.status().contains { $0.check == "version" && $0.detail.contains("v19.0") })
    let doctor = Doctor(harness.application.configuration).app(isReachable: true)
    #expect(doctor.level == .warning)
    #expect(doctor.remedy?.contains("META_GRAPH_VERSION") == true)
  }
}
