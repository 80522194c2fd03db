import Cryptography
import Foundation
import Glibc
import GraphSimulator
import SQL
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

@Suite struct BackupRestoreTests {
  private func backedUp() throws -> (harness: Harness, file: String) {
    let harness = try Harness()
    harness.addClient()
    let file = harness.folder.appending(path: "backup.sqlite3").path
    _ = try harness.application.backUp(to: file)
    return (harness, file)
  }

  @Test func `what was backed up comes back, and what it replaced is kept aside`() throws {
    let (harness, file) = try backedUp()
    #expect(permissions(of: file) == 0o600)
    harness.addToken("maria")
    let report = try harness.another().restore(from: file)
    #expect(report.backup.tokens == 1)
    #expect(report.backup.mappings == 1)
    #expect(try harness.store().tokens(limit: 9).count == 1)
    #expect(try harness.plainToken(1) == harness.simulator.token("john"))
    let aside = try #require(report.replaced)
    let opened = try RawDatabase(aside)
    #expect(try opened.connection.number("SELECT count(*) FROM meta_access_token") == 2)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: harness.data).allSatisfy {
        !$0.hasPrefix("restore.")
      })
  }

  @Test func `a backup onto an existing file is refused, unless it shall be replaced`() throws {
    let (harness, file) = try backedUp()
    let before = contents(of: file)
    harness.addToken("maria")
    #expect(throws: OperationError.self) { try harness.application.backUp(to: file) }
    #expect(contents(of: file) == before)
    #expect(try harness.application.backUp(to: file, overwriting: true).tokens == 2)
    #expect(throws: OperationError.self) {
      try harness.application.backUp(to: harness.data + "/meta.sqlite3", overwriting: true)
    }
    #expect(throws: OperationError.self) {
      try harness.application.backUp(to: harness.data, overwriting: true)
    }
    #expect(throws: OperationError.self) { try harness.application.backUp(to: "/nowhere/backup.sqlite3") }
  }

  @Test func `what a backup of a server that was killed has left goes with the next one`() throws {
    let address = try #require(PostgresServer.shared, "PostgreSQL is not installed").makeDatabase()
    let harness = try Harness(settings: [
      "META_DATABASE_URL": address, "META_FERNET_KEYS": FernetKey.generate().revealed(),
    ])
    harness.addToken("maria")
    // No process has the first number; the second is what the only one in a container always has.
    for process in [pid_t.max, getpid()] {
      let folder = "\(harness.data)/copy.\(process)"
      #expect(mkdir(folder, 0o700) == 0)
      #expect(FileManager.default.createFile(atPath: folder + "/meta.sqlite3", contents: Data("torn".utf8)))
    }
    let report = try harness.application.backUp(to: harness.folder.appending(path: "backup").path)
    #expect(report.tokens == 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: harness.data)
    #expect(!names.contains { $0.hasPrefix("copy.") })
  }

  @Test func `a restore is refused while the program is running`() throws {
    let (harness, file) = try backedUp()
    harness.addToken("maria")
    harness.application.prepare()
    let refusal = #expect(throws: OperationError.self) { try harness.another().restore(from: file) }
    #expect(refusal?.description.contains("running") == true)
    #expect(try harness.store().tokens(limit: 9).count == 2)
  }

  @Test func `what is no whole backup of ours is refused and changes nothing`() throws {
    let (harness, file) = try backedUp()
    harness.addToken("maria")
    let bad = harness.folder.appending(path: "bad").path
    func refuse(_ bytes: [UInt8], _ words: String, line: Int = #line) throws {
      _ = FileManager.default.createFile(atPath: bad, contents: Data(bytes))
      let refusal = #expect(throws: OperationError.self, "line \(line)") {
        try harness.another().restore(from: bad)
      }
      #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
      #expect(try harness.store().tokens(limit: 9).count == 2)
    }
    let good = contents(of: file)
    try refuse([], "not a backup")
    try refuse(Array("hello".utf8), "not a backup")
    try refuse(Array(good.prefix(100)), "damaged")
    try refuse(Array(good.dropLast(5000)), "damaged")
    var damaged = good
    for offset in stride(from: 4096 + 8, to: damaged.count, by: 97) { damaged[offset] ^= 0x55 }
    try refuse(damaged, "damaged")
    var foreign = good
    foreign[68] ^= 1
    try refuse(foreign, "not a backup")
    let newer = harness.folder.appending(path: "newer").path
    _ = FileManager.default.createFile(atPath: newer, contents: Data(good))
    try RawDatabase(newer).execute("PRAGMA user_version = 99")
    try refuse(contents(of: newer), "newer version")
    #expect(throws: OperationError.self) { try harness.another().restore(from: "/nowhere") }
  }

  @Test func `a backup of another key is refused, or restored on demand`() throws {
    let (harness, file) = try backedUp()
    _ = try harness.application.rotateKeys(grace: 0)
    _ = try harness.application.pruneKeys(grace: 0)
    let refusal = #expect(throws: OperationError.self) { try harness.another().restore(from: file) }
    #expect(refusal?.description.contains("2 of the 2") == true)
    #expect(try harness.another().restore(from: file, despiteUnreadable: true).unreadable == 2)
    // The accounts can be connected anew.
    #expect(try harness.another().refreshTokens().entries.first?.reason == "key_missing")
  }

  @Test func `a damaged database is renamed, and the backup becomes a new one`() throws {
    let (harness, file) = try backedUp()
    let database = harness.data + "/meta.sqlite3"
    for part in ["-wal", "-shm"] { unlink(database + part) }
    overwrite(database, at: 0, with: Array(repeating: 0x55, count: 4096))
    let report = try harness.another().restore(from: file)
    #expect(report.replaced?.contains("unusable") == true)
    #expect(try harness.plainToken(1) == harness.simulator.token("john"))
  }

  @Test func `a pipe's first bytes may be few`() throws {
    let (harness, file) = try backedUp()
    let pipe = harness.folder.appending(path: "pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    let good = contents(of: file)
    let writer = Background { () -> Bool in
      let number = open(pipe, O_WRONLY)
      defer { close(number) }
      guard write(number, Array(good.prefix(20)), 20) == 20 else { return false }
      // It goes on when these have been read.
      let isRead = Wait.until {
        var left: CInt = 0
        return ioctl(number, UInt(FIONREAD), &left) == 0 && left == 0
      }
      let rest = Array(good.dropFirst(20))
      var done = 0
      while done < rest.count {
        let count = write(number, Array(rest[done...]), rest.count - done)
        guard count > 0 else { return false }
        done += count
      }
      return isRead
    }
    signal(SIGPIPE, SIG_IGN)
    #expect(try harness.another().restore(from: pipe).backup.tokens == 1)
    #expect(writer.result() == true)
  }

  @Test func `what was renamed long ago is not what was there`() throws {
    let (harness, file) = try backedUp()
    let database = harness.data + "/meta.sqlite3"
    #expect(FileManager.default.createFile(atPath: database + ".unusable-1700000000", contents: Data()))
    for part in ["", "-wal", "-shm"] { unlink(database + part) }
    #expect(try harness.another().restore(from: file).replaced == nil)
  }

  @Test func `a restore on a machine without keys says which file is missing`() throws {
    let (harness, file) = try backedUp()
    let fresh = try Harness()
    let refusal = #expect(throws: OperationError.self) { try fresh.application.restore(from: file) }
    #expect(refusal?.description.contains("fernet.keys") == true)
    mkdir(fresh.data, 0o700)
    try fresh.application.rooms.keyRingFile.replaceFile(with: harness.keys())
    #expect(try fresh.application.restore(from: file).replaced == nil)
    #expect(try fresh.plainToken(1) == harness.simulator.token("john"))
  }
}
