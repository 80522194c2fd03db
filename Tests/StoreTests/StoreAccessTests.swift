import Testing

@testable import Store
@testable import Text

@Suite(.onEachEngine) struct `Store: who may call` {
  private let hash = [UInt8](repeating: 7, count: 32)

  @Test func `a fresh store has no credentials`() throws {
    let fixture = try StoreFixture()
    #expect(
      try fixture.store.credentials() == Credentials(hasPassword: false, keysInForce: 0, revokedKeys: 0))
  }

  @Test func `a key is found by its hash until it is revoked`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    let key = try store.insertKey(label: "Shop", scope: .read, prefix: "mm_ab", hash: hash, now: noon)
    #expect(try store.key(hash: hash) == key)
    #expect(try store.key(hash: [UInt8](repeating: 8, count: 32)) == nil)
    #expect(try store.credentials() == Credentials(hasPassword: false, keysInForce: 1, revokedKeys: 0))
    #expect(try store.revokeKey(key.id, now: noon.adding(1)))
    #expect(try !store.revokeKey(key.id))
    #expect(try store.key(hash: hash) == nil)
    #expect(try store.keys(limit: 10).map(\.revokedAt) == [noon.adding(1)])
    #expect(try store.credentials() == Credentials(hasPassword: false, keysInForce: 0, revokedKeys: 1))
  }

  @Test func `the last use of a key is written once a minute`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    let other = try fixture.anotherStore()
    _ = try store.insertKey(label: "Shop", scope: .read, prefix: "mm_ab", hash: hash, now: noon)
    func touch(_ now: Timestamp) throws { try store.touch(try #require(try store.key(hash: hash)), now: now) }
    try touch(noon)
    let before = try other.changeCounter()
    try touch(noon.adding(59))
    #expect(try other.changeCounter() == before)
    try touch(noon.adding(60))
    #expect(try store.key(hash: hash)?.lastUsedAt == noon.adding(60))
  }

  @Test func `a password change ends every session`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    try store.setPasswordHash("one", now: noon)
    #expect(try store.passwordHash() == "one")
    #expect(try store.credentials().hasPassword)
    let end = noon.adding(3600)
    #expect(
      try store.insertSession(
        hash: hash, expiresAt: end, address: "192.0.2.1", ifPasswordHashIs: "one", now: noon))
    #expect(try store.session(hash: hash, now: noon) != nil)
    #expect(try store.session(hash: hash, now: end) == nil)
    try store.setPasswordHash("two")
    #expect(try store.session(hash: hash, now: noon) == nil)
    // A sign-in that began with the old password does not outlive it.
    #expect(
      try !store.insertSession(
        hash: hash, expiresAt: end, address: "192.0.2.1", ifPasswordHashIs: "one", now: noon))
    try store.setPasswordHash(nil)
    #expect(try !store.credentials().hasPassword)
  }

  @Test func `a session is seen once a minute and ended by sign-out`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    try store.setPasswordHash("one")
    _ = try store.insertSession(
      hash: hash, expiresAt: noon.adding(3600), address: "192.0.2.1", ifPasswordHashIs: "one", now: noon)
    let session = try #require(try store.session(hash: hash, now: noon))
    try store.touch(session, hash: hash, now: noon.adding(59))
    #expect(try store.session(hash: hash, now: noon)?.lastSeen == noon)
    try store.touch(session, hash: hash, now: noon.adding(60))
    #expect(try store.session(hash: hash, now: noon)?.lastSeen == noon.adding(60))
    #expect(try store.removeSession(hash: hash))
    #expect(try !store.removeSession(hash: hash))
  }

  @Test func `ten failures in a quarter of an hour lock an address out for one`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    for second in 0..<10 {
      #expect(try store.beginSignIn(from: "192.0.2.1", now: noon.adding(Int64(second))) == .open)
    }
    let until = noon.adding(9 + 900)
    #expect(try store.beginSignIn(from: "192.0.2.1", now: noon.adding(10)) == .locked(until: until))
    #expect(try store.beginSignIn(from: "192.0.2.2", now: noon.adding(10)) == .open)
    #expect(try store.beginSignIn(from: "192.0.2.1", now: until.adding(-1)) == .locked(until: until))
    #expect(try store.beginSignIn(from: "192.0.2.1", now: until) == .open)
    // A single failure afterwards does not lock anew.
    #expect(try store.beginSignIn(from: "192.0.2.1", now: until.adding(1)) == .open)
  }

  @Test func `slow failures do not lock, and the right password clears them`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    for attempt in 0..<30 {
      #expect(try store.beginSignIn(from: "a", now: noon.adding(Int64(attempt) * 100)) == .open)
    }
    for _ in 0..<9 { _ = try store.beginSignIn(from: "b", now: noon) }
    try store.clearSignInFailures(from: "b")
    #expect(try store.beginSignIn(from: "b", now: noon) == .open)
  }

  @Test func `failures that a clock ahead of time left behind do not count`() throws {
    let fixture = try StoreFixture()
    for _ in 0..<10 { _ = try fixture.store.beginSignIn(from: "a", now: noon.adding(1_000_000)) }
    #expect(try fixture.store.beginSignIn(from: "a", now: noon) == .open)
  }
}

@Suite(.onEachEngine) struct `Store: events` {
  private let event = Event(
    actor: "admin", action: "mapping.sync", address: "192.0.2.1", requestID: "r-1")

  @Test func `an operation writes its event with the row and the result`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    for _ in 0..<2 { _ = try store.saveMapping(fixture.mapping(), event: event, now: noon) }
    _ = try store.removeMapping(1, event: event, now: noon)
    let events = try store.events(limit: 10)
    #expect(events.map(\.result) == ["deleted", "updated", "created"])
    #expect(events.map(\.subject) == ["mapping 1", "mapping 1", "mapping 1"])
    #expect(events.first?.actor == "admin" && events.first?.address == "192.0.2.1")
    #expect(events.first?.requestID == "r-1" && events.first?.at == noon)
  }

  @Test func `what did not happen leaves no event`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    _ = try store.removeMapping(99, event: event)
    _ = try store.removeToken(99, force: true, event: event)
    _ = try store.markToken(fixture.tokenID, as: .invalid, reason: "x", ifSealedIs: "another", event: event)
    #expect(throws: StoreError.self) { try store.saveMapping(fixture.mapping(sealed: ""), event: event) }
    #expect(try store.events(limit: 10).isEmpty)
  }

  @Test func `events are listed from the newest and go on before an id`() throws {
    let fixture = try StoreFixture()
    for number in 1...5 {
      try fixture.store.record(Event(actor: "a", action: "\(number)", subject: "s", result: "refused"))
    }
    let newest = try fixture.store.events(limit: 2)
    #expect(newest.map(\.action) == ["5", "4"])
    #expect(newest.first?.subject == "s" && newest.first?.result == "refused")
    let older = try fixture.store.events(before: try #require(newest.last).id, limit: 10)
    #expect(older.map(\.action) == ["3", "2", "1"])
  }
}
