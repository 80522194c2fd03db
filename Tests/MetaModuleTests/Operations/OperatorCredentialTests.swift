import Cryptography
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

@Suite struct OperatorCredentialTests {
  @Test func `a fresh installation serves this machine; after apikey create only those who have the key`()
    throws
  {
    let harness = try Harness()
    #expect(harness.send("GET", "/tokens/").status == 200)
    let elsewhere = { (request: inout Request) in request.remoteAddress = "203.0.113.7" }
    let refusal = harness.send("GET", "/tokens/", elsewhere)
    #expect(refusal.status == 403)
    #expect(refusal.detail?.contains("metactl apikey create") == true)

    let made = try harness.application.createAPIKey(label: "Website", scope: .admin)
    #expect(harness.send("GET", "/tokens/").status == 401)
    #expect(harness.send("GET", "/tokens/", elsewhere).status == 401)
    #expect(harness.send("GET", "/tokens/") { $0.apiKey = made.key.revealed() }.status == 200)
    #expect(
      harness.send("GET", "/tokens/") {
        elsewhere(&$0)
        $0.authorization = "Bearer " + made.key.revealed()
      }.status == 200)
  }

  @Test func `a key is mm_ and 32 bytes, stored as its SHA-256 alone, and told once`() throws {
    let harness = try Harness()
    let made = try harness.application.createAPIKey(label: " Website ", scope: .read)
    let text = made.key.revealed()
    #expect(text.hasPrefix("mm_"))
    #expect(Base64URL.decode(String(text.dropFirst(3)), padded: false)?.count == 32)
    #expect(made.row.label == "Website")
    #expect(try harness.store().key(hash: SHA256.digest(Array(text.utf8)))?.id == made.row.id)
    #expect(try harness.application.apiKeys().map(\.prefix) == [String(text.prefix(9))])
    #expect("\(made)".contains(text) == false)
    #expect(try harness.application.createAPIKey(label: "Website", scope: .read).key != made.key)
    #expect(try harness.store().events(limit: 9).map(\.action) == ["apikey.create", "apikey.create"])
  }

  @Test(arguments: ["", "  ", String(repeating: "x", count: 256), "a\u{7}b"])
  func `a label that cannot be used changes nothing`(label: String) throws {
    let harness = try Harness()
    #expect(throws: OperationError.self) {
      try harness.application.createAPIKey(label: label, scope: .admin)
    }
    #expect(try harness.application.apiKeys().isEmpty)
    #expect(harness.send("GET", "/tokens/").status == 200)
  }

  @Test func `a revoked key opens nothing, and the last one tells that none is left`() throws {
    let harness = try Harness()
    let first = try harness.application.createAPIKey(label: "1", scope: .admin)
    let second = try harness.application.createAPIKey(label: "2", scope: .admin)
    #expect(try harness.application.revokeAPIKey(first.row.id).keysInForce == 1)
    #expect(harness.send("GET", "/tokens/") { $0.apiKey = first.key.revealed() }.status == 401)
    #expect(harness.send("GET", "/tokens/") { $0.apiKey = second.key.revealed() }.status == 200)
    #expect(try harness.application.revokeAPIKey(second.row.id).keysInForce == 0)
    #expect(throws: OperationError.self) { try harness.application.revokeAPIKey(second.row.id) }
    #expect(throws: OperationError.self) { try harness.application.revokeAPIKey(99) }
  }

  @Test func `a password of 9 or 257 bytes is refused and changes nothing`() throws {
    let harness = try Harness()
    for password in [String(repeating: "x", count: 9), String(repeating: "x", count: 257), ""] {
      #expect(throws: OperationError.self) { try harness.application.setAdminPassword(Secret(password)) }
    }
    #expect(try harness.store().passwordHash() == nil)
    for password in [String(repeating: "x", count: 10), String(repeating: "é", count: 128)] {
      _ = try harness.application.setAdminPassword(Secret(password))
      #expect(
        PasswordHash.verify(Array(password.utf8), against: try #require(try harness.store().passwordHash())))
    }
  }

  @Test func `a new password ends every session`() throws {
    let harness = try Harness()
    #expect(try harness.application.setAdminPassword(Secret("first password")) == false)
    let answer = Answer(
      harness.application.respond(to: Request("POST", "/session/", json: #"{"password":"first password"}"#)))
    let cookie = try #require(answer.header("Set-Cookie")?.split(separator: ";").first.map(String.init))
    #expect(harness.send("GET", "/tokens/") { $0.cookie = cookie }.status == 200)
    #expect(try harness.application.setAdminPassword(Secret("second password")))
    #expect(harness.send("GET", "/tokens/") { $0.cookie = cookie }.status == 401)
  }
}
