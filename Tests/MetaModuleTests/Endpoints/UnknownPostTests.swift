import Cryptography
import GraphSimulator
import JSON
import Testing

@testable import Cache
@testable import MetaModule
@testable import Store
@testable import Text

/// `GET /post/<post_id>/` for ids that nobody knows: what they may cost.
@Suite struct UnknownPostTests {
  private static let unknown = "17000000000000000"

  /// Two keys, `mm_one` and `mm_two`, a mapped client, and further tokens that no mapping uses.
  private static func harness(tokens: String...) throws -> Harness {
    let harness = try Harness()
    harness.addClient()
    for label in tokens { harness.addToken(label) }
    harness.simulator.clearCalls()
    for key in ["mm_one", "mm_two"] {
      _ = try harness.store().insertKey(
        label: key, scope: .read, prefix: key, hash: SHA256.digest(Array(key.utf8)))
    }
    return harness
  }

  private static func post(_ id: String, key: String = "mm_one") -> Request {
    var request = Request("GET", "/post/\(id)/")
    request.take("HTTP_X_API_KEY", key)
    return request
  }

  @Test func `that nobody knows a post is remembered, in every process`() throws {
    let harness = try Self.harness()
    let another = try harness.another()
    for _ in 0..<3 {
      #expect(harness.send(Self.post(Self.unknown)).status == 404)
      #expect(Answer(another.respond(to: Self.post(Self.unknown))).status == 404)
    }
    #expect(harness.simulator.calls().count == 1)
  }

  @Test func `it is remembered for a minute`() throws {
    let harness = try Self.harness()
    let cache = try #require(harness.application.rooms.cache)
    let memory = UnknownPosts(cache)
    let now = Timestamp.now
    memory.remember("1", owner: nil, tokens: [], now: now)
    func isKnown(after seconds: Int64) -> Bool {
      memory.knownOwner(of: "1", tokens: [], now: Timestamp(seconds: now.seconds + seconds)) != nil
    }
    #expect(isKnown(after: 0))
    #expect(isKnown(after: 59))
    #expect(!isKnown(after: 60))
    #expect(memory.knownOwner(of: "2", tokens: [], now: now) == nil)
  }

  @Test func `a post that somebody might know by now is asked for again`() throws {
    let harness = try Self.harness(tokens: "maria")
    let marias = "180120000000000000"
    let john = try #require(try harness.token(1))
    #expect(harness.send(Self.post(marias)).status == 404)
    harness.simulator.clearCalls()
    #expect(harness.send(Self.post(marias)).status == 404)
    #expect(harness.simulator.calls().isEmpty)

    // A mapping brings another token into use.
    _ = try harness.store().saveMapping(
      NewMapping(
        clientID: "other", pageID: "1", instagramAccountID: nil, sealedPageToken: john.sealedToken, tokenID: 2
      ))
    // Maria's token shows it, but her account is not mapped.
    #expect(harness.send(Self.post(marias)).status == 404)
    #expect(Set(harness.simulator.calls().map(\.tokenLabel)) == ["john", "maria"])
    harness.simulator.clearCalls()
    #expect(harness.send(Self.post(marias)).status == 404)
    #expect(harness.simulator.calls().isEmpty)

    // Her account is mapped now, by a mapping that brings no token.
    _ = try harness.store().saveMapping(
      NewMapping(
        clientID: "maria", pageID: "2", instagramAccountID: "17841472020051826",
        sealedPageToken: john.sealedToken,
        tokenID: 2))
    #expect(harness.send(Self.post(marias)).status == 200)
  }

  @Test func `what could not be asked is not taken for unknown`() throws {
    let harness = try Self.harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 2)), count: 9))
    #expect(harness.send(Self.post(Self.unknown)).status == 502)
    harness.simulator.clearFaults()
    #expect(harness.send(Self.post(Self.unknown)).status == 404)
  }

  @Test func `a key may ask for twenty unknown posts at once, then two a second`() throws {
    let harness = try Self.harness()
    let another = try harness.another()
    var answers: [Answer] = []
    for number in 0..<60 {
      let application = number.isMultiple(of: 2) ? harness.application : another
      answers.append(Answer(application.respond(to: Self.post("1700\(number)"))))
    }
    let refused = answers.filter { $0.status == 429 }
    #expect(answers.prefix(20).allSatisfy { $0.status == 404 })
    #expect(refused.count >= 20, "as long as sixty answers take less than ten seconds")
    #expect(refused.first?.header("Retry-After") == "1")
    #expect(refused.first?.reason == "rate_limited")
    #expect(harness.simulator.calls().count == 60 - refused.count)
    #expect(
      Answer(another.respond(to: Self.post("17002"))).status == 404, "it is remembered: no turn is needed")
    #expect(harness.send(Self.post("17999", key: "mm_two")).status == 404, "another key is not held back")
  }

  @Test func `a key's turn comes back with time, and a clock that stepped back takes none away`() throws {
    let harness = try Self.harness()
    let cache = try #require(harness.application.rooms.cache)
    let memory = UnknownPosts(cache)
    let start: Int64 = 1_000_000_000
    for _ in 0..<20 { #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start) == nil) }
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start) == 1)
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start + 499) == 1)
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start + 500) == nil)
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start + 501) == 1)
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start - 86_400_000) == 1)
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start - 86_399_500) == nil)
    for _ in 0..<20 { #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start + 20_000) == nil) }
    #expect(memory.secondsUntilTurn(of: 7, atMilliseconds: start + 20_000) == 1)
  }

  @Test func `only tokens that a mapping uses are asked`() throws {
    let harness = try Self.harness(tokens: "maria", "yusuf")
    #expect(harness.send(Self.post(Self.unknown)).status == 404)
    #expect(harness.simulator.calls().map(\.tokenLabel) == ["john"])
  }

  @Test func `however many posts are unknown, they take few files`() throws {
    let harness = try Self.harness()
    let cache = try #require(harness.application.rooms.cache)
    let memory = UnknownPosts(cache)
    for id in 0..<3000 { memory.remember("\(id)", owner: "17", tokens: [], now: .now) }
    #expect(try cache.statistics(now: .now).entries <= UnknownPosts.places)
  }
}
