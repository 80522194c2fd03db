import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// What is pasted that is no user's token, or one with a flaw (API.md, section 3).
@Suite struct PastedTokenTests {
  private static func paste(_ token: String, _ harness: Harness) -> Answer {
    let body: JSONValue = ["access_token": .string(token), "account_label": "pasted"]
    return harness.send("POST", "/tokens/", body.serializedText())
  }

  private static func sentence(_ answer: Answer) -> String { answer.json["access_token"]?[0]?.string ?? "" }

  @Test(arguments: [[:], appSettings])
  func `each other kind of token is refused with a sentence of its own`(settings: [String: String]) throws {
    let harness = try Harness(settings: settings)
    let tokens = [
      "Instagram Login": "IGAAJb" + String(repeating: "x", count: 120),
      "a Page's": harness.simulator.pageToken("john", page: "104567890123"),
      "an app's": "\(World.defaultAppID)|\(World.demo.appSecret)",
    ]
    for (words, token) in tokens {
      let answer = Self.paste(token, harness)
      #expect(answer.status == 400, "\(words)")
      #expect(Self.sentence(answer).contains(words), "\(answer.text)")
      #expect(!answer.text.contains(token))
    }
    #expect(try harness.store().tokens(limit: 1).isEmpty)
  }

  @Test func `another app's token is named as that where an app is configured`() throws {
    let harness = try Harness(settings: appSettings)
    let answer = Self.paste(harness.simulator.token("wrong-app"), harness)
    #expect(answer.status == 400)
    #expect(Self.sentence(answer).contains("another app than META_APP_ID"))
    let verified = harness.send(
      "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("wrong-app"))"}"#)
    #expect(Self.sentence(verified) == Self.sentence(answer))
    #expect(harness.send("GET", "/health/").status == 200)
  }

  @Test func `a Page's token that was stored once is told in the list, and is no upstream error`() throws {
    let harness = try Harness()
    try harness.plant(harness.simulator.pageToken("john", page: "104567890123"))
    let alone = harness.send("GET", "/pages/")
    #expect(alone.status == 200)
    #expect(alone.json["warnings"]?[0]?["detail"]?.string?.contains("a Page's token") == true)
    #expect(try harness.token(1)?.statusReason == "wrong_kind")
    #expect(try harness.token(1)?.status == .active)
  }

  @Test func `a token that Graph declines to exchange is stored with a word of warning`() throws {
    for fault in [
      Fault.Kind.error(GraphError(code: 100)), .error(GraphError(code: 190)), .error(GraphError(code: 10)),
      MarkingTests.raw("{}"), MarkingTests.raw(#"{"access_token":7}"#),
    ] {
      let harness = try Harness(settings: appSettings)
      harness.simulator.setExpiry(GraphTime.now() + 20 * 86400, ofToken: "maria")
      harness.simulator.addFault(Fault(fault, match: .init(endpoint: .oauth)))
      let answer = Self.paste(harness.simulator.token("maria"), harness)
      #expect(answer.status == 201)
      #expect(answer.json["status"] == "active")
      #expect(answer.json["status_reason"] == "not_extended")
      #expect(answer.json["warnings"]?[0]?.string?.contains("no longer-lived token") == true)
      #expect(try harness.plainToken(1) == harness.simulator.token("maria"))
    }
  }

  @Test func `in the place of a stored one it bears the same word`() throws {
    let harness = try Harness(settings: appSettings)
    harness.addToken("maria")
    harness.simulator.setExpiry(GraphTime.now() + 20 * 86400, ofToken: "maria")
    harness.simulator.addFault(Fault(.error(GraphError(code: 100)), match: .init(endpoint: .oauth)))
    let answer = harness.send(
      "PATCH", "/tokens/1/", #"{"access_token":"\#(harness.simulator.token("maria"))"}"#)
    #expect(answer.json["status"] == "active")
    #expect(answer.json["status_reason"] == "not_extended")
  }

  @Test func `an exchanged token that is not valid is not stored`() throws {
    let harness = try Harness(settings: appSettings)
    harness.simulator.addFault(
      Fault(
        MarkingTests.raw(#"{"data":{"is_valid":false,"scopes":[],"error":{"code":190,"message":"x"}}}"#),
        match: .init(endpoint: .debugToken), skip: 1))
    let answer = Self.paste(harness.simulator.token("short"), harness)
    #expect(answer.status == 201)
    #expect(answer.json["status_reason"] == "not_extended")
    #expect(try harness.plainToken(1) == harness.simulator.token("short"))
  }

  @Test func `a system user's token is renewed as one, and is known as one`() throws {
    let harness = try Harness(settings: appSettings)
    let answer = Self.paste(harness.simulator.token("system-user"), harness)
    #expect(answer.json["kind"] == "system_user")
    #expect(try harness.plainToken(1) == harness.simulator.token("system-user-long"))
    let exchange = harness.simulator.calls().first { $0.endpoint == .oauth }
    #expect(exchange?.form["set_token_expires_in_60_days"] == "true")
    // A refresh, too, when it is due.
    _ = try harness.store().renewToken(
      1, with: harness.application.keyRing().seal(Array(harness.simulator.token("system-user").utf8)),
      facts: TokenFacts(expiresAt: Timestamp(seconds: Timestamp.now.seconds + 86400)),
      ifSealedIs: try #require(try harness.token(1)).sealedToken)
    #expect(try harness.application.refreshTokens().entries.map(\.outcome) == [.extended])
    #expect(try harness.plainToken(1) == harness.simulator.token("system-user-long"))
    harness.addToken("john")
    let kinds = harness.send("GET", "/tokens/").json["tokens"]?.array?.map { $0["kind"]?.string }
    #expect(kinds == ["system_user", "user"])
  }

  // MARK: - Say what is

  @Test func `a token whose told end is past and that works has another end, not none at all times`() throws {
    let harness = try Harness()
    let past = Timestamp(seconds: Timestamp.now.seconds - 3600)
    try harness.plant(harness.simulator.token("john"), expiresAt: past)
    #expect(harness.send("GET", "/tokens/").json["tokens"]?[0]?["status"] == "expired")
    let checked = harness.send("POST", "/tokens/1/check/")
    #expect(checked.json["status"] == "active")
    #expect(checked.json["expires_at"] == .null, "Graph has disproved it")
    #expect(harness.send("GET", "/tokens/").json["tokens"]?[0]?["status"] == "active")
  }

  @Test func `a role on a Page that was lost is told by a check, and when the token is replaced`() throws {
    for settings in [[:], appSettings] {
      let harness = try Harness(settings: settings)
      harness.addClient()
      let before = try harness.mapping("client_001")
      harness.simulator.setTrouble(.roleLost, page: "104567890123", ofToken: "john")
      let checked = harness.send("POST", "/tokens/1/check/")
      #expect(checked.json["status"] == "active")
      let replaced = harness.send(
        "PATCH", "/tokens/1/", #"{"access_token":"\#(harness.simulator.token("forever"))"}"#)
      #expect(replaced.status == 200)
      for answer in [checked, replaced] {
        let warning = answer.json["warnings"]?[0]?.string ?? ""
        #expect(warning.contains("client_001") && warning.contains("104567890123"), "\(answer.text)")
      }
      #expect(try harness.mapping("client_001")?.sealedPageToken == before?.sealedPageToken)
      harness.simulator.setTrouble(nil, page: "104567890123", ofToken: "john")
      #expect(harness.send("POST", "/tokens/1/check/").json["warnings"] == nil)
    }
  }
}
