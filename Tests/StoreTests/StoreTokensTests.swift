import Testing

@testable import Store
@testable import Text

@Suite(.onEachEngine) struct `Store: tokens` {
  private let facts = TokenFacts(
    expiresAt: Timestamp.now.adding(3600), dataAccessExpiresAt: noon.adding(7200),
    scopes: ["pages_show_list", "email"],
    userID: "42", userName: "Jane", profilePicture: "https://example.invalid/p")

  @Test func `a token comes back as it was stored`() throws {
    let fixture = try StoreFixture()
    let saved = try fixture.store.saveToken(
      NewToken(accountLabel: "Two", sealedToken: "sealed-2", facts: facts), now: noon)
    #expect(saved.created)
    let token = try #require(try fixture.store.token(saved.token.id))
    #expect(token == saved.token)
    #expect(token.accountLabel == "Two" && token.sealedToken == "sealed-2" && token.status == .active)
    #expect(token.expiresAt == facts.expiresAt && token.dataAccessExpiresAt == facts.dataAccessExpiresAt)
    #expect(token.scopes == ["pages_show_list", "email"] && token.userName == "Jane")
    #expect(token.createdAt == noon && token.updatedAt == noon && token.lastCheckedAt == nil)
    #expect(try fixture.store.token(token.id)?.userID == "42")
    #expect(try fixture.store.token(99) == nil)
  }

  @Test func `the same Meta user again replaces the token of its row`() throws {
    let fixture = try StoreFixture()
    let first = try fixture.store.saveToken(NewToken(accountLabel: "A", sealedToken: "a", facts: facts))
    try fixture.store.markToken(first.token.id, as: .invalid, reason: "revoked", ifSealedIs: "a")
    let again = try fixture.store.saveToken(
      NewToken(accountLabel: "B", sealedToken: "b", facts: TokenFacts(userID: "42")))
    #expect(!again.created && again.token.id == first.token.id)
    #expect(again.token.accountLabel == "B" && again.token.sealedToken == "b")
    #expect(again.token.status == .active && again.token.statusReason == nil)
    // The expiry was the old token's; the user's name is still the user's name.
    #expect(again.token.expiresAt == nil && again.token.userName == "Jane")
  }

  @Test func `tokens of unknown users do not replace each other`() throws {
    let fixture = try StoreFixture()
    #expect(try fixture.store.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).created)
    #expect(try fixture.store.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).created)
  }

  @Test func `two rows cannot have the same Meta user`() throws {
    let fixture = try StoreFixture()
    _ = try fixture.store.saveToken(NewToken(accountLabel: "A", sealedToken: "a", facts: facts))
    #expect(throws: StoreError.conflict) {
      try fixture.store.replaceSealedToken(fixture.tokenID, with: "b", facts: facts)
    }
    #expect(try fixture.store.token(fixture.tokenID)?.sealedToken == "sealed-1")
  }

  @Test func `a token is marked only while the row still holds it`() throws {
    let fixture = try StoreFixture()
    let id = fixture.tokenID
    _ = try fixture.store.replaceSealedToken(id, with: "sealed-2", facts: TokenFacts())
    #expect(try !fixture.store.markToken(id, as: .invalid, reason: "expired", ifSealedIs: "sealed-1"))
    #expect(try fixture.store.token(id)?.status == .active)
    #expect(try fixture.store.markToken(id, as: .invalid, reason: "revoked", ifSealedIs: "sealed-2"))
    #expect(try fixture.store.token(id)?.status == .invalid)
    #expect(try fixture.store.token(id)?.statusReason == "revoked")
    #expect(try !fixture.store.markToken(99, as: .invalid, reason: "revoked", ifSealedIs: "sealed-2"))
  }

  @Test func `marking what is marked already writes nothing`() throws {
    let fixture = try StoreFixture()
    let other = try fixture.anotherStore()
    try fixture.store.markToken(fixture.tokenID, as: .invalid, reason: "revoked", ifSealedIs: "sealed-1")
    let before = try other.changeCounter()
    #expect(
      try fixture.store.markToken(fixture.tokenID, as: .invalid, reason: "revoked", ifSealedIs: "sealed-1"))
    #expect(try fixture.store.noteReason(fixture.tokenID, "revoked", ifSealedIs: "sealed-1"))
    #expect(try other.changeCounter() == before)
  }

  @Test func `a reason can be noted without touching the status`() throws {
    let fixture = try StoreFixture()
    let id = fixture.tokenID
    #expect(try !fixture.store.noteReason(id, "login_required", ifSealedIs: "another"))
    #expect(try fixture.store.noteReason(id, "login_required", ifSealedIs: "sealed-1"))
    #expect(try fixture.store.token(id)?.status == .active)
    #expect(try fixture.store.token(id)?.statusReason == "login_required")
    #expect(try fixture.store.noteReason(id, nil, ifSealedIs: "sealed-1"))
    #expect(try fixture.store.token(id)?.statusReason == nil)
  }

  @Test func `a check keeps what Graph said and leaves what it did not say`() throws {
    let fixture = try StoreFixture()
    let id = fixture.tokenID
    _ = try fixture.store.recordCheck(
      id, status: .active, reason: nil, facts: facts, ifSealedIs: "sealed-1", now: noon)
    let token = try fixture.store.recordCheck(
      id, status: .invalid, reason: "expired", facts: TokenFacts(), ifSealedIs: "sealed-1",
      now: noon.adding(9))
    #expect(token?.userID == "42" && token?.expiresAt == facts.expiresAt)
    #expect(token?.status == .invalid && token?.statusReason == "expired")
    #expect(token?.lastCheckedAt == noon.adding(9))
    let late = try fixture.store.recordCheck(
      id, status: .active, reason: nil, facts: TokenFacts(), ifSealedIs: "older")
    #expect(late == nil)
  }

  @Test func `tokens whose time is up expire, and only those`() throws {
    let fixture = try StoreFixture()
    func save(_ label: String, _ expiry: Timestamp?) throws -> Int64 {
      try fixture.store.saveToken(
        NewToken(accountLabel: label, sealedToken: label, facts: TokenFacts(expiresAt: expiry))
      ).token.id
    }
    let moment = Timestamp.now
    let past = try save("past", moment.adding(-1))
    let now = try save("now", moment)
    let future = try save("future", moment.adding(900))
    let marked = try save("marked", moment.adding(-9))
    try fixture.store.markToken(marked, as: .invalid, reason: "revoked", ifSealedIs: "marked")
    #expect(try fixture.store.expireTokens(now: moment) == [past, now])
    #expect(try fixture.store.expireTokens(now: moment).isEmpty)
    #expect(try fixture.store.token(past)?.status == .expired)
    #expect(try fixture.store.token(marked)?.status == .invalid)
    #expect(try fixture.store.activeTokens().map(\.id) == [fixture.tokenID, future])
  }

  @Test func `label and status can be changed, one without the other`() throws {
    let fixture = try StoreFixture()
    let id = fixture.tokenID
    try fixture.store.noteReason(id, "login_required", ifSealedIs: "sealed-1")
    #expect(try fixture.store.updateToken(id, label: "New")?.accountLabel == "New")
    #expect(try fixture.store.token(id)?.statusReason == "login_required")
    let switchedOff = try fixture.store.updateToken(id, status: .invalid, reason: "switched_off")
    #expect(switchedOff?.status == .invalid && switchedOff?.statusReason == "switched_off")
    let active = try fixture.store.updateToken(id, status: .active)
    #expect(active?.status == .active && active?.statusReason == nil && active?.accountLabel == "New")
    #expect(try fixture.store.updateToken(99, label: "New") == nil)
  }

  @Test func `a token in use is removed only by force, and its mappings live on`() throws {
    let fixture = try StoreFixture()
    let mapping = try fixture.save(fixture.mapping())
    #expect(try fixture.store.removeToken(fixture.tokenID, force: false) == .inUse(mappings: 1))
    #expect(try fixture.store.removeToken(fixture.tokenID, force: true) == .removed)
    #expect(try fixture.store.removeToken(fixture.tokenID, force: true) == .unknown)
    let left = try #require(try fixture.store.mapping(mapping))
    #expect(left.tokenID == nil && left.sealedPageToken == "page-1")
    // The id is not given again: it would hand this token's mappings to another user.
    let next = try fixture.store.saveToken(NewToken(accountLabel: "Next", sealedToken: "n")).token.id
    #expect(next > fixture.tokenID)
  }

  @Test func `lists go on after an id`() throws {
    let fixture = try StoreFixture()
    for label in ["a", "b", "c"] {
      _ = try fixture.store.saveToken(NewToken(accountLabel: label, sealedToken: label))
    }
    let page = try fixture.store.tokens(after: fixture.tokenID, limit: 2)
    #expect(page.map(\.accountLabel) == ["a", "b"])
    #expect(
      try fixture.store.tokens(after: try #require(page.last).id, limit: 2).map(\.accountLabel) == ["c"])
  }
}

@Suite(.onEachEngine) struct `Store: throttles and settings` {
  @Test func `a throttle is never shortened, and ends by itself`() throws {
    let fixture = try StoreFixture()
    let store = fixture.store
    #expect(try store.throttle(of: "token 1", now: noon) == nil)
    try store.block("token 1", until: noon.adding(60), reason: "rate_limited", now: noon)
    try store.block("token 1", until: noon.adding(30), reason: "rate_limited", now: noon)
    #expect(try store.throttle(of: "token 1", now: noon.adding(59))?.until == noon.adding(60))
    #expect(try store.throttle(of: "token 1", now: noon.adding(60)) == nil)
    #expect(try store.throttle(of: "token 2", now: noon) == nil)
    try store.block("token 1", until: noon.adding(90), reason: "rate_limited", now: noon)
    #expect(try store.throttle(of: "token 1", now: noon.adding(60))?.until == noon.adding(90))
    try store.unblock("token 1", now: noon.adding(60))
    #expect(try store.throttle(of: "token 1", now: noon) == nil)
  }

  @Test func `a clock that stood years ahead does not block for years`() throws {
    let fixture = try StoreFixture()
    let future = noon.adding(10 * 365 * 86_400)
    try fixture.store.block("token 1", until: future.adding(60), reason: "rate_limited", now: future)
    #expect(try fixture.store.throttle(of: "token 1", now: noon) == nil)
    try fixture.store.block("token 1", until: noon.adding(60), reason: "rate_limited", now: noon)
    #expect(try fixture.store.throttle(of: "token 1", now: noon)?.until == noon.adding(60))
  }

  @Test func `another process sees a throttle at once`() throws {
    let fixture = try StoreFixture()
    let other = try fixture.anotherStore()
    try fixture.store.block("token 1", until: noon.adding(60), reason: "rate_limited", now: noon)
    #expect(
      try other.throttle(of: "token 1", now: noon) == Throttle(until: noon.adding(60), reason: "rate_limited")
    )
    try other.unblock("token 1", now: noon)
    #expect(try fixture.store.throttle(of: "token 1", now: noon) == nil)
  }

  @Test func `settings are set, replaced and removed`() throws {
    let fixture = try StoreFixture()
    #expect(try fixture.store.setting("ring") == nil)
    try fixture.store.setSetting("ring", to: "a")
    #expect(try fixture.store.setting("ring") == "a")
    try fixture.store.setSetting("ring", to: "c")
    #expect(try fixture.store.setting("ring") == "c")
    try fixture.store.setSetting("ring", to: nil)
    #expect(try fixture.store.setting("ring") == nil)
  }
}
