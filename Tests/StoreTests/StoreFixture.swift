import SQL
import TestSupport
import Testing

@testable import Store
@testable import Text

/// A store with one token in a folder of its own.
struct StoreFixture {
  let folder: TemporaryFolder
  /// Where PostgreSQL keeps the rows.
  let server: Server?
  let store: Store
  let tokenID: Int64

  init() throws {
    folder = try TemporaryFolder()
    server =
      Engine.current == .sqlite
      ? nil : try Server(PostgresAddress(#require(PostgresServer.shared).makeDatabase()), settling: 0)
    store = try Self.open(folder, server)
    tokenID = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "sealed-1")).token.id
  }

  private static func open(_ folder: TemporaryFolder, _ server: Server?) throws -> Store {
    guard let server else { return try Store(folder: folder.path) }
    return try Store(on: server, folder: folder.path)
  }

  /// Another worker's store on the same database.
  func anotherStore() throws -> Store { try Self.open(folder, server) }

  func mapping(
    client: String = "client_1", page: String = "100", instagram: String? = "178", sealed: String = "page-1"
  ) -> NewMapping {
    NewMapping(
      clientID: client, pageID: page, instagramAccountID: instagram, sealedPageToken: sealed, tokenID: tokenID
    )
  }

  @discardableResult
  func save(_ mapping: NewMapping, now: Timestamp = noon) throws -> Int64 {
    switch try store.saveMapping(mapping, now: now) {
    case .created(let id), .updated(let id, _): return id
    case .unknownToken: throw StoreError.conflict
    }
  }

  /// The Page of the mapping that the warm path finds.
  func latestPage(_ client: String = "client_1", page: String? = nil) throws -> String? {
    guard case .mapping(let mapping) = try store.latestMappingWithInstagram(clientID: client, pageID: page)
    else { return nil }
    return mapping.pageID
  }
}

/// 2026-01-01T12:00:00Z.
let noon = Timestamp(seconds: 1_767_268_800)

extension Timestamp {
  func adding(_ seconds: Int64) -> Timestamp { Timestamp(seconds: self.seconds + seconds) }
}
