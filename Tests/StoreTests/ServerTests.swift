import Glibc
import SQL
import TestSupport
import Testing

@testable import Store
@testable import Text

/// A store on PostgreSQL among machines: what one takes away is gone for all, and the server may go and come.
@Suite struct `Store: a server for many machines` {
  private let folder: TemporaryFolder
  private let address: String

  init() throws {
    folder = try TemporaryFolder()
    address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
  }

  /// Another process, of this machine or of another one.
  private func machine(settling: UInt32 = 0) throws -> (server: Server, store: Store) {
    let server = Server(try PostgresAddress(address), settling: settling)
    return (server, try Store(on: server, folder: folder.path))
  }

  @Test func `of many that begin at once each finds the tables`() async throws {
    let (address, path) = (address, folder.path)
    let ready = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          guard let server = Server(address: address) else { return false }
          return (try? Store(on: server, folder: path)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(ready == 8)
    #expect(try machine().store.schemaVersion() == Schema.newest)
  }

  @Test func `a database of a newer program is left alone`() throws {
    _ = try machine()
    try PostgresServer.connect(address).script("UPDATE installation SET version = 99")
    #expect(throws: StoreError.newer(path: address, version: 99, known: Schema.newest)) { try machine() }
  }

  /// So machines are upgraded one after the other: tables are only appended to.
  @Test func `who runs goes on beside a newer program, and is refused when it begins again`() throws {
    let running = try machine().store
    _ = try running.insertKey(
      label: "Site", scope: .read, prefix: "mm_a", hash: [UInt8](repeating: 1, count: 32))
    try PostgresServer.connect(address).script(
      "ALTER TABLE api_key ADD COLUMN later TEXT; ALTER TABLE event ADD COLUMN later TEXT; UPDATE installation SET version = 99"
    )
    _ = try running.insertKey(
      label: "Later", scope: .read, prefix: "mm_b", hash: [UInt8](repeating: 2, count: 32))
    #expect(try running.keys(limit: 9).map(\.label) == ["Site", "Later"])
    #expect(throws: StoreError.newer(path: address, version: 99, known: Schema.newest)) { try machine() }
  }

  @Test func `a database of another encoding is refused with a sentence`() throws {
    let other = try #require(PostgresServer.shared).makeDatabase(
      "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    let error = #expect(throws: StoreError.self) {
      try Store(on: Server(PostgresAddress(other)), folder: folder.path)
    }
    #expect(error?.sentence.contains("SQL_ASCII") == true)
  }

  @Test func `a revoked key is known nowhere when its revocation is acknowledged`() throws {
    let (one, other) = (try machine(settling: 1200), try machine())
    other.server.watch()
    let hash = [UInt8](repeating: 7, count: 32)
    let key = try one.store.insertKey(label: "Site", scope: .read, prefix: "mm_a", hash: hash)
    let reads = ReadCache(of: other.store, in: ReadCache.Memory(maximumBytes: 1 << 20))
    try reads.forgetIfAnythingWasWritten()
    #expect(try reads.key(hash: hash)?.id == key.id)
    #expect(try one.store.revokeKey(key.id))
    try reads.forgetIfAnythingWasWritten()
    #expect(try reads.key(hash: hash) == nil)
  }

  @Test func `what was given is there at once, and nobody forgets anything for it`() throws {
    let (one, other) = (try machine(), try machine())
    let first = [UInt8](repeating: 1, count: 32)
    _ = try one.store.insertKey(label: "First", scope: .read, prefix: "mm_a", hash: first)
    let reads = ReadCache(of: other.store, in: ReadCache.Memory(maximumBytes: 1 << 20))
    try reads.forgetIfAnythingWasWritten()
    _ = try reads.key(hash: first)
    let before = try one.store.changeCounter()
    let second = [UInt8](repeating: 2, count: 32)
    _ = try one.store.insertKey(label: "Second", scope: .read, prefix: "mm_b", hash: second)
    #expect(try reads.key(hash: second)?.label == "Second")
    #expect(try one.store.changeCounter() == before)
  }

  @Test func `without the server those who are known go on, and all else fails at once`() throws {
    let server = try PostgresServer()
    let address = try server.makeDatabase()
    let pool = try Server(PostgresAddress(address), settling: 0)
    let store = try Store(on: pool, folder: folder.path)
    pool.watch()
    let hash = [UInt8](repeating: 3, count: 32)
    _ = try store.insertKey(label: "Site", scope: .read, prefix: "mm_a", hash: hash)
    let reads = ReadCache(of: store, in: ReadCache.Memory(maximumBytes: 1 << 20))
    try reads.forgetIfAnythingWasWritten()
    #expect(try reads.key(hash: hash) != nil)

    server.stop()
    #expect(Wait.until { (try? store.tokens(limit: 1)) == nil })
    let begun = ContinuousClock.now
    for _ in 0..<1000 {
      try reads.forgetIfAnythingWasWritten()
      #expect(try reads.key(hash: hash) != nil)
      let error = #expect(throws: StoreError.self) { try store.tokens(limit: 1) }
      guard case .unreachable = error else {
        Issue.record("\(String(describing: error))")
        break
      }
    }
    #expect(ContinuousClock.now - begun < .seconds(20))

    try server.restart()
    #expect(Wait.until { (try? store.tokens(limit: 1)) != nil })
    _ = try store.saveToken(NewToken(accountLabel: "After", sealedToken: "sealed"))
  }

  @Test func `a connection that the server has closed costs nobody an error`() throws {
    let (_, store) = try machine()
    for _ in 0..<5 {
      try PostgresServer.connect(address).script(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
      _ = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "sealed"))
    }
    #expect(try store.tokens(limit: 10).count == 5)
  }

  @Test func `who holds the writers' row and stands still is not waited for longer than two seconds`() throws
  {
    let (_, store) = try machine()
    let other = try PostgresServer.connect(address)
    try other.begin("BEGIN; SELECT stamp FROM installation FOR UPDATE")
    let begun = ContinuousClock.now
    #expect(throws: StoreError.busy) { try store.setSetting("a", to: "b") }
    #expect(ContinuousClock.now - begun < .seconds(10))
    // Whoever reads waits for nobody.
    #expect(try store.setting("a") == nil)
    other.rollBack()
    try store.setSetting("a", to: "b")
  }

  // MARK: - Leases

  @Test func `a lease is one machine's, and its end by time is the next one's`() throws {
    let (one, other) = (try machine().store, try machine().store)
    let lease = try #require(try one.takeLease("work"))
    #expect(try other.takeLease("other work") != nil)
    #expect(try one.renew(lease))
    #expect(try other.takeLease("work") == nil)
    try PostgresServer.connect(address).script("UPDATE lease SET until = now() - interval '1 second'")
    let second = try #require(try other.takeLease("work"))
    #expect(try !one.renew(lease))
    one.release(lease)
    #expect(try one.takeLease("work") == nil)
    other.release(second)
    #expect(try one.takeLease("work") != nil)
  }

  @Test func `who was too slow cannot hand in any more`() throws {
    let (one, other) = (try machine().store, try machine().store)
    func entry(_ text: String) -> SharedEntry {
      SharedEntry(
        key: "grid", body: Array(text.utf8), etag: "\"\(text)\"", storedAt: noon,
        freshUntil: noon.adding(300), staleUntil: noon.adding(3000))
    }
    let slow = try #require(try one.takeLease("grid"))
    try PostgresServer.connect(address).script("UPDATE lease SET until = now() - interval '1 second'")
    let quick = try #require(try other.takeLease("grid"))
    #expect(try other.publish([entry("quick")], under: quick, now: noon))
    #expect(try !one.publish([entry("slow")], under: slow, now: noon))
    #expect(try one.sharedEntry("grid").map { String(decoding: $0.body, as: UTF8.self) } == "quick")
    try one.forgetShared(["grid"])
    #expect(try other.sharedEntry("grid") == nil)
  }
}

extension `Store: a server for many machines` {
  @Test(arguments: [-600, -7, 0, 7, 600] as [Int64])
  func `what a machine has made is as old for another one, whatever their clocks say`(_ ahead: Int64) throws {
    let (one, other) = (try machine().store, try machine().store)
    let now = Timestamp.now
    let theirs = now.adding(ahead)
    let lease = try #require(try one.takeLease("grid"))
    let entry = SharedEntry(
      key: "grid", body: [1], etag: "\"1\"", storedAt: theirs, freshUntil: theirs.adding(300),
      staleUntil: theirs.adding(3000))
    #expect(try one.publish([entry], under: lease, now: theirs))
    let read = try #require(try other.sharedEntry("grid"))
    // This machine may be slow.
    let passed = Timestamp.now.seconds - now.seconds
    #expect(abs(read.storedAt.seconds - now.seconds) < 10 + passed)
    #expect(read.freshUntil.seconds - read.storedAt.seconds == 300)
    #expect(read.staleUntil.seconds - read.storedAt.seconds == 3000)
    if ahead == 0, passed < 4 { #expect(read.storedAt == now) }
  }
}

/// Moving all rows from one engine to the other.
@Suite struct `Store: copies` {
  private let file: TemporaryFolder
  private let source: Store

  init() throws {
    file = try TemporaryFolder()
    source = try Store(folder: file.path)
  }

  private func onServer() throws -> Store {
    let address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    return try Store(on: Server(PostgresAddress(address), settling: 0), folder: file.path)
  }

  /// Something in every table, and gaps at the ends of ids.
  private func fill(_ store: Store) throws {
    let event = Event(actor: "admin", action: "é\n'", address: "::1")
    for number in 0..<20 {
      let token = try store.saveToken(
        NewToken(accountLabel: "😀 \(number)", sealedToken: "sealed-\(number)"), event: event
      ).token.id
      _ = try store.saveMapping(
        NewMapping(
          clientID: "client_\(number)", pageID: "\(number)", instagramAccountID: number % 2 == 0 ? "9" : nil,
          sealedPageToken: "page-\(number)", tokenID: token), event: event)
    }
    _ = try store.removeToken(20, force: true)
    _ = try store.removeMapping(20)
    try store.rememberMedia(["1", "2"], ofAccount: "9")
    try store.block("token 1", until: Timestamp(seconds: Timestamp.now.seconds + 60), reason: "throttled")
    _ = try store.insertKey(
      label: "Site", scope: .read, clients: ["a", "b"], prefix: "mm_a", hash: .init(repeating: 200, count: 32)
    )
    try store.setPasswordHash("hash")
    _ = try store.insertSession(
      hash: .init(repeating: 0, count: 32), expiresAt: Timestamp(seconds: Timestamp.now.seconds + 60),
      address: "", ifPasswordHashIs: "hash")
    _ = try store.beginSignIn(from: "192.0.2.1")
    _ = try store.tell("expired", of: "token 1")
    _ = try store.insertFeed(publicID: "fd_1", clientID: "client_1", name: "", settings: "{}", origins: [])
  }

  @Test func `everything arrives on a server and comes back, and ids go on`() throws {
    try fill(source)
    let server = try onServer()
    let report = try server.takeAllRows(from: source)
    #expect(report.tokens == 19 && report.mappings == 19)
    #expect(try server.tokens(limit: 100) == source.tokens(limit: 100))
    #expect(try server.mappings(limit: 100) == source.mappings(limit: 100))
    let back = try TemporaryFolder()
    let copy = try Store(folder: back.path)
    #expect(try copy.takeAllRows(from: server) == report)
    #expect(try copy.events(limit: 1000) == source.events(limit: 1000))
    #expect(try copy.keys(limit: 10) == source.keys(limit: 10))
    for store in [server, copy] {
      let token = try store.saveToken(NewToken(accountLabel: "New", sealedToken: "s")).token.id
      #expect(token == 21)
      #expect(
        try store.saveMapping(
          NewMapping(
            clientID: "new", pageID: "1", instagramAccountID: nil, sealedPageToken: "p", tokenID: token))
          == .created(id: 21))
      let key = try store.insertKey(
        label: "New", scope: .read, prefix: "mm_b", hash: .init(repeating: 1, count: 32))
      #expect(key.id == 2)
      let feed = try store.insertFeed(
        publicID: "fd_2", clientID: "new", name: "", settings: "{}", origins: [])
      #expect(feed.id == 2)
      _ = try store.beginSignIn(from: "192.0.2.1")
    }
  }

  @Test func `what was moved opens no more, and says so`() throws {
    try fill(source)
    let server = try onServer()
    try server.takeAllRows(from: source, isMove: true)
    #expect(throws: StoreError.moved(file.path + "/meta.sqlite3")) { try Store(folder: file.path) }
    let back = try TemporaryFolder()
    try Store(folder: back.path).takeAllRows(from: server, isMove: true)
    let address = server.path
    #expect(throws: StoreError.moved(address)) {
      try Store(on: Server(PostgresAddress(address)), folder: file.path)
    }
    #expect(try Store(folder: back.path).tokens(limit: 100).count == 19)
  }

  @Test func `whoever has what is moved under it neither reads nor writes any more`() throws {
    try fill(source)
    let address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    let (server, other) = try (
      Store(on: Server(PostgresAddress(address), settling: 0), folder: file.path),
      Store(on: Server(PostgresAddress(address), settling: 0), folder: file.path)
    )
    try server.takeAllRows(from: source)
    try other.setSetting("a", to: "b")
    let back = try TemporaryFolder()
    try Store(folder: back.path).takeAllRows(from: server, isMove: true)
    #expect(throws: StoreError.moved(address)) { try other.setSetting("a", to: "c") }
    #expect(
      Wait.until {
        do throws(StoreError) { _ = try other.changeCounter() } catch { return error == .moved(address) }
        return false
      })
    #expect(try Store(folder: back.path).setting("a") == "b")
  }

  @Test func `of two that move to one place at once one stays where it is, whole`() throws {
    try fill(source)
    let second = try TemporaryFolder()
    let other = try Store(folder: second.path)
    _ = try other.saveToken(NewToken(accountLabel: "Other", sealedToken: "s"))
    let target = try onServer()
    // Both have asked before, and found nothing.
    #expect(try target.isEmpty())
    try target.takeAllRows(from: source, isMove: true)
    let error = #expect(throws: StoreError.self) { try target.takeAllRows(from: other, isMove: true) }
    #expect(error?.sentence.contains("is not empty") == true)
    #expect(try target.tokens(limit: 100).count == 19)
    #expect(try Store(folder: second.path).tokens(limit: 100).map(\.accountLabel) == ["Other"])
  }

  @Test func `a move that does not arrive leaves the source usable and the target empty`() throws {
    try fill(source)
    // What PostgreSQL cannot hold.
    _ = try source.saveToken(NewToken(accountLabel: "a\0b", sealedToken: "s"))
    let server = try onServer()
    #expect(throws: StoreError.self) { try server.takeAllRows(from: source, isMove: true) }
    #expect(try Store(folder: file.path).tokens(limit: 100).count == 20)
    #expect(try server.isEmpty())
  }
}
