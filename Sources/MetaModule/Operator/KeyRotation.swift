internal import Cryptography
internal import Glibc
internal import Store
internal import System
package import Text

package struct KeyRotationReport: Sendable, Equatable {
  /// An earlier rotation had been cut off; it was finished, and no further key was made.
  package var wasResumed = false
  /// Tells the new key from others and reveals nothing of it.
  package var fingerprint = ""
  /// Texts that are encrypted with the new key now and were not before.
  package var resealed = 0
  /// Texts that no key opens, neither an old one nor the new one; they were left as they are.
  package var unreadable = 0
  /// Old keys that were removed, since nothing needs them.
  package var removedKeys = 0
  /// Old keys that are still in the file: what was encrypted with them before can be restored.
  package var keptKeys = 0
  /// The fingerprints of those that were removed, as backups name them.
  package var removed: [String] = []
}

/// `metactl key rotate`: a new key in front, everything encrypted anew in one transaction. The old keys stay in the file,
/// retired: they open the backups of their time. `metactl key prune` removes them.
///
/// Killed at any moment it leaves a ring that opens every row: the new key is on disk, durably, before the first row
/// needs it, and an old one goes only after a look at every row has found that none needs it. Running again finishes
/// what was begun. Done once a year; 10,000 rows take about a second.
extension Application {
  /// Seconds for which a request that began with the old key may still be writing: longer than the store's patience.
  package static let rotationGrace = 10

  /// Rotates the key ring of `fernet.keys`.
  ///
  /// - Parameter grace: seconds to wait, after everything was encrypted anew, before what requests in flight have
  ///   written with the old key is encrypted anew, too.
  package func rotateKeys(
    grace: Int = Application.rotationGrace, progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> KeyRotationReport {
    try changingKeyFile { store, keys in
      var report = KeyRotationReport()
      var keys = keys
      report.wasResumed = try keys.count > 1 && Survey(store, KeyRing(keys)).older > 0
      if !report.wasResumed {
        try acceptAlso(try FernetKey.generate(), before: &keys, store)
        try rooms.keyRingFile.replaceFile(with: keys)
      }
      let ring = try KeyRing(keys)
      report.fingerprint = ring.fingerprints.first ?? ""
      report.resealed = try resealAll(store, ring, progress)
      report.keptKeys = keys.count - 1
      _ = try resealStragglers(store, ring, grace: grace, &report, progress)
      return report
    }
  }

  /// Removes every key but the first from `fernet.keys`, after a look at every row has found that none needs them. What
  /// no key opens stays as it is, and backups that name the removed keys can only be restored with a copy of them.
  package func pruneKeys(
    grace: Int = Application.rotationGrace, progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> KeyRotationReport {
    try changingKeyFile { store, keys in
      var report = KeyRotationReport()
      let ring = try KeyRing(keys)
      report.fingerprint = ring.fingerprints.first ?? ""
      report.keptKeys = keys.count - 1
      guard keys.count > 1 else { return report }
      report.resealed = try resealAll(store, ring, progress)
      guard try resealStragglers(store, ring, grace: grace, &report, progress) else { return report }
      try rooms.keyRingFile.replaceFile(with: Array(keys.prefix(1)))
      (report.removedKeys, report.keptKeys) = (keys.count - 1, 0)
      report.removed = Array(ring.fingerprints.dropFirst())
      try store.record(operatorEvent("key.prune", "keys"), now: .now)
      return report
    }
  }

  /// Runs `body` as the only one who changes the key file.
  private func changingKeyFile(
    _ body: (Store, [FernetKey]) throws -> KeyRotationReport
  ) throws(OperationError) -> KeyRotationReport {
    guard configuration.fernetKeys == nil else { throw .refused(Self.rotatingTheEnvironment) }
    return try operation {
      let store = try store()
      _ = try keyRing()  // A ring that is not this database's is refused here, before anything is changed.
      let lock = try Descriptor.hold(
        configuration.keyFilePath + ".lock", busy: "Another rotation is going on. Nothing was changed.")
      defer { lock.unlock() }
      return try body(store, try rooms.keyRingFile.keysOfFile())
    }
  }

  /// A ring that was accepted although it opens nothing stays accepted with a further key in front.
  private func acceptAlso(_ key: FernetKey, before keys: inout [FernetKey], _ store: Store) throws {
    let accepted = try store.fingerprints(Store.acceptedSetting)
    if accepted.contains(where: keys.map(\.fingerprint).contains) {
      try store.setSetting(
        Store.acceptedSetting, to: (accepted + [key.fingerprint]).joined(separator: " "))
    }
    keys.insert(key, at: 0)
  }

  /// Encrypts every row with the newest key, and says how many.
  private func resealAll(_ store: Store, _ ring: KeyRing, _ progress: ProgressReport) throws -> Int {
    try store.recordKey(ring)
    let done = try store.replaceAllSealed(
      event: operatorEvent("key.rotate"),
      progress: { progress("Encrypting anew", $0, $1) }
    ) { sealed in
      if ring.isSealedWithNewest(sealed) { return .keep }
      do throws(CryptographyError) { return .replace(try ring.rotated(sealed)) } catch {
        // What no key opens stays as it is. Anything else (no randomness) must not leave half a rotation.
        return error == .invalidToken ? .keep : .abandon
      }
    }
    guard let done else {
      throw OperationError.trouble(
        "Encrypting failed for want of randomness or memory. Every row can still be read with the keys there are. Run "
          + "the same command again.")
    }
    return done
  }

  /// Waits for requests that began with an older key, and encrypts anew what they have written. Whether no row needs an
  /// older key any more.
  private func resealStragglers(
    _ store: Store, _ ring: KeyRing, grace: Int, _ report: inout KeyRotationReport, _ progress: ProgressReport
  ) throws -> Bool {
    for _ in 0..<3 {
      for second in 0..<max(0, grace) {
        progress("Letting requests in flight finish", second, grace)
        sleep(1)
      }
      progress("Letting requests in flight finish", grace, grace)
      let survey = try store.recordKeysInUse(ring)
      report.unreadable = survey.unreadable
      if survey.older == 0 { return true }
      report.resealed += try resealAll(store, ring, progress)
    }
    return false
  }

  private static let rotatingTheEnvironment = """
    The keys come from META_FERNET_KEYS, which metactl cannot change. To rotate them:
      1. metactl key generate, and put the new key in front: META_FERNET_KEYS=NEW,OLD
      2. Restart everything that has the old value: meta.fcgi, timers.
      3. metactl key reseal encrypts every row with the first key.
      4. Take OLD out of META_FERNET_KEYS and restart again. Keep it as long as backups of its time are kept.
    Nothing was changed.
    """

  /// Encrypts every row with the first key of the ring, wherever the ring comes from. For rings in
  /// `META_FERNET_KEYS`, whose keys only their owner can add and remove.
  package func resealWithNewestKey(
    progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> KeyRotationReport {
    try operation {
      let store = try store()
      let ring = try keyRing()
      var report = KeyRotationReport()
      report.fingerprint = ring.fingerprints.first ?? ""
      report.resealed = try resealAll(store, ring, progress)
      report.keptKeys = ring.fingerprints.count - 1
      report.unreadable = try store.recordKeysInUse(ring).unreadable
      return report
    }
  }
}

extension Application {
  /// A new Fernet key: 32 random bytes in url-safe base64 (Fernet specification, "Key format").
  package static func generateKey() throws -> Secret { Secret(try FernetKey.generate().revealed()) }

  /// Goes on with the present key ring although it is not the one that the database was written with: the last resort
  /// when a key is lost. What it does not open stays as it is, and is listed as `key_missing`.
  ///
  /// - Returns: how many stored texts it does not open.
  package func acceptKeyRing() throws(OperationError) -> Int {
    try operation {
      let store = try store()
      let ring = try rooms.keyRingFile.ring(mayCreate: true)
      let survey = try Survey(store, ring)
      try store.setSetting(
        Store.acceptedSetting, to: ring.fingerprints.joined(separator: " "),
        event: operatorEvent("key.accept"))
      return survey.unreadable
    }
  }
}

/// How the stored texts stand to a ring.
struct Survey {
  /// Sealed with the newest key.
  var newest = 0
  /// Opened only by an older one.
  var older = 0
  /// Opened by none.
  var unreadable = 0
  /// The fingerprints of those that open anything.
  var keys: Set<String> = []

  var all: Int { newest + older + unreadable }

  init(_ store: Store, _ ring: KeyRing) throws(StoreError) {
    var keys: [String: Int] = [:]
    var unreadable = 0
    try store.forEachSealed { sealed in
      if let key = ring.fingerprint(of: sealed) { keys[key, default: 0] += 1 } else { unreadable += 1 }
    }
    self.unreadable = unreadable
    newest = ring.fingerprints.first.flatMap { keys[$0] } ?? 0
    older = keys.values.reduce(0, +) - newest
    self.keys = Set(keys.keys)
  }
}
