import Glibc
import SQL
import TestSupport
import Testing

@testable import Store

/// Files of the database that are removed, replaced or cut under a running program: told, stopped, never made anew.
@Suite struct `Store: files that are taken away` {
  private let fixture: StoreFixture
  private var path: String { fixture.store.path }

  init() throws {
    fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
  }

  private func write(_ store: Store) throws {
    _ = try store.saveToken(NewToken(accountLabel: "New", sealedToken: "s"))
  }

  /// Refuses to write and says so in its health, and has not made anything.
  private func expectStopped(
    _ store: Store, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for _ in 0..<2 {
      let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try write(store) }
      #expect(
        error?.sentence.contains(words) == true, "\(error?.sentence ?? "")", sourceLocation: sourceLocation)
      #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try store.checkHealth() }
    }
  }

  @Test(arguments: ["", "-wal", "-shm"])
  func `one that is removed stops all writes and is not made anew`(_ suffix: String) throws {
    #expect(rename(path + suffix, path + suffix + ".gone") == 0)
    expectStopped(fixture.store, path + suffix)
    #expect(access(path + suffix, F_OK) != 0)
    // Put back it is the same file, and the program goes on.
    #expect(rename(path + suffix + ".gone", path + suffix) == 0)
    try write(fixture.store)
    try fixture.store.checkHealth()
    #expect(try fixture.anotherStore().tokens(limit: 9).count == 2)
  }

  @Test(arguments: ["", "-wal", "-shm"])
  func `one that is replaced stops all writes`(_ suffix: String) throws {
    let other = try StoreFixture()
    #expect(rename(path + suffix, path + suffix + ".gone") == 0)
    let replacement = contents(of: other.store.path + suffix)
    #expect(mknod(path + suffix, S_IFREG | 0o600, 0) == 0)
    overwrite(path + suffix, at: 0, with: replacement)
    expectStopped(fixture.store, path + suffix)
    #expect(contents(of: path + suffix) == replacement)
  }

  @Test(arguments: ["", "-wal"])
  func `one that is cut stops all writes`(_ suffix: String) throws {
    if suffix.isEmpty { try RawDatabase(path).execute("PRAGMA wal_checkpoint(PASSIVE)") }
    try fixture.store.checkHealth()
    #expect(truncate(path + suffix, 0) == 0)
    expectStopped(fixture.store, path + suffix)
  }

  @Test func `a database that was there is not made anew by the next one to start`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/meta.sqlite3"
    do { try write(Store(folder: folder.path)) }
    #expect(unlink(path) == 0)
    let error = #expect(throws: StoreError.self) { try Store(folder: folder.path) }
    #expect(error?.sentence.contains("restore") == true)
    #expect(access(path, F_OK) != 0)
    // Whoever wants to begin anew removes all of it.
    for suffix in ["-wal", "-shm", ".lock"] { unlink(path + suffix) }
    #expect(try Store(folder: folder.path).tokens(limit: 1).isEmpty)
  }

  @Test func `a WAL index that is cut under a running program ends no process, and stops it`() throws {
    let folder = try TemporaryFolder()
    do { try write(Store(folder: folder.path)) }
    let lines = try TortureProcess("cut-index", folder.path).lines()
    #expect(lines.first == "cut")
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("refused") }, "\(lines)")
    #expect(lines.count == 4, "\(lines)")
    // Nothing that was acknowledged is lost.
    let store = try Store(folder: folder.path)
    #expect(try store.tokens(limit: 9).count == 1)
    try write(store)
  }

  @Test func `a copy of the database file alone has everything after a clean end`() throws {
    let folder = try TemporaryFolder()
    do { try write(Store(folder: folder.path)) }
    let copy = try TemporaryFolder()
    #expect(mknod(copy.path + "/meta.sqlite3", S_IFREG | 0o600, 0) == 0)
    overwrite(copy.path + "/meta.sqlite3", at: 0, with: contents(of: folder.path + "/meta.sqlite3"))
    let raw = try RawDatabase(copy.path + "/meta.sqlite3")
    #expect(try raw.connection.number("SELECT count(*) FROM meta_access_token") == 1)
  }
}
