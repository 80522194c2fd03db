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

/// What a restore must not bring back, and what gets in the way of a backup.
@Suite struct RestoreRightsTests {
  private let harness: Harness
  private let file: String

  init() throws {
    harness = try Harness()
    file = harness.folder.appending(path: "backup.sqlite3").path
    harness.addClient()
  }

  private var hour: Timestamp { Timestamp(seconds: Timestamp.now.seconds + 3600) }

  @Test func `a restore puts no revoked key and no ended session back in force, and keeps what is newer`()
    throws
  {
    let application = harness.application
    let kept = try application.createAPIKey(label: "Kept", scope: .read).row.id
    let leaked = try application.createAPIKey(label: "Leaked", scope: .admin).row.id
    _ = try application.setAdminPassword(Secret("the first password"))
    let store = try harness.store()
    let session = [UInt8](repeating: 5, count: 32)
    #expect(
      try store.insertSession(
        hash: session, expiresAt: hour, address: "x", ifPasswordHashIs: store.passwordHash() ?? ""))
    _ = try application.backUp(to: file)
    _ = try application.revokeAPIKey(leaked)
    _ = try application.setAdminPassword(Secret("another password"))
    let password = try store.passwordHash()
    let newer = try application.createAPIKey(label: "Newer", scope: .read).row
    harness.addToken("maria")

    _ = try harness.another().restore(from: file)
    let after = try harness.store()
    #expect(try after.tokens(limit: 9).count == 1)
    let keys = Dictionary(uniqueKeysWithValues: try after.keys(limit: 9).map { ($0.id, $0) })
    #expect(keys[leaked]?.revokedAt != nil)
    #expect(keys[kept] != nil && keys[kept]?.revokedAt == nil)
    #expect(keys[newer.id] == newer)
    #expect(try after.session(hash: session) == nil)
    #expect(try after.passwordHash() == password)
    #expect(try after.events(limit: 1).first?.action == "restore")
  }

  @Test func `on a new machine the keys and the password of the backup come back, and no session`() throws {
    let key = try harness.application.createAPIKey(label: "Site", scope: .read).row
    _ = try harness.application.setAdminPassword(Secret("the only password"))
    let store = try harness.store()
    let session = [UInt8](repeating: 6, count: 32)
    #expect(
      try store.insertSession(
        hash: session, expiresAt: hour, address: "x", ifPasswordHashIs: store.passwordHash() ?? ""))
    _ = try harness.application.backUp(to: file)
    let fresh = try Harness()
    mkdir(fresh.data, 0o700)
    try FileManager.default.copyItem(
      atPath: harness.data + "/fernet.keys", toPath: fresh.data + "/fernet.keys")
    // Its administrator has made a key already.
    let own = try fresh.application.createAPIKey(label: "Own", scope: .admin).row
    _ = try fresh.another().restore(from: file)
    let restored = try fresh.store()
    #expect(try restored.keys(limit: 9).map(\.label).sorted() == ["Own", "Site"])
    #expect(try restored.keys(limit: 9).allSatisfy { $0.revokedAt == nil })
    #expect(try restored.keys(limit: 9).first { $0.label == "Own" }?.id == own.id)
    #expect(try restored.passwordHash() == store.passwordHash())
    #expect(try restored.session(hash: session) == nil)
    #expect(key.label == "Site")
  }

  @Test func `a backup that was made before a rotation can be restored after it`() throws {
    _ = try harness.application.backUp(to: file)
    _ = try harness.application.rotateKeys(grace: 0)
    #expect(try harness.another().restore(from: file).unreadable == 0)
    #expect(Answer(try harness.another().respond(to: Request("GET", "/pages/"))).status == 200)
  }

  @Test func `a backup names the keys that it needs, and a restore without them does`() throws {
    let needed = try FernetKey(
      String(contentsOfFile: harness.data + "/fernet.keys", encoding: .utf8).split(separator: "\n").map(
        String.init)[0])
    _ = try harness.application.backUp(to: file)
    let other = try Harness()
    other.addToken("maria")
    let refusal = #expect(throws: OperationError.self) { try other.another().restore(from: file) }
    #expect(refusal?.description.contains(needed.fingerprint) == true, "\(refusal?.description ?? "")")
  }

  @Test func `of several backups to one name at once, one is made and the others are told`() throws {
    let applications = try (0..<4).map { _ in try harness.another() }
    for _ in 0..<5 {
      nonisolated(unsafe) let all = applications
      let file = file
      let made = Counter()
      let runs = (0..<4).map { number in
        Background { if (try? all[number].backUp(to: file)) != nil { made.add() } }
      }
      for run in runs { _ = run.result() }
      #expect(made.value == 1)
      #expect(try RawDatabase(file).connection.integrityProblems().isEmpty)
      let left = try FileManager.default.contentsOfDirectory(atPath: harness.folder.path)
      #expect(left.filter { $0.hasPrefix("backup.sqlite3") } == ["backup.sqlite3"])
      unlink(file)
    }
  }

  @Test func `a backup onto a full disk says which disk, and leaves nothing there`() throws {
    guard getuid() == 0 else { return }  // Mounting needs root.
    let folder = try TemporaryFolder()
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let error = #expect(throws: OperationError.self) {
      try harness.application.backUp(to: folder.path + "/backup")
    }
    #expect(error?.description.contains(folder.path + "/backup") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("for the database") == false)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func `what an interrupted restore has left is cleared by the next one`() throws {
    _ = try harness.application.backUp(to: file)
    let scratch = harness.data + "/restore.4194305"
    mkdir(scratch, 0o700)
    _ = FileManager.default.createFile(atPath: scratch + "/meta.sqlite3", contents: Data("half".utf8))
    _ = try harness.another().restore(from: file)
    #expect(access(scratch, F_OK) != 0)
  }
}
