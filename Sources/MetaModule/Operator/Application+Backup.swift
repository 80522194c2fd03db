internal import Glibc
package import Store
internal import System
internal import Text

extension Application {
  /// The size of the database now, to tell how far a backup is.
  package var databaseBytes: Int64 {
    fileStatus(of: configuration.databasePath).map { Int64($0.st_size) } ?? 0
  }

  package var keysToKeep: String {
    configuration.fernetKeys == nil ? configuration.keyFilePath : "META_FERNET_KEYS"
  }

  /// Copies the database to one file (0600) while the program goes on working, and checks the copy before it appears
  /// under its name. The keys are not part of it.
  ///
  /// - Parameters:
  ///   - file: `-`: standard output.
  ///   - overwriting: an older file of that name is replaced, in one step, when the new one is complete.
  package func backUp(to file: String, overwriting: Bool = false) throws(OperationError) -> BackupReport {
    let exists = try Account.asCaller { () throws(OperationError) in try isThere(file, overwriting) }
    return try operation {
      // So that the backup names the keys that it needs; without the right ring it names those of which is known.
      if let ring = try? keyRing() { try store().recordKeysInUse(ring) }
      if file == "-" { return try handOver { copy in try Self.write(copy, to: nil) } }
      guard exists || Account.isBorrowed else { return try copyDatabase(to: file) }
      let new = "\(file).new.\(getpid())"
      defer { Account.asCaller { _ = unlink(new) } }
      let report =
        try Account.isBorrowed
        ? handOver { copy in try Account.asCaller { try Self.write(copy, to: new) } }
        : copyDatabase(to: new)
      try Account.asCaller {
        guard overwriting ? rename(new, file) == 0 : SmallFile.publish(new, as: file, lock: nil) else {
          throw OperationError.trouble(
            "\(file) cannot be made: \(SystemError.last)."
              + (exists ? " The older one is still there." : ""))
        }
        Folder.synchronize(holding: file)
      }
      return report
    }
  }

  /// One file with everything in it. A server's rows go through a database of their own, so that every backup can be
  /// restored to either.
  func copyDatabase(to path: String) throws -> BackupReport {
    guard shared.server != nil else { return try store().backup(to: path) }
    let scratch = scratch("copy.")
    defer { Self.removeFolder(scratch) }
    let copy = try Store(folder: scratch)
    try copy.takeAllRows(from: store())
    return try copy.backup(to: path)
  }

  /// A backup in a folder, under the time as its name, of which the newest so many are kept.
  package func backUp(
    into folder: String, keeping count: Int
  ) throws(OperationError) -> (report: BackupReport, file: String, removed: [String]) {
    guard Account.asCaller({ fileStatus(of: folder) }).map({ $0.st_mode & S_IFMT == S_IFDIR }) == true else {
      throw .refused(
        "\(folder) is not a folder; with --keep, backups are numbered by time in one. Make it first.")
    }
    let slash = folder.utf8.last == UInt8(ascii: "/") ? "" : "/"
    let (before, after) = ("meta-", ".sqlite3")
    func path(_ moment: String) -> String { folder + slash + before + moment + after }
    var file: String { path(Timestamp.now.description.filter { $0 != ":" && $0 != "-" }) }
    // One in a second: the names are to be in the order of time.
    while Account.asCaller({ access(file, F_OK) == 0 }) { usleep(20_000) }
    let new = file
    let report = try backUp(to: new)
    return try Account.asCaller { () throws(OperationError) in
      let moments = Folder.names(in: folder).compactMap { name -> String? in
        guard name.hasPrefix(before), name.hasSuffix(after) else { return nil }
        let moment = name.dropFirst(before.count).dropLast(after.count)
        // `20261127T010203Z`: what is called otherwise was not made here.
        let isMoment = moment.utf8.enumerated().allSatisfy { place, byte in
          place == 8 || place == 15 ? byte == UInt8(ascii: place == 8 ? "T" : "Z") : byte.isDigit
        }
        return isMoment && moment.utf8.count == 16 ? String(moment) : nil
      }
      let old = moments.sorted(by: >).dropFirst(count).map(path)
      for file in old where unlink(file) != 0 && errno != ENOENT {
        throw .trouble("The backup is made, but the old \(file) cannot be removed: \(SystemError.last).")
      }
      return (report, new, old)
    }
  }

  /// Whether a file will be replaced.
  private func isThere(_ file: String, _ overwriting: Bool) throws(OperationError) -> Bool {
    guard file != "-", let present = fileStatus(of: file) else { return false }
    guard present.st_mode & S_IFMT == S_IFREG else {
      throw .refused("\(file) is not a file. Nothing was written.")
    }
    let own = shared.server == nil ? fileStatus(of: configuration.databasePath) : nil
    guard own.map(FileIdentity.init) != FileIdentity(present) else {
      throw .refused("\(file) is the database itself. Nothing was written.")
    }
    guard overwriting else {
      throw .refused("\(file) exists already. Nothing was written. --force replaces it.")
    }
    return true
  }

  // MARK: - For those who cannot be written to by this account

  /// Makes the copy in the data folder, where it bears no name any more while it is written on to where it belongs.
  private func handOver(_ body: (borrowing Descriptor) throws -> Void) throws -> BackupReport {
    let scratch = scratch("backup.")
    let report = try copyDatabase(to: scratch)
    defer { unlink(scratch) }
    let copy: Descriptor
    do { copy = try Descriptor(opening: scratch, O_RDONLY) } catch {
      throw OperationError.trouble("\(scratch) cannot be read: \(error).")
    }
    unlink(scratch)
    try body(copy)
    return report
  }

  /// Where this process writes; what those that were killed have left there is removed. In a container each may have had
  /// the same number.
  private func scratch(_ prefix: String) -> String {
    for name in Folder.names(in: configuration.dataDirectory) where name.utf8.starts(with: prefix.utf8) {
      guard let process = pid_t(name.dropFirst(prefix.count).prefix { $0 != "." && $0 != "-" }),
        process == getpid() || kill(process, 0) != 0 && errno == ESRCH
      else { continue }
      let path = "\(configuration.dataDirectory)/\(name)"
      if unlink(path) != 0 { Self.removeFolder(path) }
    }
    return "\(configuration.dataDirectory)/\(prefix)\(getpid())"
  }

  /// - Parameter file: `nil`: standard output.
  private static func write(_ copy: borrowing Descriptor, to file: String?) throws(OperationError) {
    do throws(SystemError) {
      let output =
        if let file { try Descriptor(opening: file, O_WRONLY | O_CREAT | O_EXCL) } else {
          Descriptor(owning: dup(STDOUT_FILENO))
        }
      let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
      defer { chunk.deallocate() }
      var offset = 0
      while case let count = try copy.read(into: chunk, at: offset), count > 0 {
        try output.write(Array(chunk.prefix(count)))
        offset += count
      }
      guard file == nil || fsync(output.number) == 0 else { throw .last }
      try output.closeReportingErrors()
    } catch {
      throw .trouble("\(file ?? "Standard output") cannot be written: \(error). No backup was made.")
    }
  }
}
