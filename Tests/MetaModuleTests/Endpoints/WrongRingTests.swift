import Cryptography
import Foundation
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// A ring is held against what is stored, not against what was seen once (API.md, section 5).
@Suite struct WrongRingTests {
  private let (old, new): (FernetKey, FernetKey)
  private let harness: Harness

  init() throws {
    (old, new) = (try FernetKey.generate(), try FernetKey.generate())
    harness = try Harness(settings: ["META_FERNET_KEYS": old.revealed()])
    harness.addClient()
  }

  private func with(_ keys: FernetKey...) throws -> Application {
    try harness.another(settings: ["META_FERNET_KEYS": keys.map { $0.revealed() }.joined(separator: ",")])
  }

  private func send(_ application: Application, _ method: String, _ target: String, _ json: String? = nil)
    -> Answer
  {
    Answer(application.respond(to: Request(method, target, json: json)))
  }

  private func recorded() throws -> [String] {
    try harness.store().setting(Store.fingerprintSetting)?.split(separator: " ").map(String.init) ?? []
  }

  @Test func `a ring that opens nothing of what is stored is wrong, although its key was seen once`() throws {
    let both = try with(new, old)
    both.prepare()
    #expect(send(both, "GET", "/pages/").status == 200)
    #expect(send(both, "GET", "/health/").status == 200)
    let alone = try with(new)
    let sealed = try harness.token(1)?.sealedToken
    #expect(send(alone, "GET", "/health/").status == 503)
    #expect(alone.status().contains { $0.check == "key" && $0.level == .trouble })
    let token = harness.simulator.token("maria")
    for (method, target, body) in [
      ("GET", "/pages/", nil), ("POST", "/tokens/", #"{"access_token":"\#(token)","account_label":"m"}"#),
      ("POST", "/sync/", #"{"client_id":"new","fb_page_id":"104567890123","token_id":1}"#),
    ] {
      #expect(send(alone, method, target, body).status == 503, "\(method) \(target)")
    }
    #expect(send(alone, "GET", "/tokens/").json["tokens"]?[0]?["status_reason"] == "key_missing")
    #expect(send(alone, "GET", "/tokens/").json["tokens"]?[0]?["status"] == "active")
    #expect(try harness.token(1)?.sealedToken == sealed)
    #expect(try harness.store().tokens(limit: 9).count == 1)
    // The right one again, and all is well.
    #expect(send(try with(new, old), "GET", "/health/").status == 200)
  }

  @Test func `another process's resealing makes the ring that was right the wrong one`() throws {
    let first = try with(old)
    #expect(send(first, "GET", "/health/").status == 200)
    _ = try with(new, old).resealWithNewestKey()
    #expect(send(first, "GET", "/health/").status == 503)
    #expect(
      send(first, "POST", "/sync/", #"{"client_id":"n","fb_page_id":"104567890123","token_id":1}"#).status
        == 503)
  }

  @Test
  func `a fingerprint is recorded when something is sealed with its key, and forgotten when nothing is`()
    throws
  {
    let both = try with(new, old)
    both.prepare()
    _ = send(both, "GET", "/pages/")
    #expect(try recorded() == [old.fingerprint])
    #expect(
      send(both, "POST", "/sync/", #"{"client_id":"n","fb_page_id":"104567890123","token_id":1}"#).status
        == 200)
    #expect(try Set(recorded()) == [old.fingerprint, new.fingerprint])
    _ = try both.resealWithNewestKey()
    #expect(try recorded() == [new.fingerprint])
  }

  @Test func `where nothing is stored any more, a lost key file is no loss`() throws {
    let harness = try Harness()
    harness.addClient()
    _ = try harness.store().removeMapping(1)
    _ = try harness.store().removeToken(1, force: true)
    let path = harness.application.configuration.keyFilePath
    #expect(unlink(path) == 0)
    #expect(harness.addToken("maria") > 0)
    #expect(access(path, F_OK) == 0)
  }

  @Test func `a ring that was accepted stays accepted, and no other one with it`() throws {
    let alone = try with(new)
    #expect(try alone.acceptKeyRing() == 2)
    #expect(send(alone, "GET", "/health/").status == 200)
    #expect(send(try with(new), "GET", "/health/").status == 200)
    #expect(send(try with(FernetKey.generate()), "GET", "/health/").status == 503)
  }
}
