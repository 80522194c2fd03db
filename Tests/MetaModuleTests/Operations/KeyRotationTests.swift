import Cryptography
import Foundation
import Glibc
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import MetaModule
@testable import Store
@testable import System

@Suite struct KeyRotationTests {
  @Test func `a rotation encrypts every row with a new key and keeps the old one, and pruning removes it`()
    throws
  {
    let harness = try Harness()
    harness.addClient()
    let before = try harness.keys()
    let plain = try harness.plainToken(1)
    let report = try harness.application.rotateKeys(grace: 0)
    #expect(report.resealed == 2)
    #expect(report.removedKeys == 0)
    #expect(report.keptKeys == 1)
    let after = try harness.keys()
    #expect(after.count == 2)
    #expect(Array(after.dropFirst()) == before)
    #expect(try harness.survey().newest == 2)
    #expect(try harness.plainToken(1) == plain)
    #expect(try harness.store().setting(Store.fingerprintSetting) == after.first?.fingerprint)
    #expect(permissions(of: harness.data + "/fernet.keys") == 0o600)
    #expect(try harness.store().events(limit: 1).first?.action == "key.rotate")
    let pruned = try harness.application.pruneKeys(grace: 0)
    #expect(pruned.removed == before.map(\.fingerprint))
    #expect(pruned.removedKeys == 1 && pruned.keptKeys == 0)
    #expect(try harness.keys() == Array(after.prefix(1)))
    #expect(try harness.plainToken(1) == plain)
    #expect(try harness.application.pruneKeys(grace: 0).removedKeys == 0)
  }

  @Test func `workers that were running go on with the new key`() throws {
    let harness = try Harness()
    harness.addClient()
    let worker = try harness.another()
    #expect(Answer(worker.respond(to: Request("GET", "/pages/"))).status == 200)
    _ = try harness.application.rotateKeys(grace: 0)
    let answer = Answer(worker.respond(to: Request("GET", "/pages/")))
    #expect(answer.json["pages"]?.array?.isEmpty == false)
    #expect(answer.json["warnings"] == nil)
  }

  @Test func `a rotation that was cut off before the rows is finished with the key that it had made`() throws
  {
    let harness = try Harness()
    harness.addClient()
    // What the disk holds after kill -9 between the key file and the transaction.
    let new = try FernetKey.generate()
    try harness.application.rooms.keyRingFile.replaceFile(with: [new] + harness.keys())
    #expect(try harness.survey().older == 2)
    let report = try harness.application.rotateKeys(grace: 0)
    #expect(report.wasResumed)
    #expect(try harness.keys().first == new)
    #expect(try harness.survey().newest == 2)
  }

  @Test func `what an old key is still needed for is encrypted anew before that key is pruned`() throws {
    let harness = try Harness()
    harness.addClient()
    let new = try FernetKey.generate()
    try harness.application.rooms.keyRingFile.replaceFile(with: [new] + harness.keys())
    let report = try harness.application.pruneKeys(grace: 0)
    #expect(report.resealed == 2 && report.removedKeys == 1)
    #expect(try harness.keys() == [new])
    #expect(try harness.survey().newest == 2)
  }

  @Test func `what no key opens stays as it is and is counted`() throws {
    let harness = try Harness()
    harness.addClient()
    let foreign = try KeyRing([.generate()]).seal(Array("token".utf8))
    let id = try harness.store().saveToken(
      NewToken(accountLabel: "Lost", sealedToken: foreign, facts: TokenFacts(userID: "5"))
    ).token.id
    let report = try harness.application.rotateKeys(grace: 0)
    #expect(report.unreadable == 1)
    #expect(report.resealed == 2)
    #expect(try harness.store().token(id)?.sealedToken == foreign)
  }

  @Test func `the wrong key file changes nothing, and can be accepted when the right one is lost`() throws {
    let harness = try Harness()
    harness.addClient()
    let sealed = try harness.store().token(1)?.sealedToken
    try harness.application.rooms.keyRingFile.replaceFile(with: [.generate()])
    let keys = try harness.keys()
    #expect(throws: OperationError.self) { try harness.application.rotateKeys(grace: 0) }
    #expect(try harness.keys() == keys)
    #expect(try harness.store().token(1)?.sealedToken == sealed)
    #expect(try harness.application.acceptKeyRing() == 2)
    #expect(try harness.application.rotateKeys(grace: 0).unreadable == 2)
    #expect(harness.addToken("john") == 1)
    #expect(try harness.plainToken(1) == harness.simulator.token("john"))
  }

  @Test func `a ring in META_FERNET_KEYS is not rotated but resealed`() throws {
    let (old, new) = (try FernetKey.generate(), try FernetKey.generate())
    let harness = try Harness(settings: ["META_FERNET_KEYS": old.revealed()])
    harness.addClient()
    let refusal = #expect(throws: OperationError.self) { try harness.application.rotateKeys(grace: 0) }
    #expect(refusal?.description.contains("META_FERNET_KEYS=NEW,OLD") == true)
    let both = try harness.another(settings: ["META_FERNET_KEYS": new.revealed() + "," + old.revealed()])
    #expect(try both.resealWithNewestKey().resealed == 2)
    let alone = try harness.another(settings: ["META_FERNET_KEYS": new.revealed()])
    #expect(
      Answer(alone.respond(to: Request("GET", "/pages/"))).json["pages"]?.array?.isEmpty == false)
  }

  @Test func `two rotations at once: the second is refused`() throws {
    let harness = try Harness()
    harness.addClient()
    let lock = try Descriptor.hold(harness.data + "/fernet.keys.lock", busy: "busy")
    let refusal = #expect(throws: OperationError.self) { try harness.application.rotateKeys(grace: 0) }
    #expect(refusal?.isTrouble == false)
    lock.unlock()
    #expect(try harness.application.rotateKeys(grace: 0).keptKeys == 1)
  }

  @Test func `a row that was written with the old key meanwhile is found before the old key goes`() throws {
    let harness = try Harness()
    harness.addClient()
    let old = try KeyRing(harness.keys())
    let late = try Store(folder: harness.data)
    var isWritten = false
    let report = try harness.application.rotateKeys(grace: 0) { doing, _, _ in
      guard doing.hasPrefix("Letting"), !isWritten else { return }
      isWritten = true
      let sealed = (try? old.seal(Array("late".utf8))) ?? ""
      _ = try? late.saveToken(
        NewToken(accountLabel: "Late", sealedToken: sealed, facts: TokenFacts(userID: "9")))
    }
    #expect(isWritten)
    #expect(report.resealed == 3)
    #expect(try harness.survey().newest == 3)
  }
}
