import Cryptography
import Glibc
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import System
@testable import Text

/// What strangers who guess the password may cost, and whom they may lock out (API.md, section 4).
@Suite struct SignInTests {
  private static let password = "correct horse battery"

  private static func harness(_ settings: [String: String] = [:]) throws -> Harness {
    let harness = try Harness(settings: settings)
    _ = try harness.application.setAdminPassword(Secret(password))
    return harness
  }

  private static func request(
    _ given: String, from address: String, forwarded: [String] = []
  ) -> Request {
    var request = Request("POST", "/session/", json: #"{"password":"\#(given)"}"#)
    request.remoteAddress = address
    for value in forwarded { request.take("HTTP_X_FORWARDED_FOR", value) }
    return request
  }

  /// So many failures, counted without the tenth of a second that each costs to check.
  private static func fail(_ times: Int, from address: String, _ harness: Harness) throws {
    let store = try harness.store()
    for _ in 0..<times { _ = try store.beginSignIn(from: address) }
  }

  // MARK: - Who is locked out

  @Test(arguments: [
    (0..<12).map { "2001:db8:1:2:\($0)::\($0)" }, (0..<12).map { _ in "::ffff:192.0.2.7" } + ["192.0.2.7"],
    (0..<12).map { "fe80::\($0)%eth0" },
  ])
  func `guesses from one household are counted together`(addresses: [String]) throws {
    let harness = try Self.harness()
    let statuses = addresses.map { harness.send(Self.request("wrong password", from: $0)).status }
    #expect(statuses.prefix(10).allSatisfy { $0 == 403 })
    #expect(statuses.dropFirst(10).allSatisfy { $0 == 429 })
    #expect(harness.send(Self.request(Self.password, from: "2001:db8:1:3::1")).status == 200)
  }

  @Test(arguments: ["", "unix:", "@"])
  func `a server that does not say who asks locks nobody out`(address: String) throws {
    let harness = try Self.harness()
    for _ in 0..<11 { #expect(harness.send(Self.request("wrong password", from: address)).status == 403) }
    #expect(harness.send(Self.request(Self.password, from: address)).status == 200)
  }

  @Test func `two hundred guesses at once from one address are ten`() throws {
    let harness = try Self.harness()
    let threads = 8
    let applications = try (0..<threads).map { _ in try harness.another() }
    let runs = applications.map { application in
      Background {
        (0..<25).map { _ in
          application.respond(to: Self.request("wrong password", from: "2001:db8::\(Int.random(in: 1...9))"))
            .status
        }
      }
    }
    let statuses = runs.flatMap { $0.result() ?? [] }
    #expect(statuses.count == 200)
    #expect(statuses.filter { $0 == 403 }.count == 10)
    #expect(statuses.filter { $0 == 429 }.count == 190)
  }

  // MARK: - Behind proxies

  @Test(
    arguments: [
      ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),  // No proxy of ours: whatever it says.
      ("10.0.0.1", [], "10.0.0.1"),
      ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
      ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
      ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
      ("10.0.0.1", ["198.51.100.1, 10.9.9.9 ,fd00::5"], "198.51.100.1"),
      ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
      ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
      ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
      ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
      ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
      // What is no address ends the search.
      ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
      ("10.0.0.1", ["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
      ("10.0.0.1", ["198.51.100.1, 10.0.0.256, 10.0.0.2"], "10.0.0.2"),
      ("10.0.0.1", ["localhost"], "10.0.0.1"), ("10.0.0.1", ["0x7f.1"], "10.0.0.1"),
      ("10.0.0.1", [","], "10.0.0.1"), ("10.0.0.1", ["1.2.3.4\u{0}"], "10.0.0.1"),
      ("11.0.0.1", ["198.51.100.1"], "11.0.0.1"),
    ] as [(String, [String], String)])
  func `the client is the right-most address that is no trusted proxy`(
    peer: String, forwarded: [String], client: String
  ) throws {
    let proxies = try TrustedProxies(parsing: "10.0.0.0/8, fd00::/8 192.0.2.250")
    #expect(
      proxies.client(of: Self.request("", from: peer, forwarded: forwarded))?.description == client)
  }

  @Test(arguments: [
    "", "unix:", "127.0.0.1.2", "localhost", "1.2.3", "01.2.3.4", "1.2.3.4 ", "::g", "1::2::3", "%eth0",
    "1.2.3.256", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.00", "1.2.3.0004", "+1.2.3.4", "1.2.3.4.", "١.2.3.4",
    "1.2.3.4\u{0}",
  ])
  func `what is no address is none`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `only a trusted peer is believed, and then the client is locked out, not the proxy`() throws {
    let harness = try Self.harness(["META_TRUSTED_PROXIES": "10.0.0.0/8"])
    try Self.fail(10, from: "198.51.100.1", harness)
    let status = { (peer: String, forwarded: [String]) in
      harness.send(Self.request(Self.password, from: peer, forwarded: forwarded)).status
    }
    #expect(status("10.0.0.1", ["198.51.100.1"]) == 429)
    #expect(status("10.0.0.1", ["203.0.113.9, 198.51.100.1"]) == 429, "the client wrote the rest")
    #expect(status("10.0.0.1", ["198.51.100.2"]) == 200)
    #expect(status("203.0.113.7", ["198.51.100.1"]) == 200, "it cannot lock somebody else out")
    #expect(
      try harness.store().events(limit: 2).map(\.address) == ["203.0.113.7", "198.51.100.2"])
  }

  @Test(arguments: [
    "x", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "/8", "fd00::/129", "10.0.0.0/8/8", "10.0.0.0/+8",
    "proxy.example",
    "10.0.0.0/ 8", "10.0.0.0;fd00::", "10.0.0.0/٨",
  ])
  func `a list of proxies that cannot be meant stops the program`(list: String) {
    #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["HOME": "/nowhere", "META_TRUSTED_PROXIES": list])
    }
  }

  @Test func `the list of proxies is shown as it is understood`() throws {
    let list = "127.0.0.1,10.0.0.0/8 ::ffff:192.0.2.0/120\tfd00::/8, ::1"
    let configuration = try Configuration(environment: ["HOME": "/nowhere", "META_TRUSTED_PROXIES": list])
    #expect(
      configuration.settings.first { $0.name == "META_TRUSTED_PROXIES" }?.value
        == "127.0.0.1, 10.0.0.0/8, 192.0.2.0/24, fd00::/8, ::1")
  }

  // MARK: - How many at a time

  @Test func `whoever finds no place is told to come again at once, and nothing is counted`() throws {
    let harness = try Self.harness()
    let lane = harness.application.shared.lanes.signIns
    let places = lane.places
    let held = Gate(expected: 2)
    let freed = Gate(expected: 2)
    let holder = Background {
      Self.hold(places, of: lane) {
        held.pass(); freed.pass()
      }
    }
    held.pass()
    let answer = harness.send(Self.request(Self.password, from: "192.0.2.1"))
    #expect(answer.status == 429)
    #expect(answer.header("Retry-After") == "1")
    #expect(answer.detail == "Too many sign-ins at the same time. Try again in a second.")
    #expect(try harness.store().events(limit: 9).map(\.action) == ["admin.set-password"])
    freed.pass()
    _ = holder.result()
    #expect(harness.send(Self.request(Self.password, from: "192.0.2.1")).status == 200)
  }

  private static func hold(_ count: Int, of lane: Lane, _ body: () -> Void) {
    guard count > 0 else { return body() }
    let place = lane.tryEnter()
    hold(count - 1, of: lane, body)
    _ = place != nil
  }

  @Test func `a place is one among all processes, and there are fewer than workers`() throws {
    let harness = try Self.harness()
    let folder = harness.application.configuration.dataDirectory
    let mine = Lane(places: 100)
    // As another process, which has places of its own in memory, would come: by the file alone.
    #expect(Self.count(in: mine, folder) == PasswordCheck.places)
    #expect(Lanes(workers: 32).signIns.places == 8)
    #expect(Lanes(workers: 8).signIns.places == 2)
    #expect(Lanes(workers: 1).signIns.places == 1)
  }

  private static func count(in lane: Lane, _ folder: String) -> Int {
    let place = PasswordCheck(in: lane, folder: folder)
    return place == nil ? 0 : 1 + count(in: lane, folder)
  }

  /// A file that was opened to be read takes no lock of its bytes, as a folder without byte locks does.
  @Test func `where the folder takes no locks, the places of the process alone are the limit`() throws {
    let harness = try Self.harness()
    let path = harness.application.configuration.dataDirectory + "/sign-in.lock"
    _ = try Descriptor(lockFile: path)
    let lane = Lane(places: 1)
    var first = PasswordCheck(in: lane, locks: try Descriptor(opening: path, O_RDONLY))
    let isLimited = first?.isLimitedByProcessAlone
    #expect(isLimited == true)
    let isItsTurn = first?.waitForTurn(alone: true)
    #expect(isItsTurn == true)
    let hasSecond = PasswordCheck(in: lane, locks: nil) != nil
    #expect(!hasSecond, "one at a time, as the process has one place")
    let isRight = first.take()?.verify(Self.password, against: try PasswordHash.make(Array("other".utf8)))
    #expect(isRight == false)
    let hasThird = PasswordCheck(in: lane, locks: nil) != nil
    #expect(hasThird)
    withExtendedLifetime(harness) {}
  }

  @Test func `after a hundred failures from everywhere, sign-ins are taken one at a time`() throws {
    let harness = try Self.harness()
    let store = try harness.store()
    for number in 0..<100 { #expect(try store.beginSignIn(from: "192.0.2.\(number)") == .open) }
    #expect(try store.beginSignIn(from: "198.51.100.1") == .narrow)
    // The one place for those is taken: whoever knows the password waits for his turn, and has it then.
    let folder = harness.application.configuration.dataDirectory
    var locks = try? Descriptor(lockFile: folder + "/sign-in.lock")
    let isTaken = try locks?.tryLock(oneOf: 0..<1)
    #expect(isTaken == true)
    let answer = Background {
      harness.application.respond(to: Self.request(Self.password, from: "198.51.100.2")).status
    }
    #expect(Wait.until { (try? store.beginSignIn(from: "203.0.113.1")) == .narrow })
    locks = nil
    #expect(answer.result() == 200)
  }

  // MARK: - What is told

  @Test func `a wrong password leaves an event, and so does the lock-out it leads to`() throws {
    let harness = try Self.harness()
    try Self.fail(8, from: "2001:db8:1:2::/64", harness)
    for _ in 0..<4 { harness.send(Self.request("wrong password", from: "2001:db8:1:2::9")) }
    let events = try harness.store().events(limit: 9).reversed().dropFirst()
    #expect(events.map(\.action) == ["session.sign-in", "session.sign-in", "session.locked-out"])
    #expect(events.map(\.address).allSatisfy { $0 == "2001:db8:1:2::9" })
    #expect(events.first?.result == "wrong password")
    #expect(events.last?.subject == "address 2001:db8:1:2::/64")
    #expect(events.last?.result.hasPrefix("until 20") == true)
  }

  @Test func `thousands of guesses leave few events`() throws {
    let harness = try Self.harness()
    let store = try harness.store()
    let event = Event(actor: "unknown", action: "session.sign-in", address: "x")
    for number in 0..<1500 {
      let address = "192.0.2.\(number / 10)"
      _ = try store.beginSignIn(from: address)
      try store.tellOfFailedSignIn(event, from: address)
    }
    let actions = try store.events(limit: 2000).map(\.action)
    #expect(actions.filter { $0 == "session.sign-in" }.count == 100)
    #expect(actions.filter { $0 == "session.locked-out" }.count == 30)
    #expect(actions.filter { $0 == "session.narrowed" }.count == 1)
  }
}
