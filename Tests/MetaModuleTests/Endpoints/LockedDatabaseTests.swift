import Cryptography
import GraphSimulator
import JSON
import SQL
internal import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// Another program holds the database's write lock: what is only nice to have written down holds nobody up.
@Suite struct LockedDatabaseTests {
  /// Runs `body` while another connection is in the middle of a write.
  private static func whileLocked(_ harness: Harness, _ body: () throws -> Void) throws {
    let other = RawLock(try harness.store())
    defer { other.release() }
    #expect(other.isHeld)
    try body()
  }

  /// A write transaction that lasts until it is told to end.
  private final class RawLock: Sendable {
    private let gate = Guarded((isHeld: false, mayEnd: false))
    private let thread: Guarded<PlainThread?>

    init(_ store: Store) {
      thread = Guarded(nil)
      nonisolated(unsafe) let store = store
      let gate = gate
      let started = PlainThread {
        try? store.write { (_) throws(SQLError) in
          gate.withLock { $0.isHeld = true }
          Wait.until(within: 60) { gate.withLock { $0.mayEnd } }
        }
      }
      thread.withLock { $0 = started }
      Wait.until { isHeld }
    }

    var isHeld: Bool { gate.withLock { $0.isHeld } }

    func release() {
      gate.withLock { $0.mayEnd = true }
      thread.withLock { $0 }?.join()
    }
  }

  /// The time that an operation waits for a lock, and some: whoever is faster than half of it has not waited.
  private static func isQuick(_ body: () throws -> Void) rethrows -> Bool {
    let begin = ContinuousClock.now
    try body()
    return ContinuousClock.now - begin < .milliseconds(Int64(Store.patience) / 2)
  }

  private static let key = "mm_reader_0123456789"

  private static func harnessWithKey() throws -> Harness {
    let harness = try Harness()
    harness.addClient()
    _ = try harness.store().insertKey(
      label: "reader", scope: .read, prefix: "mm_reade", hash: SHA256.digest(Array(key.utf8)))
    return harness
  }

  private static func grid() -> Request {
    var request = Request("GET", "/instagram/client_001/")
    request.take("HTTP_X_API_KEY", key)
    return request
  }

  @Test func `the last use of a key is written after the answer`() throws {
    let harness = try Self.harnessWithKey()
    var lastUse: Timestamp?
    harness.application.respond(to: Self.grid()) { _ in
      lastUse = try? harness.store().keys(limit: 1).first?.lastUsedAt
    }
    #expect(lastUse == nil)
    #expect(try harness.store().keys(limit: 1).first?.lastUsedAt != nil)
  }

  @Test func `a warm grid does not wait for its key's last use`() throws {
    let harness = try Self.harnessWithKey()
    #expect(harness.send(Request("GET", "/health/")).status == 200)
    try Self.whileLocked(harness) {
      let isQuick = Self.isQuick { for _ in 0..<3 { harness.send(Self.grid()) } }
      #expect(isQuick)
      let key = try harness.store().keys(limit: 1).first
      #expect(key?.lastUsedAt == nil, "skipped")
    }
    #expect(harness.send(Self.grid()).header("X-Cache") == "hit")
    #expect(try harness.store().keys(limit: 1).first?.lastUsedAt != nil, "and made up for")
  }

  @Test func `a cold grid is answered and cached before its media are remembered`() throws {
    let harness = try Harness()
    harness.addClient()
    var isCached = false
    var owner: String?
    harness.application.respond(to: Request("GET", "/instagram/client_001/")) { _ in
      isCached = harness.cachedGrid != nil
      owner = try? harness.store().account(ofMedium: "17999999999999999")
    }
    #expect(isCached)
    #expect(owner == nil)
    #expect(try harness.store().account(ofMedium: "17999999999999999") == "17841405822348523")
  }

  @Test func `whoever lists the mappings after a cold grid sees the account's name`() throws {
    let harness = try Harness()
    harness.addClient()
    var name: String?
    harness.application.respond(to: Request("GET", "/instagram/client_001/")) { _ in
      name = (try? harness.store().mapping(1))??.instagramUsername
    }
    #expect(name == "mybusinessaccount")
  }

  @Test func `nobody waits for media, names, throttles or Graph's health`() throws {
    let harness = try Harness()
    harness.addClient()
    try Self.whileLocked(harness) {
      let isQuick = Self.isQuick {
        #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "miss")
        #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "hit")
        #expect(harness.send("GET", "/post/17999999999999999/").status == 200)
      }
      #expect(isQuick)
      try harness.age(seconds: 400)
      harness.simulator.addFault(Fault(.throttled(code: 80002, minutes: 5)))
      let isThrottleQuick = Self.isQuick {
        #expect(harness.send("GET", "/instagram/client_001/").header("X-Cache") == "stale")
      }
      #expect(isThrottleQuick)
    }
  }
}
