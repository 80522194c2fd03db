internal import Glibc
package import Store
internal import System

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
  /// - Parameter overwriting: an older file of that name is replaced, in one step, when the new one is complete.
  package func backUp(to file: String, overwriting: Bool = false) throws(OperationError) -> BackupReport {
    let present = fileStatus(of: file)
    if let present {
      guard present.st_mode & S_IFMT == S_IFREG else {
        throw .refused("\(file) is not a file. Nothing was written.")
      }
      guard fileStatus(of: configuration.databasePath)?.isSameFile(as: present) != true
      else { throw .refused("\(file) is the database itself. Nothing was written.") }
      guard overwriting else {
        throw .refused("\(file) exists already. Nothing was written. --force replaces it.")
      }
    }
    return try operation {
      // So that the backup names the keys that it needs; without the right ring it names those of which is known.
      if let ring = try? keyRing() { try store().recordKeysInUse(ring) }
      guard present != nil else { return try store().backup(to: file) }
      let new = "\(file).new.\(getpid())"
      defer { unlink(new) }
      let report = try store().backup(to: new)
      guard rename(new, file) == 0 else {
        throw OperationError.trouble(
          "\(file) cannot be replaced: \(SmallFile.lastError()). The older one is still there.")
      }
      return report
    }
  }
}
