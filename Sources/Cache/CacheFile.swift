internal import Glibc
internal import System
internal import Text

/// A file of ours in a subfolder, while the subfolder is being listed; not to be kept.
struct CacheFile {
  let kind: CacheDirectory.Kind
  private let name: UnsafePointer<CChar>
  private let folder: Int32
  private let status: stat

  /// `nil` for a name that is not ours and for a file that has gone meanwhile.
  fileprivate init?(name: UnsafePointer<CChar>, in folder: Int32) {
    guard let kind = CacheDirectory.Kind(nameOf: name) else { return nil }
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    self.kind = kind
    self.name = name
    self.folder = folder
    self.status = status
  }

  /// What the file takes, in bytes of whole blocks.
  var diskSize: Int64 { CacheDirectory.diskSize(of: status) }

  /// Whether nobody needs the file any more. For an entry and a note its modification time is the moment
  /// after which that is so; a torso is as old as it looks, and nobody writes one for ten minutes.
  func isRemovable(now: Timestamp) -> Bool {
    guard status.st_mode & S_IFMT == S_IFREG else { return true }
    let moment = Int64(status.st_mtim.tv_sec)
    guard kind == .torso else { return moment < now.seconds }
    let (age, overflow) = now.seconds.subtractingReportingOverflow(moment)
    return overflow || age.magnitude > 600
  }

  /// The modification time on a scale that fits 32 bits and keeps the order: 68 years to either side of now.
  func moment(relativeTo now: Timestamp) -> UInt32 {
    let (distance, overflow) = Int64(status.st_mtim.tv_sec).subtractingReportingOverflow(now.seconds)
    guard !overflow else { return 0 }
    return UInt32(clamping: distance &+ (1 << 31))
  }

  /// Removes the file, or an empty folder in its place.
  func remove() -> SystemError? {
    guard unlinkat(folder, name, 0) != 0, errno != ENOENT else { return nil }
    let error = SystemError(code: errno)
    return error.code == EISDIR && unlinkat(folder, name, AT_REMOVEDIR) == 0 ? nil : error
  }
}

extension CacheDirectory.Kind {
  fileprivate init?(nameOf file: UnsafePointer<CChar>) {
    let length = strlen(file)
    for kind in Self.allCases {
      let suffix = kind.rawValue
      let start = length - suffix.utf8.count
      if start > 0, strcmp(file + start, suffix) == 0 {
        self = kind
        return
      }
    }
    return nil
  }
}

extension CacheDirectory {
  /// Shows every file of ours in a subfolder, which may be removed meanwhile. A missing subfolder has none.
  func forEachFile(in shard: Int, _ visit: (CacheFile) -> Void) throws(CacheError) {
    do throws(SystemError) {
      let stream = try DirectoryStream(listing: try open(shard: shard))
      while let name = try stream.next() {
        if let file = CacheFile(name: name, in: stream.descriptor) { visit(file) }
      }
    } catch {
      guard error.code != ENOENT else { return }
      throw error.during("list", path + "/" + Self.shardName(shard))
    }
  }
}
