import Cryptography
import Foundation
import GraphSimulator
import JSON
import MetaModule
import Testing
import Text

/// `refresh` over many tokens of which a tenth fail, each in another way that the simulator has.
@Suite struct RefreshTortureTests {
  private enum Trouble {
    case state(TokenState)
    case fault(Fault.Kind)
  }

  private static let troubles: [Trouble] = {
    let faults: [Fault.Kind] = [
      .error(GraphError(code: 2, status: 500)), .error(GraphError(code: 190, subcode: 463)),
      .html(status: 500),
      .error(GraphError(code: 10)), .throttled(code: 4, minutes: 0), .throttled(code: 80002, minutes: 7),
      .hang,
      .tooManyRequests(retryAfter: 600), .errorInSuccess(GraphError(code: 190)), .empty(status: 502),

      .truncated(bytes: 12), .reset(afterBytes: nil), .reset(afterBytes: 20), .drip(milliseconds: 500),
      .notHTTP,
      .redirect(location: "http://192.0.2.1/"), .endless(bytes: 32 << 20), .gzipBomb(bytes: 64 << 20),
      .raw(status: 200, headers: [:], body: Array("[]".utf8)),
    ]
    let states = TokenState.allCases.filter { $0 != .active }
    var all: [Trouble] = []
    for index in 0..<max(faults.count, states.count) {
      if index < states.count { all.append(.state(states[index])) }
      if index < faults.count { all.append(.fault(faults[index])) }
    }
    return all
  }()

  private static func isBad(_ index: Int) -> Bool { index % 10 == 3 }

  private func installation(_ count: Int) throws -> Installation {
    var world = World.generated(seed: 7, tokens: count, pagesPerToken: 1, mediaPerAccount: 1)
    let now = Int(Timestamp.now.seconds)
    world.tokens = world.tokens.map {
      AccessToken(
        label: $0.label, value: $0.value, userID: $0.userID, issuedAt: now - 60, livesFor: 7200,
        isShortLived: true)
    }
    let installation = try Installation(
      world: world, simulatedLatency: 5,
      settings: Installation.app.merging(["META_GRAPH_TIMEOUT": "6"]) { $1 })
    try installation.store(
      world.tokens.map { ($0.label, $0.value, $0.userID, Timestamp(seconds: Int64(now + 7140))) })
    for index in 0..<count where Self.isBad(index) {
      switch Self.troubles[index / 10 % Self.troubles.count] {
      case .state(let state): installation.simulator.setState(state, ofToken: "t\(index)")
      case .fault(let kind):
        installation.simulator.addFault(Fault(kind, match: .init(token: "t\(index)-long")))
      }
    }
    return installation
  }

  /// Every row holds a token that is its own: the old one, or, of the good ones, the new one. Returns how many are new.
  private func extended(_ installation: Installation, _ count: Int) throws -> Int {
    let plain = try installation.plainTokens()
    #expect(plain.count == count)
    var extended = 0
    for index in 0..<count {
      let token = plain["t\(index)"] ?? nil
      if token == installation.simulator.token("t\(index)-long") {
        extended += 1
        #expect(!Self.isBad(index), "t\(index) was extended by a token that did not answer")
      } else {
        #expect(token == installation.simulator.token("t\(index)"), "t\(index) lost its token")
      }
    }
    return extended
  }

  @Test func `all good tokens are extended, none is lost, each bad one has its reason, whatever is killed`()
    throws
  {
    let count = Torture.size("TOKENS", quick: 100)
    let kills = Torture.size("KILLS", quick: 3)
    let bad = (0..<count).count(where: Self.isBad)

    let rehearsal = try installation(count)
    let start = ContinuousClock.now
    let whole = try rehearsal.metactl("refresh", "--json")
    let elapsed = (ContinuousClock.now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    #expect(whole.status == 1, "\(whole.text.prefix(500))")
    for entry in whole.json["tokens"]?.array ?? [] where entry["outcome"]?.string == "failed" {
      let index = Int(entry["account_label"]?.string?.dropFirst() ?? "") ?? 0
      #expect(Self.isBad(index), "\(entry.serializedText())")
    }
    #expect(whole.json["counts"]?["extended"]?.int64 == Int64(count - bad))
    #expect(whole.json["counts"]?["failed"]?.int64 == Int64(bad))
    #expect(try extended(rehearsal, count) == count - bad)
    Torture.report("\(count) tokens, \(bad) bad: \(count - bad) extended at once, in \(Int(seconds)) s")

    let victim = try installation(count)
    var cutOff = 0
    // Together they last about as long as one whole run, so that there is something left to kill.
    for _ in 0..<kills {
      if try Torture.kill(
        victim.command(["refresh"]), after: Double.random(in: 0...2 * seconds / Double(kills)))
      {
        cutOff += 1
      }
      let done = try extended(victim, count)
      Torture.report("killed; \(done) extended so far")
    }
    let last = try victim.metactl("refresh", "--json")
    #expect(last.status == 0 || last.status == 1, "\(last.text.prefix(500))")
    #expect(try extended(victim, count) == count - bad)
    let tokens = last.json["tokens"]?.array ?? []
    for index in 0..<count where Self.isBad(index) {
      let entry = tokens.first { $0["account_label"]?.string == "t\(index)" }
      #expect(entry?["reason"]?.string?.isEmpty == false, "t\(index): \(entry?.serializedText() ?? "")")
      #expect(["failed", "inactive"].contains(entry?["outcome"]?.string))
    }
    Torture.report(
      "\(kills) kills -9, \(cutOff) of them in the middle: the same \(count - bad) extended, 0 lost, \(bad) with a reason"
    )
  }
}
