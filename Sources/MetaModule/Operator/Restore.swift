internal import Cryptography
internal import Glibc
package import Store
internal import System
internal import Text

package struct RestoreReport: Sendable, Equatable {
  package let backup: BackupReport
  /// Where the database that was replaced is now; `nil`: there was none.
  package let replaced: String?
  /// Texts of the backup that no key of the ring opens; 0 unless this was asked for.
  package let unreadable: Int
  /// Whether what was revoked and changed since the backup is known, and stays so; `false`: there was no database, or
  /// none that could be read.
  package let keepsRights: Bool
}

/// `metactl restore`: a backup in the place of the database, after it was checked, while nobody uses it.
extension Application {
  /// Restores a backup. Refuses while a process serves requests, and holds new ones off until it is done.
  ///
  /// The backup is checked on a copy: whose it is, its schema, every page, and that the key ring opens every token in
  /// it. The database that it replaces is kept aside.
  ///
  /// - Parameter despiteUnreadable: restores although some of its tokens need a key that is not there.
  package func restore(
    from file: String, despiteUnreadable: Bool = false, progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> RestoreReport {
    let lock = try Descriptor.hold(
      InstallationLock.path(in: configuration.dataDirectory),
      busy:
        "The program is running. Stop it first, and the socket with it, which would start it again at once (systemctl "
        + "stop meta-module.socket meta-module.service, or end the meta.fcgi processes), then restore again. Nothing "
        + "was changed.")
    defer { lock.unlock() }
    try refuseOtherMachines()
    return try operation {
      progress("Checking the backup", 0, 4)
      let ring: KeyRing
      do throws(KeyRingError) { ring = try rooms.keyRingFile.ring(mayCreate: false) } catch {
        throw OperationError.trouble("\(error.sentence) Nothing was changed.")
      }
      // Nobody else restores now, so whatever is there was left by one that was interrupted.
      for name in Folder.names(in: configuration.dataDirectory) where name.utf8.starts(with: "restore.".utf8)
      {
        Self.removeFolder(configuration.dataDirectory + "/" + name)
      }
      let scratch = configuration.dataDirectory + "/restore.\(getpid())"
      guard mkdir(scratch, 0o700) == 0 else {
        throw OperationError.trouble(
          "\(scratch) cannot be made: \(SystemError.last). Nothing was changed.")
      }
      defer { Self.removeFolder(scratch) }
      let copy = try checkedCopy(of: file, in: scratch, ring, despiteUnreadable: despiteUnreadable)
      progress("Keeping the present database aside", 2, 4)
      let aside = try keepAside()
      try copy.takeRights(from: aside)
      let unreadable = try prepare(copy, for: ring)
      if credentialsHaveExisted, try !copy.credentials().haveExisted {
        // A backup of the time before the first credential must not let anybody in without one.
        try copy.setSetting(CredentialMark.setting, to: CredentialMark.existed.rawValue)
      }
      try copy.record(operatorEvent("restore", "database"), now: .now)
      // One file without a WAL, and whole: what takes the database's place does so in one transaction.
      let checked = scratch + "/checked.sqlite3"
      var report = try copy.backup(to: checked)
      progress("Restoring", 3, 4)
      let unusable = newestUnusable()
      if shared.server == nil {
        report = try Store.restore(checked, into: configuration.dataDirectory)
      } else {
        try store().takeAllRows(from: copy)
      }
      progress("Restoring", 4, 4)
      return RestoreReport(
        backup: report, replaced: aside ?? newestUnusable().flatMap { $0 == unusable ? nil : $0 },
        unreadable: unreadable,
        keepsRights: aside != nil)
    }
  }

  /// A copy that is known to be whole, ours, of a schema that we know, and readable.
  private func checkedCopy(
    of file: String, in scratch: String, _ ring: KeyRing, despiteUnreadable: Bool
  ) throws -> Store {
    try Self.copy(file, to: scratch + "/meta.sqlite3")
    let copy: Store
    let survey: Survey
    do throws(StoreError) {
      copy = try Store(folder: scratch)
      guard try copy.integrityProblems().isEmpty else { throw .damaged(path: file) }
      survey = try Survey(copy, ring)
    } catch {
      switch error {
      case .damaged:
        throw OperationError.refused("\(file) is damaged. Nothing was changed. Try an older backup.")
      case .notOurs:
        throw OperationError.refused("\(file) is not a backup of Meta Module. Nothing was changed.")
      case .newer(_, let version, let known):
        throw OperationError.refused(
          "\(file) was made by a newer version: its schema is \(version), this program knows \(known). Nothing was "
            + "changed. Install that version first.")
      default: throw error
      }
    }
    guard survey.unreadable == 0 || despiteUnreadable else {
      let missing = try copy.fingerprints(Store.fingerprintSetting).filter { !ring.fingerprints.contains($0) }
      let names = missing.isEmpty ? "" : " (fingerprint \(missing.joined(separator: ", ")))"
      throw OperationError.refused(
        "\(survey.unreadable) of the \(survey.all) tokens in \(file) need a key that is not in the key ring\(names). "
          + "Nothing was changed. Put the key of its time back, as a further line of \(configuration.keyFilePath). "
          + "--force restores it anyway; those accounts have to be connected anew.")
    }
    return copy
  }

  /// The ring was checked against the copy, or is accepted in spite of it. Returns how many texts it does not open.
  private func prepare(_ copy: Store, for ring: KeyRing) throws -> Int {
    let survey = try copy.recordKeysInUse(ring)
    if survey.keys.isEmpty, survey.unreadable > 0 {
      try copy.setSetting(Store.acceptedSetting, to: ring.fingerprints.joined(separator: " "))
    }
    return survey.unreadable
  }

  /// Copies the present database to a file of its own; `nil` when there is none, or when it cannot be read: then
  /// `Store.restore` renames it.
  private func keepAside() throws -> String? {
    let isThere =
      shared.server == nil ? access(configuration.databasePath, F_OK) == 0 : try !store().isEmpty()
    guard isThere else { return nil }
    let moment = Timestamp.now.description.filter { $0 != ":" && $0 != "-" }
    let name = "\(configuration.databasePath).before-restore-\(moment)"
    var (path, number) = (name, 1)
    // Nobody else restores now. Two of one second are told apart.
    while access(path, F_OK) == 0 {
      number += 1
      path = "\(name)-\(number)"
    }
    // Twice: a single failure of the disk must not make a database unreadable whose revocations are to be kept.
    if shared.server != nil {
      _ = try copyDatabase(to: path)
      return path
    }
    for isLast in [false, true] {
      do throws(StoreError) {
        _ = try Store(folder: configuration.dataDirectory).backup(to: path)
        return path
      } catch {
        switch error {
        case .damaged, .notOurs, .newer, .lost: if isLast { return nil }
        default: throw error
        }
      }
    }
    return nil
  }

  /// Whether the database that is replaced had credentials. One that cannot be read may have had some.
  private var credentialsHaveExisted: Bool {
    if shared.server != nil { return (try? store().credentials().haveExisted) ?? true }
    guard access(configuration.databasePath, F_OK) == 0 else { return false }
    return (try? Store(folder: configuration.dataDirectory).credentials().haveExisted) ?? true
  }

  /// The database that `Store.restore` renamed last, since it could not be used.
  private func newestUnusable() -> String? {
    let prefix = "meta.sqlite3.unusable-"
    let names = Folder.names(in: configuration.dataDirectory).filter {
      $0.hasPrefix(prefix) && $0.dropFirst(prefix.utf8.count).utf8.allSatisfy(\.isDigit)
    }
    return names.max().map { configuration.dataDirectory + "/" + $0 }
  }

  // MARK: - Files

  private static func copy(_ source: String, to destination: String) throws(OperationError) {
    let input = source == "-" ? dup(STDIN_FILENO) : Account.asCaller { open(source, O_RDONLY | O_CLOEXEC) }
    guard input >= 0 else {
      throw .refused("\(source) cannot be read: \(SystemError.last). Nothing was changed.")
    }
    defer { close(input) }
    let output: Descriptor
    do { output = try Descriptor(opening: destination, O_WRONLY | O_CREAT | O_EXCL) } catch {
      throw .trouble("\(destination) cannot be made: \(error). Nothing was changed.")
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var header: [UInt8] = []
    while true {
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .refused("\(source) cannot be read: \(SystemError.last). Nothing was changed.")
      }
      // Of a pipe the first reads may bring little.
      header += chunk.prefix(count).prefix(headerLength - header.count)
      // An empty file, or one that is no database of ours, would be filled like a new one.
      if count == 0 || header.count == headerLength, !isOurs(header) {
        throw .refused("\(source) is not a backup of Meta Module. Nothing was changed.")
      }
      if count == 0 { return }
      do { try output.write(Array(chunk.prefix(count))) } catch {
        throw .trouble("The backup cannot be copied to check it: \(error). Nothing was changed.")
      }
    }
  }

  private static let headerLength = 100

  /// The first 16 bytes of every SQLite database, and our mark at 68 (SQLite, "Database File Format").
  private static func isOurs(_ header: [UInt8]) -> Bool {
    guard header.count == headerLength, header.prefix(16).elementsEqual("SQLite format 3\0".utf8) else {
      return false
    }
    let mark = header.dropFirst(68).prefix(4).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    return mark == Schema.applicationID
  }

  /// On a server, the programs of other machines use the database, too.
  func refuseOtherMachines() throws(OperationError) {
    let others = try operation { try shared.server == nil ? 0 : store().otherConnections() }
    guard others == 0 else {
      throw .refused(
        "Programs of other machines are connected to this database (\(others) connections). Stop them all first. Nothing "
          + "was changed.")
    }
  }

  /// Our scratch folder holds files only.
  static func removeFolder(_ folder: String) {
    for name in Folder.names(in: folder) { unlink(folder + "/" + name) }
    rmdir(folder)
  }
}
