import Testing

@testable import MetaModule

/// A store with one token, in a folder of its own.
struct Fixture {
  let folder: TemporaryFolder
  let store: Store
  let tokenID: Int64

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(folder: folder.path + "/data")
    tokenID = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "sealed-1")).token.id
  }

  func mapping(
    _ client: String = "client_1", _ page: String = "100", instagram: String? = "178",
    sealed: String = "page-1"
  ) -> NewMapping {
    NewMapping(
      clientID: client, pageID: page, instagramAccountID: instagram, sealedPageToken: sealed, tokenID: tokenID
    )
  }
}

@Suite struct `Store: mappings` {
  @Test func `the first sync creates and the second updates`() throws {
    let fixture = try Fixture()
    let store = fixture.store
    guard case .created(let id) = try store.saveMapping(fixture.mapping()) else {
      Issue.record("not created")
      return
    }
    #expect(try store.saveMapping(fixture.mapping(sealed: "page-2")) == .updated(id: id))
    guard case .mapping(let mapping) = try store.latestMappingWithInstagram(clientID: "client_1") else {
      Issue.record("not found")
      return
    }
    #expect(mapping.sealedPageToken == "page-2")
  }

  @Test func `the mapping synced last wins even within one second`() throws {
    let fixture = try Fixture()
    let store = fixture.store
    let now = Timestamp(seconds: 1_800_000_000)
    for page in ["1", "2", "3", "1"] {
      _ = try store.saveMapping(fixture.mapping(page: page, instagram: "ig\(page)"), now: now)
    }
    guard case .mapping(let mapping) = try store.latestMappingWithInstagram(clientID: "client_1") else {
      Issue.record("not found")
      return
    }
    #expect(mapping.pageID == "1")
  }
}

extension Fixture {
  func mapping(page: String, instagram: String?) -> NewMapping {
    mapping("client_1", page, instagram: instagram)
  }
}
