import Glibc
import SQL
import TestSupport
import Testing

@testable import Store
@testable import System

@Suite struct `Store: backups` {
  @Test func `a backup is one private file with everything in it`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    let path = fixture.folder.path + "/backup"
    let report = try fixture.store.backup(to: path)
    #expect(report.tokens == 1 && report.mappings == 1)
    #expect(report.bytes == Int64(contents(of: path).count))
    #expect(permissions(of: path) == 0o600)
    for suffix in ["-wal", "-shm", "-journal", ".partial"] { #expect(access(path + suffix, F_OK) != 0) }
  }

  @Test func `a backup does not overwrite what is there`() throws {
    let fixture = try StoreFixture()
    let path = fixture.folder.path + "/backup"
    _ = try fixture.store.backup(to: path)
    let before = contents(of: path)
    #expect(throws: StoreError.cannotBackUp(path: path, reason: "there is a file of that name")) {
      try fixture.store.backup(to: path)
    }
    #expect(contents(of: path) == before)
  }

  /// NFS and SMB make one kind of lock of all: there a `flock` of ours on the file would keep SQLite out of it.
  @Test
  func `while a backup is written nobody locks the whole of its file, and no other one is written there`()
    throws
  {
    let fixture = try StoreFixture()
    let path = fixture.folder.path + "/backup"
    let partial = try Descriptor(opening: path + ".partial", O_RDWR | O_CREAT)
    try partial.write([1, 2, 3])
    // SQLite waits for its own lock, and so the backup for us.
    let pending = 0x4000_0000
    let isWaiting = try partial.tryLock(byte: pending)
    #expect(isWaiting)
    let backup = Background { Result { try fixture.store.backup(to: path) } }
    let hasBegun = try Wait.until { try partial.status().st_size == 0 }
    let isFree = try partial.tryLock()
    #expect(hasBegun && isFree)
    #expect(throws: StoreError.cannotBackUp(path: path, reason: "another backup is being written there")) {
      try fixture.anotherStore().backup(to: path)
    }
    partial.unlock(byte: pending)
    #expect(try backup.result()?.get().tokens == 1)
  }

  @Test func `backups under writes are whole`() throws {
    let fixture = try StoreFixture()
    let writers = try (0..<2).map { try TortureProcess("write", fixture.folder.path, "w\($0)") }
    for writer in writers { #expect(writer.line() == "ready") }
    for writer in writers { writer.begin() }
    var reports: [BackupReport] = []
    for number in 0..<10 { reports.append(try fixture.store.backup(to: "\(fixture.folder.path)/b\(number)")) }
    for writer in writers { writer.kill() }
    #expect(try #require(reports.last).mappings > #require(reports.first).mappings)
    for number in 0..<10 {
      let other = try TemporaryFolder()
      let report = try Store.restore("\(fixture.folder.path)/b\(number)", into: other.path)
      #expect(report.mappings == reports[number].mappings)
      let store = try Store(folder: other.path)
      #expect(try store.integrityProblems().isEmpty)
      for mapping in try store.mappings(limit: 1_000_000) {
        #expect(mapping.sealedPageToken.hasPrefix(mapping.clientID))
      }
    }
  }

  @Test func `a restore replaces everything, for those too who have the database open`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    let backup = fixture.folder.path + "/backup"
    _ = try fixture.store.backup(to: backup)
    _ = try fixture.store.removeMapping(1)
    try fixture.save(fixture.mapping(client: "later"))
    let before = try fixture.store.changeCounter()
    let event = Event(actor: "metactl", action: "database.restore")
    _ = try Store.restore(backup, into: fixture.folder.path, event: event)
    #expect(try fixture.store.changeCounter() != before)
    #expect(try fixture.store.mappings(limit: 10).map(\.clientID) == ["client_1"])
    #expect(try fixture.store.journalMode() == "wal")
    #expect(try fixture.store.events(limit: 1).first?.action == "database.restore")
    // And goes on as usual.
    try fixture.save(fixture.mapping(client: "after"))
    #expect(try fixture.anotherStore().mappings(limit: 10).count == 2)
  }

  @Test func `what is no backup is refused before anything is touched`() throws {
    let fixture = try StoreFixture()
    let path = fixture.folder.path + "/other"
    do { try RawDatabase(creating: path).execute("CREATE TABLE bookmarks (x)") }
    #expect(throws: StoreError.notOurs(path: path)) { try Store.restore(path, into: fixture.folder.path) }
    let empty = fixture.folder.path + "/empty"
    #expect(mknod(empty, S_IFREG | 0o600, 0) == 0)
    #expect(throws: StoreError.notOurs(path: empty)) { try Store.restore(empty, into: fixture.folder.path) }
    let missing = fixture.folder.path + "/missing"
    #expect(throws: StoreError.cannotOpen(path: missing, reason: "No such file or directory")) {
      try Store.restore(missing, into: fixture.folder.path)
    }
    #expect(try fixture.store.tokens(limit: 10).count == 1)
  }

  @Test func `a backup of the previous schema is brought up to date`() throws {
    let old = try TemporaryFolder()
    try makePreviousSchema(in: old.path)
    let fixture = try StoreFixture()
    _ = try Store.restore(old.path + "/meta.sqlite3", into: fixture.folder.path)
    #expect(try fixture.store.tokens(limit: 10).map(\.accountLabel) == ["Old"])
    #expect(try fixture.store.schemaVersion() == Schema.newest)
  }

  @Test func `an unusable database is renamed, not overwritten`() throws {
    let fixture = try StoreFixture()
    let backup = fixture.folder.path + "/backup"
    _ = try fixture.store.backup(to: backup)
    let other = try TemporaryFolder()
    let path = other.path + "/meta.sqlite3"
    #expect(mknod(path, S_IFREG | 0o600, 0) == 0)
    overwrite(path, at: 0, with: Array(String(repeating: "junk", count: 3000).utf8))
    _ = try Store.restore(backup, into: other.path)
    #expect(try Store(folder: other.path).tokens(limit: 10).count == 1)
    #expect(entries(of: other.path).contains { $0.hasPrefix("meta.sqlite3.unusable-") })
  }
}

@Suite(.onEachEngine) struct `Store: rotation` {
  @Test func `everything is resealed in one transaction`() throws {
    let fixture = try StoreFixture()
    for number in 0..<10_000 / 20 { try fixture.save(fixture.mapping(client: "c\(number)")) }
    var steps: [Int] = []
    let report = try fixture.store.replaceAllSealed(
      progress: { done, all in steps.append(done * 1000 / all) },
      { sealed in sealed == "sealed-1" ? .keep : .replace("new-" + sealed) })
    #expect(report == 500)
    #expect(steps == steps.sorted() && steps.last == 1000)
    #expect(try fixture.store.token(fixture.tokenID)?.sealedToken == "sealed-1")
    #expect(try fixture.store.mappings(limit: 1000).allSatisfy { $0.sealedPageToken == "new-page-1" })
  }

  @Test func `an abandoned rotation changes nothing`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    let before = try fixture.store.changeCounter()
    let report = try fixture.store.replaceAllSealed { sealed in
      sealed == "sealed-1" ? .replace("x") : .abandon
    }
    #expect(report == nil)
    // Whoever remembers what was replaced before it was abandoned forgets that.
    #expect(try (fixture.store.changeCounter() == before) == (Engine.current == .sqlite))
    // A server is not held up for all of it; there it is one batch that changes nothing.
    let kept = Engine.current == .sqlite ? "sealed-1" : "x"
    #expect(try fixture.store.token(fixture.tokenID)?.sealedToken == kept)
  }

  @Test func `a rotation does not change when rows were updated`() throws {
    let fixture = try StoreFixture()
    let id = try fixture.save(fixture.mapping(page: "1"))
    try fixture.save(fixture.mapping(page: "2"))
    _ = try fixture.store.replaceAllSealed { sealed in .replace(sealed + "!") }
    #expect(try fixture.store.mapping(id)?.updatedAt == noon)
    #expect(try fixture.latestPage() == "2")
  }
}

private func entries(of path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    names.append(
      withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
  }
  return names
}
