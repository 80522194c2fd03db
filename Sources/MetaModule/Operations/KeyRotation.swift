internal import Cryptography
internal import Glibc

/// What `metactl key rotate` did.
public struct KeyRotationReport: Sendable, Equatable {
  /// An earlier rotation had been cut off; it was finished, and no further key was made.
  public var wasResumed = false
  /// Tells the new key from others and reveals nothing of it.
  public var fingerprint = ""
  /// Texts that are encrypted with the new key now and were not before.
  public var resealed = 0
  /// Texts that no key opens, neither an old one nor the new one; they were left as they are.
  public var unreadable = 0
  /// Old keys that were removed, since nothing needs them.
  public var removedKeys = 0
  /// Old keys that are still in the file.
  public var keptKeys = 0
}

/// `metactl key rotate`: a new key in front, everything encrypted anew in one transaction, the old keys removed.
///
/// Killed at any moment it leaves a ring that opens every row: the new key is on disk, durably, before the first row
/// needs it, and an old one goes only after a look at every row has found that none needs it. Running again finishes
/// what was begun. Done once a year; 10,000 rows take about a second.
extension Application {
  /// Seconds for which a request that began with the old key may still be writing: longer than the store's patience.
  public static let rotationGrace = 10

  /// Rotates the key ring of `fernet.keys`.
  ///
  /// - Parameters:
  ///   - grace: seconds to wait, after everything was encrypted anew, before the old keys are removed.
  ///   - keepsOldKeys: leaves the old keys in the file, for backups that were made with them.
  public func rotateKeys(
    grace: Int = Application.rotationGrace, keepsOldKeys: Bool = false,
    progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> KeyRotationReport {
    guard configuration.fernetKeys == nil else { throw .refused(Self.rotatingTheEnvironment) }
    return try operation {
      let store = try store()
      _ = try keyRing()  // A ring that is not this database's is refused here, before anything is changed.
      let lock = try FileLock.hold(
        configuration.keyFilePath + ".lock", in: configuration.dataDirectory,
        busy: "Another rotation is going on. Nothing was changed.")
      defer { lock.release() }
      var report = KeyRotationReport()
      var keys = try vault.keysOfFile()
      report.wasResumed = try keys.count > 1 && Survey(store, KeyRing(keys)).older > 0
      if !report.wasResumed {
        keys.insert(try FernetKey.generate(), at: 0)
        try vault.replaceFile(with: keys)
      }
      let ring = try KeyRing(keys)
      report.fingerprint = ring.fingerprints.first ?? ""
      report.resealed = try resealAll(store, ring, progress)
      report.keptKeys = keys.count - 1
      if keepsOldKeys {
        report.unreadable = try Survey(store, ring).unreadable
      } else {
        try removeOldKeys(store, keys, ring, grace: grace, &report, progress)
      }
      return report
    }
  }

  /// Encrypts every row with the newest key, all in one transaction with the fingerprint, and says how many.
  private func resealAll(_ store: Store, _ ring: KeyRing, _ progress: ProgressReport) throws -> Int {
    let done = try store.replaceAllSealed(
      settings: [(Self.fingerprintSetting, ring.fingerprints.first ?? "")],
      event: operatorEvent("key.rotate"),
      progress: { progress("Encrypting anew", $0, $1) }
    ) { _, sealed in
      if ring.isSealedWithNewest(sealed) { return .keep }
      do throws(CryptographyError) { return .replace(try ring.rotated(sealed)) } catch {
        // What no key opens stays as it is. Anything else (no randomness) must not leave half a rotation.
        return error == .invalidToken ? .keep : .abandon
      }
    }
    guard let done else {
      throw OperationError.trouble(
        "Encrypting failed for want of randomness or memory. No row was changed; both keys are in fernet.keys. "
          + "Run metactl key rotate again.")
    }
    return done.replaced
  }

  private func removeOldKeys(
    _ store: Store, _ keys: [FernetKey], _ ring: KeyRing, grace: Int, _ report: inout KeyRotationReport,
    _ progress: ProgressReport
  ) throws {
    guard keys.count > 1 else { return }
    for _ in 0..<3 {
      for second in 0..<max(0, grace) {
        progress("Letting requests in flight finish", second, grace)
        sleep(1)
      }
      progress("Letting requests in flight finish", grace, grace)
      let survey = try Survey(store, ring)
      report.unreadable = survey.unreadable
      if survey.older == 0 {
        // A process that looked at the ring before the rotation may have written the old fingerprint back.
        if try store.setting(Self.fingerprintSetting) != report.fingerprint {
          try store.setSetting(Self.fingerprintSetting, to: report.fingerprint)
        }
        try vault.replaceFile(with: Array(keys.prefix(1)))
        (report.removedKeys, report.keptKeys) = (keys.count - 1, 0)
        return
      }
      // A request that began with the old key has written since.
      report.resealed += try resealAll(store, ring, progress)
    }
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
  public func resealWithNewestKey(
    progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> KeyRotationReport {
    try operation {
      let store = try store()
      let ring = try keyRing()
      var report = KeyRotationReport()
      report.fingerprint = ring.fingerprints.first ?? ""
      report.resealed = try resealAll(store, ring, progress)
      report.keptKeys = ring.fingerprints.count - 1
      report.unreadable = try Survey(store, ring).unreadable
      return report
    }
  }
}

extension Application {
  /// Goes on with the present key ring although it is not the one that the database was written with: the last resort
  /// when a key is lost. What it does not open stays as it is, and is listed as `key_missing`.
  ///
  /// - Returns: how many stored texts it does not open.
  public func acceptKeyRing() throws(OperationError) -> Int {
    try operation {
      let store = try store()
      let ring = try vault.ring(mayCreate: true)
      let survey = try Survey(store, ring)
      try store.setSetting(
        Self.fingerprintSetting, to: ring.fingerprints.joined(separator: " "),
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

  var all: Int { newest + older + unreadable }

  init(_ store: Store, _ ring: KeyRing) throws(StoreError) {
    var (newest, older, unreadable) = (0, 0, 0)
    try store.forEachSealed { _, sealed in
      if ring.isSealedWithNewest(sealed) {
        newest += 1
      } else if (try? ring.open(sealed)) != nil {
        older += 1
      } else {
        unreadable += 1
      }
    }
    (self.newest, self.older, self.unreadable) = (newest, older, unreadable)
  }
}
