import SQL
import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule

/// When Graph is asked again, after how long, and when it is left alone (API.md, section 2, "Retries").
@Suite struct RetryTests {
  private static let verify = #"{"access_token":"x"}"#

  /// Milliseconds between one call and the next, as the simulator saw them arrive.
  private static func gaps(_ harness: Harness) -> [Int] {
    let times = harness.simulator.calls().map(\.time)
    return zip(times, times.dropFirst()).map { $1 - $0 }
  }

  @Test(arguments: [
    Fault.Kind.error(GraphError(code: 2)), .throttled(code: 4, minutes: 0), .tooManyRequests(retryAfter: nil),
    .reset(afterBytes: nil),
  ])
  func `each wait is twice as long as the one before`(fault: Fault.Kind) throws {
    let harness = try Harness(settings: ["META_BACKOFF_UNIT_MS": "60"])
    harness.simulator.addFault(Fault(fault))
    #expect(harness.send("POST", "/verify-user/", Self.verify).status >= 429)
    let gaps = Self.gaps(harness)
    #expect(gaps.count == 3)
    // Arrivals are rounded to milliseconds.
    for (gap, least) in zip(gaps, [60, 120, 240]) { #expect(gap >= least - 2, "\(gaps)") }
  }

  @Test func `a second attempt that succeeds is a success`() throws {
    for (failing, calls) in [(1, 2), (2, 3), (3, 4)] {
      let harness = try Harness()
      harness.simulator.addFault(Fault(.error(GraphError(code: 2)), count: failing))
      let answer = harness.send(
        "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
      #expect(answer.status == 200)
      #expect(harness.simulator.calls().count == calls)
    }
  }

  @Test func `how often is a setting`() throws {
    for retries in 0...2 {
      let harness = try Harness(settings: ["META_RETRIES": "\(retries)"])
      harness.simulator.addFault(Fault(.error(GraphError(code: 1))))
      #expect(harness.send("POST", "/verify-user/", Self.verify).status == 502)
      #expect(harness.simulator.calls().count == retries + 1)
    }
  }

  @Test func `Retry-After is obeyed where it fits the budget`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 1), count: 1))
    let answer = harness.send(
      "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
    #expect(answer.status == 200)
    #expect(Self.gaps(harness).first ?? 0 >= 998)
  }

  @Test func `a wait that does not fit the budget is not begun`() throws {
    // The first wait of two seconds fits four, the second one of four does not.
    let harness = try Harness(settings: ["META_REQUEST_BUDGET": "4", "META_BACKOFF_UNIT_MS": "2000"])
    harness.simulator.addFault(Fault(.throttled(code: 17, minutes: 0)))
    // A second wait that was begun would end with the budget, as a timeout.
    #expect(harness.send("POST", "/verify-user/", Self.verify).status == 429)
    #expect(harness.simulator.calls().count == 2)
  }

  @Test func `the budget is one for the whole request, however many calls it makes`() throws {
    let harness = try Harness(settings: [
      "META_REQUEST_BUDGET": "4", "META_APP_ID": World.defaultAppID,
      "META_APP_SECRET": "0123456789abcdef0123456789abcdef",
    ])
    harness.simulator.addFault(Fault(.latency(milliseconds: 2400)))
    let body: JSONValue = ["access_token": .string(harness.simulator.token("short")), "account_label": "a"]
    // Five calls of 2.4 s, each of which would fit four seconds of its own.
    #expect(harness.send("POST", "/tokens/", body.serializedText()).status == 504)
    #expect(harness.simulator.calls().count == 2)
  }

  // MARK: - Blocked until

  @Test func `a throttled token is left alone by every process until its time has come`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.simulator.clearCalls()
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 4), count: 1))
    let first = harness.send("GET", "/pages/")
    #expect(first.status == 429)
    #expect(first.header("Retry-After") == "4")
    #expect(first.detail == "Rate limit reached, try again in 4 seconds")
    let asked = harness.simulator.calls().count

    let other = try harness.another()
    for request in [
      Request("GET", "/pages/"),
      Request("POST", "/sync/", json: #"{"client_id":"c","fb_page_id":"104567890123","token_id":1}"#),
      Request("POST", "/verify-user/", json: #"{"access_token":"\#(harness.simulator.token("john"))"}"#),
    ] {
      let answer = Answer(other.respond(to: request))
      #expect(answer.status == 429)
      let seconds = try #require(answer.header("Retry-After").flatMap { Int($0) })
      #expect((1...4).contains(seconds))
    }
    #expect(harness.simulator.calls().count == asked, "nobody asked")

    #expect(Wait.until { other.respond(to: Request("GET", "/pages/")).status == 200 })
  }

  @Test func `another token is not held back`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.addToken("maria")
    harness.simulator.addFault(Fault(.throttled(code: 17, minutes: 0), match: .init(token: "john")))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 200)
    #expect(answer.json["warnings"]?.array?.count == 1)
    #expect(answer.json["pages"]?.array?.isEmpty == false)
    #expect(harness.sync("c", page: "112233445566778", token: 2).status == 200)
  }

  @Test func `what is remembered ends when it was said to end, however often it is looked at`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    harness.addToken("maria")
    harness.simulator.addFault(Fault(.tooManyRequests(retryAfter: 100), match: .init(token: "john")))
    harness.send("GET", "/pages/")
    let raw = try RawDatabase(harness.application.configuration.databasePath)
    let before = try raw.connection.number("SELECT max(blocked_until) FROM throttle")
    // Others take their time: the moment at which the block is looked at and that of the answer differ.
    harness.simulator.addFault(Fault(.latency(milliseconds: 1200), match: .init(token: "maria")))
    harness.send("GET", "/pages/")
    #expect(try raw.connection.number("SELECT max(blocked_until) FROM throttle") == before)
    #expect(before > 0)
  }

  @Test func `failures that are no throttling block nothing`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addToken("john")
    for fault in [Fault.Kind.error(GraphError(code: 2)), .html(status: 500), .empty(status: 502)] {
      harness.simulator.addFault(Fault(fault))
      #expect(harness.send("GET", "/pages/").status == 502)
      harness.simulator.clearFaults()
      #expect(harness.send("GET", "/pages/").status == 200)
    }
  }

  @Test func `a throttled page token answers at once, and the post of another account does not wait`() throws
  {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addClient("a")
    let maria = harness.addToken("maria")
    harness.sync("b", page: "112233445566778", token: maria)
    harness.simulator.addFault(
      Fault(.tooManyRequests(retryAfter: 50), match: .init(token: "john", endpoint: .instagram)))
    #expect(harness.send("GET", "/instagram/a/").status == 429)
    harness.simulator.clearCalls()
    #expect(harness.send("GET", "/instagram/a/").status == 429)
    #expect(harness.simulator.calls().isEmpty)
    #expect(harness.send("GET", "/instagram/b/").status == 200)
  }
}
