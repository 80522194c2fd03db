import Glibc
import SQL
import TestSupport
import Testing

@testable import Store

@Suite struct `Store: failures` {
  @Test func `a lock held by somebody else is busy, and nothing is lost`() throws {
    let fixture = try StoreFixture()
    let impatient = try Store(file: DatabaseFile(folder: fixture.folder.path), patience: 50)
    let other = try RawDatabase(fixture.store.path)
    try other.execute("BEGIN IMMEDIATE")
    #expect(throws: StoreError.busy) { try impatient.saveMapping(fixture.mapping()) }
    // Reading goes on.
    #expect(try impatient.tokens(limit: 1).count == 1)
    try other.execute("ROLLBACK")
    _ = try impatient.saveMapping(fixture.mapping())
  }

  @Test func `the write lock held by another process is busy, until that process is gone`() throws {
    guard DatabaseFile.hasResetBug else { return }
    let fixture = try StoreFixture()
    let impatient = try Store(file: DatabaseFile(folder: fixture.folder.path), patience: 50)
    let holder = try TortureProcess("hold", fixture.folder.path)
    #expect(holder.line() == "ready")
    #expect(throws: StoreError.busy) { try impatient.saveMapping(fixture.mapping()) }
    #expect(try impatient.tokens(limit: 1).count == 1)
    holder.kill()
    holder.wait()
    _ = try impatient.saveMapping(fixture.mapping())
  }

  @Test func `a writer that waits gets its turn`() throws {
    let fixture = try StoreFixture()
    let folder = fixture.folder.path
    let other = try RawDatabase(fixture.store.path)
    try other.execute("BEGIN IMMEDIATE")
    let writer = try TortureProcess("sync", folder, "1")
    #expect(writer.line() == "ready")
    writer.begin()
    usleep(300_000)
    try other.execute("COMMIT")
    #expect(writer.line() == "1")
  }

  @Test func `a full disk is told, reading goes on, and free space is enough to go on writing`() throws {
    let fixture = try StoreFixture()
    // The limit on the size of a file stands for the disk: EFBIG instead of ENOSPC, at every write.
    let process = try TortureProcess("full", fixture.folder.path, "200000")
    let lines = process.lines()
    #expect(process.wait() == 0)
    #expect(Array(lines.suffix(4)) == ["error: full", "error: full", "reads: 1", "afterwards"])
    let stored = Set(try fixture.store.mappings(limit: 100_000).map(\.clientID))
    for client in lines where client.hasPrefix("client_") { #expect(stored.contains(client)) }
    #expect(stored.count == lines.count { $0.hasPrefix("client_") } + 1)
    #expect(try fixture.store.integrityProblems().isEmpty)
  }

  @Test func `a file system that is full from the start is told, and works once there is space`() throws {
    guard getuid() == 0 else { return }  // Mounting needs root.
    let folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=400k") == 0 else { return }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let ballast = folder.path + "/ballast"
    let store = try Store(folder: folder.path + "/data")
    let token = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).token.id
    fill(ballast)
    let mapping = NewMapping(
      clientID: "c", pageID: "1", instagramAccountID: nil,
      sealedPageToken: String(repeating: "x", count: 20_000),
      tokenID: token)
    #expect(throws: StoreError.full) { try store.saveMapping(mapping) }
    #expect(try store.token(token)?.sealedToken == "s")
    #expect(throws: StoreError.full) { try Store(folder: folder.path + "/another") }
    unlink(ballast)
    _ = try store.saveMapping(mapping)
    _ = try Store(folder: folder.path + "/another")
    #expect(try store.integrityProblems().isEmpty)
  }

  @Test func `a read-only file system is told in a sentence`() throws {
    guard getuid() == 0 else { return }
    let folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=700") == 0 else { return }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    do { _ = try Store(folder: folder.path).saveToken(NewToken(accountLabel: "One", sealedToken: "s")) }
    guard mount("tmpfs", folder.path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0
    else { return }
    let error = #expect(throws: StoreError.self) {
      let store = try Store(folder: folder.path)
      _ = try store.saveToken(NewToken(accountLabel: "Two", sealedToken: "s"))
    }
    guard case .readOnly(let path) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasPrefix(folder.path))
  }

  @Test(arguments: ["file", "folder"])
  func `what may not be written is told in a sentence`(_ which: String) throws {
    guard getuid() == 0 else { return }  // The test has to give its files away.
    let folder = try TemporaryFolder()
    let path = folder.path + "/meta.sqlite3"
    do { _ = try Store(folder: folder.path).saveToken(NewToken(accountLabel: "One", sealedToken: "s")) }
    // The folder is nobody's own and cannot be written, or it can and the files cannot.
    chown(folder.path, 65534, 65534)
    chmod(folder.path, which == "folder" ? 0o500 : 0o700)
    if which == "folder" {
      for suffix in ["-wal", "-shm", ".lock"] { unlink(path + suffix) }
      chown(path, 65534, 65534)
    }
    let lines = try TortureProcess("as-nobody", folder.path).lines()
    // In the way is the lock file first; without it, the database.
    let refusals = ["", ".lock"].map { StoreError.readOnly(path: path + $0).sentence }
    #expect(refusals.contains(lines.last ?? ""), "\(lines)")
    #expect(!lines.contains("written"))
  }

  @Test func `a damaged page is told in a sentence, and a restored backup helps`() throws {
    let fixture = try StoreFixture()
    for number in 0..<500 { try fixture.save(fixture.mapping(client: "client_\(number)")) }
    let backup = fixture.folder.path + "/backup"
    _ = try fixture.store.backup(to: backup)
    let other = try TemporaryFolder()
    let path = other.path + "/meta.sqlite3"
    _ = try Store.restore(backup, into: other.path)
    // The pages behind the schema's: the roots of tables and indexes among them.
    do { try RawDatabase(path).execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    for page in 2..<40 { overwrite(path, at: page * 4096, with: [UInt8](repeating: 0xA5, count: 4096)) }
    let store = try? Store(folder: other.path)
    let error = #expect(throws: StoreError.self) {
      let store = try store ?? Store(folder: other.path)
      _ = try store.mappings(limit: 1000)
    }
    #expect(error == .damaged(path: path))
    #expect(error?.sentence.contains("metactl restore") == true)
    _ = try Store.restore(backup, into: other.path)
    #expect(try Store(folder: other.path).mappings(limit: 1000).count == 500)
  }

  @Test func `flipped bytes never end the process`() throws {
    let fixture = try StoreFixture()
    for number in 0..<40 { try fixture.save(fixture.mapping(client: "client_\(number)")) }
    _ = try fixture.store.backup(to: fixture.folder.path + "/copy")
    let image = contents(of: fixture.folder.path + "/copy")
    var refusals = 0
    for seed in UInt64(0)..<60 {
      let other = try TemporaryFolder()
      let path = other.path + "/meta.sqlite3"
      #expect(mknod(path, S_IFREG | 0o600, 0) == 0)
      var damaged = image
      var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
      for _ in 0..<20 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(state >> 33) % image.count] = UInt8(truncatingIfNeeded: state >> 20)
      }
      overwrite(path, at: 0, with: damaged)
      // Any answer but a trap; whatever is wrong comes with a sentence.
      do throws(StoreError) {
        let store = try Store(folder: other.path)
        _ = try store.mappings(limit: 1000)
        _ = try store.tokens(limit: 1000)
        _ = try store.latestMappingWithInstagram(clientID: "client_7")
        _ = try store.saveMapping(fixture.mapping(client: "client_7", sealed: "page-2"))
        _ = try store.events(limit: 10)
        if try !store.integrityProblems().isEmpty { refusals += 1 }
      } catch {
        refusals += 1
        #expect(!error.sentence.isEmpty, "seed \(seed)")
      }
    }
    #expect(refusals > 10)
  }

  @Test func `text that is not UTF-8 is damage, not a repaired string`() throws {
    let fixture = try StoreFixture()
    try RawDatabase(fixture.store.path).execute(
      "UPDATE meta_access_token SET account_label = CAST(x'41FF42' AS TEXT)")
    #expect(throws: StoreError.damaged(path: fixture.store.path)) { try fixture.store.tokens(limit: 1) }
  }

  @Test func `no error carries a value`() throws {
    let fixture = try StoreFixture()
    try fixture.save(fixture.mapping())
    _ = try fixture.store.saveToken(
      NewToken(accountLabel: "A", sealedToken: "x", facts: TokenFacts(userID: "PLANTED")))
    let error = #expect(throws: StoreError.self) {
      try fixture.store.replaceSealedToken(
        fixture.tokenID, with: "PLANTED", facts: TokenFacts(userID: "PLANTED"))
    }
    let text = "\(String(describing: error)) \(error?.sentence ?? "") \(error?.detail ?? "")"
    #expect(!text.contains("PLANTED"))
  }
}

/// Writes until there is no space left.
private func fill(_ path: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
  defer { close(descriptor) }
  let block = [UInt8](repeating: 1, count: 1024)
  while write(descriptor, block, block.count) > 0 {}
}
