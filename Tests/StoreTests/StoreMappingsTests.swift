import Testing

@testable import Store

@Suite(.onEachEngine) struct `Store: mappings` {
  @Test func `the first sync creates, the second updates the same row`() throws {
    let fixture = try StoreFixture()
    guard case .created(let id) = try fixture.store.saveMapping(fixture.mapping(), now: noon) else {
      Issue.record("not created")
      return
    }
    let again = try fixture.store.saveMapping(fixture.mapping(sealed: "page-2"), now: noon.adding(60))
    #expect(again == .updated(id: id, before: "178"))
    let mapping = try #require(try fixture.store.mapping(id))
    #expect(mapping.sealedPageToken == "page-2")
    #expect(mapping.createdAt == noon)
    #expect(mapping.updatedAt == noon.adding(60))
  }

  @Test func `the mapping synced last wins even within one second`() throws {
    let fixture = try StoreFixture()
    for page in ["1", "2", "3", "1"] { try fixture.save(fixture.mapping(page: page)) }
    #expect(try fixture.latestPage() == "1")
    try fixture.save(fixture.mapping(page: "2"))
    #expect(try fixture.latestPage() == "2")
  }

  @Test func `a clock that stepped back does not bring an older sync to the front`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping(page: "1"), now: noon)
    try fixture.save(fixture.mapping(page: "2"), now: noon.adding(-3600))
    #expect(try fixture.latestPage() == "2")
  }

  @Test func `mappings without an Instagram account are passed over`() throws {
    let fixture = try StoreFixture()
    #expect(try fixture.store.latestMappingWithInstagram(clientID: "client_1") == .none)
    try fixture.save(fixture.mapping(page: "1", instagram: nil))
    #expect(try fixture.store.latestMappingWithInstagram(clientID: "client_1") == .withoutInstagram)
    try fixture.save(fixture.mapping(page: "2"))
    try fixture.save(fixture.mapping(page: "1", instagram: nil))
    #expect(try fixture.latestPage() == "2")
  }

  @Test func `a Page narrows the choice`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping(page: "1"))
    try fixture.save(fixture.mapping(page: "2"))
    try fixture.save(fixture.mapping(page: "3", instagram: nil))
    #expect(try fixture.latestPage(page: "1") == "1")
    #expect(
      try fixture.store.latestMappingWithInstagram(clientID: "client_1", pageID: "3") == .withoutInstagram)
    #expect(try fixture.store.latestMappingWithInstagram(clientID: "client_1", pageID: "4") == .none)
    #expect(try fixture.store.latestMappingWithInstagram(clientID: "client_2", pageID: "1") == .none)
  }

  @Test func `client ids that look alike are not equal`() throws {
    let fixture = try StoreFixture()
    let alike = ["caf\u{E9}", "cafe\u{301}", "K", "\u{212A}", "k", "a", "a ", "A", "\u{430}"]
    for client in alike { try fixture.save(fixture.mapping(client: client)) }
    #expect(try fixture.store.mappings(limit: 100).count == alike.count)
    for client in alike {
      guard case .mapping(let found) = try fixture.store.latestMappingWithInstagram(clientID: client) else {
        Issue.record("\(client) not found")
        continue
      }
      #expect(Array(found.clientID.utf8) == Array(client.utf8))
    }
  }

  @Test func `a mapping of a token that is gone is not stored`() throws {
    let fixture = try StoreFixture()
    var mapping = fixture.mapping()
    mapping.tokenID = 99
    #expect(try fixture.store.saveMapping(mapping) == .unknownToken)
    #expect(try fixture.store.mappings(limit: 10).isEmpty)
  }

  @Test func `a page token is never replaced by nothing`() throws {
    let fixture = try StoreFixture()
    let id = try fixture.save(fixture.mapping())
    #expect(throws: StoreError.self) { try fixture.store.saveMapping(fixture.mapping(sealed: "")) }
    #expect(throws: StoreError.self) {
      try fixture.store.replacePageToken(id, with: "", ifSealedIs: "page-1")
    }
    #expect(try fixture.store.mapping(id)?.sealedPageToken == "page-1")
  }

  @Test func `a page token is only replaced where it is still the refused one`() throws {
    let fixture = try StoreFixture()
    let id = try fixture.save(fixture.mapping())
    #expect(try fixture.store.replacePageToken(id, with: "page-2", ifSealedIs: "page-1"))
    #expect(try !fixture.store.replacePageToken(id, with: "page-3", ifSealedIs: "page-1"))
    #expect(try fixture.store.mapping(id)?.sealedPageToken == "page-2")
  }

  @Test func `a page token fetched anew does not make a mapping the newest`() throws {
    let fixture = try StoreFixture()
    let old = try fixture.save(fixture.mapping(page: "1"))
    try fixture.save(fixture.mapping(page: "2"))
    try fixture.store.replacePageToken(old, with: "page-2", ifSealedIs: "page-1")
    #expect(try fixture.latestPage() == "2")
  }

  @Test func `names that are not known leave the stored ones, unless the account is another one`() throws {
    let fixture = try StoreFixture()
    var mapping = fixture.mapping()
    mapping.pageName = "Page"
    mapping.instagramUsername = "name"
    let id = try fixture.save(mapping)
    try fixture.save(fixture.mapping())
    #expect(try fixture.store.mapping(id)?.pageName == "Page")
    #expect(try fixture.store.mapping(id)?.instagramUsername == "name")
    try fixture.save(fixture.mapping(instagram: "179"))
    #expect(try fixture.store.mapping(id)?.pageName == "Page")
    #expect(try fixture.store.mapping(id)?.instagramUsername == nil)
    try fixture.store.setInstagramUsername("other", ofAccount: "179")
    #expect(try fixture.store.mapping(id)?.instagramUsername == "other")
  }

  @Test func `lists go on after an id and can be searched by the beginning of the client id`() throws {
    let fixture = try StoreFixture()
    for client in ["ab%", "ab", "b_", "abc", "AB"] { try fixture.save(fixture.mapping(client: client)) }
    let first = try fixture.store.mappings(limit: 2)
    #expect(first.map(\.clientID) == ["ab%", "ab"])
    let rest = try fixture.store.mappings(after: try #require(first.last).id, limit: 10)
    #expect(rest.map(\.clientID) == ["b_", "abc", "AB"])
    #expect(
      try fixture.store.mappings(limit: 10, clientIDPrefix: "ab").map(\.clientID) == ["ab%", "ab", "abc"])
    #expect(try fixture.store.mappings(limit: 10, clientIDPrefix: "ab%").map(\.clientID) == ["ab%"])
    #expect(try fixture.store.mappings(limit: 10, clientIDPrefix: "_").isEmpty)
  }

  @Test func `mappings are found by token and by Instagram account`() throws {
    let fixture = try StoreFixture()
    let one = try fixture.save(fixture.mapping(page: "1", instagram: "7"), now: noon)
    let two = try fixture.save(fixture.mapping(page: "2", instagram: "7"), now: noon.adding(1))
    try fixture.save(fixture.mapping(page: "3", instagram: nil))
    try fixture.save(fixture.mapping(client: "client_2", instagram: "6"))
    #expect(try fixture.store.mappings(tokenID: fixture.tokenID).count == 4)
    #expect(try fixture.store.mappings(instagramAccountID: "7").map(\.id) == [two, one])
    #expect(try fixture.store.isInstagramAccountMapped("7"))
    #expect(try !fixture.store.isInstagramAccountMapped("8"))
  }

  @Test func `removing returns what was there, once`() throws {
    let fixture = try StoreFixture()
    let id = try fixture.save(fixture.mapping())
    #expect(try fixture.store.removeMapping(id)?.clientID == "client_1")
    #expect(try fixture.store.removeMapping(id) == nil)
    // The id is not given again.
    #expect(try fixture.save(fixture.mapping()) > id)
  }
}

@Suite(.onEachEngine) struct `Store: media` {
  @Test func `media are remembered with their account`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    try fixture.store.rememberMedia(["1", "2"], ofAccount: "178")
    #expect(try fixture.store.account(ofMedium: "2") == "178")
    #expect(try fixture.store.account(ofMedium: "3") == nil)
  }

  @Test func `a grid that is known already is not written again`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    let other = try fixture.anotherStore()
    try fixture.store.rememberMedia(["1", "2"], ofAccount: "178")
    let before = try other.changeCounter()
    try fixture.store.rememberMedia(["2", "1"], ofAccount: "178")
    #expect(try other.changeCounter() == before)
    try fixture.store.rememberMedia(["2", "3"], ofAccount: "178")
    // What takes nothing away is told to nobody on a server.
    #expect(try (other.changeCounter() != before) == (Engine.current == .sqlite))
  }

  @Test func `only the newest of an account are kept`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    try fixture.save(fixture.mapping(client: "client_2", instagram: "9"))
    try fixture.store.rememberMedia(["x"], ofAccount: "9", now: noon)
    for batch in 0..<12 {
      let ids = (0..<25).map { "\(batch)_\($0)" }
      try fixture.store.rememberMedia(ids, ofAccount: "178", now: noon.adding(Int64(batch)))
    }
    #expect(try fixture.store.account(ofMedium: "3_24") == nil)
    #expect(try fixture.store.account(ofMedium: "4_0") == "178")
    #expect(try fixture.store.account(ofMedium: "11_24") == "178")
    #expect(try fixture.store.account(ofMedium: "x") == "9")
  }

  @Test func `media go with the last mapping of their account`() throws {
    let fixture = try StoreFixture()
    let one = try fixture.save(fixture.mapping())
    let two = try fixture.save(fixture.mapping(client: "client_2"))
    try fixture.store.rememberMedia(["1"], ofAccount: "178")
    _ = try fixture.store.removeMapping(one)
    #expect(try fixture.store.account(ofMedium: "1") == "178")
    _ = try fixture.store.removeMapping(two)
    #expect(try fixture.store.account(ofMedium: "1") == nil)
    try fixture.store.rememberMedia(["1"], ofAccount: "178")
    #expect(try fixture.store.account(ofMedium: "1") == nil)
  }

  @Test func `media go when a mapping changes to another account`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    try fixture.store.rememberMedia(["1"], ofAccount: "178")
    try fixture.save(fixture.mapping(instagram: "179"))
    #expect(try fixture.store.account(ofMedium: "1") == nil)
  }
}
