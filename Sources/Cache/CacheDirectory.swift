internal import Glibc
package import System
internal import Text

/// The folders of the cache and the names in them; made again whenever somebody removed them.
///
/// `<directory>/CACHEDIR.TAG`, `<directory>/ledger` and 256 subfolders `00` to `ff`, each holding
/// `<key>.entry`, `<key>.failure` and, for the moment in which one is written, `<random>.torso`.
package struct CacheDirectory: Sendable {
  /// What a file in a subfolder is, told by how its name ends. Anything else is not ours and is left alone.
  package enum Kind: String, CaseIterable {
    case entry = ".entry"
    case failure = ".failure"
    case torso = ".torso"
  }

  static let shardCount = 256
  static let indexName = "ledger"
  private static let tagName = "CACHEDIR.TAG"

  /// Without a slash at its end: with one, `O_NOFOLLOW` would follow a link.
  package let path: String

  /// Only looks at the text; nothing is made yet.
  init(path: String) throws(CacheError) {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    self.path = String(decoding: bytes, as: UTF8.self)
    guard !bytes.isEmpty, bytes != [UInt8(ascii: "/")], !bytes.contains(0), bytes.count <= 3500 else {
      throw .refused(path: self.path, reason: "is not a usable path")
    }
  }

  /// The subfolder's name, `00` to `ff`.
  static func shardName(_ shard: Int) -> String {
    String(decoding: [hexadecimal(shard >> 4), hexadecimal(shard)], as: UTF8.self)
  }

  private static func hexadecimal(_ digit: Int) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: digit & 15)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10)
  }

  func path(of shard: Int) -> String { path + "/" + Self.shardName(shard) }

  /// Calls with the path of a key's file as C wants it, without a heap allocation: every read comes through
  /// here. Byte by byte: a tenth of what `strcpy` of four strings takes.
  func withPath<Result: ~Copyable>(
    of key: CacheKey, _ kind: Kind, _ body: (UnsafePointer<CChar>) -> Result?
  ) -> Result? {
    let count = path.utf8.count + 4 + key.text.utf8.count + kind.rawValue.utf8.count + 1
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
      buffer.initialize(repeating: 0)
      var place = buffer[...].update(fromContentsOf: path.utf8)
      let slash = UInt8(ascii: "/")
      for byte in [slash, Self.hexadecimal(key.shard >> 4), Self.hexadecimal(key.shard), slash] {
        buffer[place] = byte
        place += 1
      }
      place = buffer[place...].update(fromContentsOf: key.text.utf8)
      _ = buffer[place...].update(fromContentsOf: kind.rawValue.utf8)
      return buffer.withMemoryRebound(to: CChar.self) { path in
        // The buffer is not empty, so it has an address; had it none, this would read as a missing file.
        guard let start = path.baseAddress else { return nil }
        return body(start)
      }
    }
  }

  /// What a file costs: whole blocks of 4 KiB, as disks and quotas count. `st_blocks` would tell it for real,
  /// but is 0 on some file systems for what was written a moment ago.
  static func diskSize(of status: stat) -> Int64 {
    guard status.st_mode & S_IFMT == S_IFREG else { return 0 }
    return (Int64(clamping: status.st_size) / 4096 &+ (status.st_size % 4096 == 0 ? 0 : 1)) &* 4096
  }

  /// What is there under that name; nothing costs nothing.
  static func diskSize(of name: String, in folder: borrowing Descriptor) -> Int64 {
    var status = stat()
    return fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? diskSize(of: status) : 0
  }

  /// Opens the directory, or a subfolder; does not make it.
  package func open(shard: Int? = nil) throws(SystemError) -> Descriptor {
    try Descriptor(opening: shard.map(path(of:)) ?? path, O_RDONLY | O_DIRECTORY)
  }

  /// Opens a subfolder, after making whatever is missing on the way.
  func makeAndOpen(shard: Int) throws(CacheError) -> Descriptor {
    let name = Self.shardName(shard)
    var last = SystemError(code: ENOENT)
    // Several times, because somebody may be removing the directory at this very moment.
    for _ in 0..<4 {
      do throws(SystemError) {
        return try open(shard: shard)
      } catch {
        last = error
        guard [ENOENT, ENOTDIR, ELOOP].contains(error.code) else { break }
      }
      let root = try make()
      guard mkdirat(root.number, name, 0o700) != 0 else { continue }
      guard errno == EEXIST else { throw SystemError.last.during("make", path(of: shard)) }
      // A file or a link in the place of a folder of ours.
      if last.code != ENOENT { unlinkat(root.number, name, 0) }
    }
    throw last.during("open", path(of: shard))
  }

  /// Makes the directory with mode 0700 where it is missing, parents too, and refuses one that is not ours
  /// alone: a link, somebody else's, or one that holds other things.
  package func make() throws(CacheError) -> Descriptor {
    if access(path, F_OK) != 0, errno == ENOENT {
      do { try Folder.make(path, isGivenAway: false) } catch { throw error.during("make", path) }
    }
    let root = try openOrExplain()
    let status: stat
    do { status = try root.status() } catch { throw error.during("look at", path) }
    guard status.st_uid == geteuid() else {
      throw .refused(path: path, reason: "belongs to user \(status.st_uid), and this is user \(geteuid())")
    }
    try refuseOthersThings(in: root)
    if status.st_mode & 0o777 != 0o700, fchmod(root.number, 0o700) != 0 {
      throw SystemError.last.during("set mode 0700 of", path)
    }
    writeTag(in: root)
    return root
  }

  private func openOrExplain() throws(CacheError) -> Descriptor {
    do throws(SystemError) {
      return try open()
    } catch {
      var status = stat()
      guard error.code == ENOTDIR || error.code == ELOOP, lstat(path, &status) == 0 else {
        throw error.during("open", path)
      }
      let isLink = status.st_mode & S_IFMT == S_IFLNK
      throw .refused(
        path: path, reason: isLink ? "is a symbolic link; name the folder itself" : "is not a folder")
    }
  }

  /// The cache removes files and takes the folder's access away from others: not from somebody's home folder
  /// that was named by mistake. Dot files and `lost+found` are let pass: file systems put those there.
  private func refuseOthersThings(in root: borrowing Descriptor) throws(CacheError) {
    var isOthers = false
    do throws(SystemError) {
      try Folder.forEachName(in: Descriptor(opening: ".", O_RDONLY | O_DIRECTORY, in: root.number)) {
        if !Self.mayHold($0) { isOthers = true }
      }
    } catch {
      throw error.during("list", path)
    }
    guard !isOthers else {
      throw .refused(path: path, reason: "holds other things than a cache; name an empty folder")
    }
  }

  /// Looks at bytes, without making a `String` of each of 256 names: a CGI process comes through here every
  /// time.
  private static func mayHold(_ name: UnsafePointer<CChar>) -> Bool {
    if name[0] == CChar(bitPattern: UInt8(ascii: ".")) { return true }
    if strcmp(name, indexName) == 0 || strcmp(name, tagName) == 0 || strcmp(name, "lost+found") == 0 {
      return true
    }
    return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2
  }

  /// Tells backup programs to leave the folder out (https://bford.info/cachedir/); nothing depends on it.
  private func writeTag(in root: borrowing Descriptor) {
    let text =
      "Signature: 8a477f597d28d172789f06886806bc55\n# Meta Module's cache; may be removed.\n"
    guard let tag = try? Descriptor(opening: Self.tagName, O_WRONLY | O_CREAT | O_EXCL, in: root.number)
    else { return }
    try? tag.write(Array(text.utf8))
  }
}

// MARK: - Listing

extension CacheDirectory {
  /// A file of ours in a subfolder, while the subfolder is being listed; not to be kept.
  struct File {
    let kind: Kind
    private let name: UnsafePointer<CChar>
    private let folder: Int32
    private let status: stat

    /// `nil` for a name that is not ours and for a file that has gone meanwhile.
    fileprivate init?(_ name: UnsafePointer<CChar>, in folder: Int32) {
      let length = strlen(name)
      let kind = Kind.allCases.first { kind in
        let start = length - kind.rawValue.utf8.count
        return start > 0 && strcmp(name + start, kind.rawValue) == 0
      }
      var status = stat()
      guard let kind, fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
      (self.kind, self.name, self.folder, self.status) = (kind, name, folder, status)
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
      return overflow ? 0 : UInt32(clamping: distance &+ (1 << 31))
    }

    /// Removes the file, or an empty folder in its place.
    func remove() -> SystemError? {
      guard unlinkat(folder, name, 0) != 0, errno != ENOENT else { return nil }
      let error = SystemError.last
      return error.code == EISDIR && unlinkat(folder, name, AT_REMOVEDIR) == 0 ? nil : error
    }
  }

  /// Shows every file of ours in a subfolder, which may be removed meanwhile. A missing subfolder has none.
  func forEachFile(in shard: Int, _ visit: (File) -> Void) throws(CacheError) {
    do throws(SystemError) {
      let folder = try open(shard: shard)
      let number = folder.number
      try Folder.forEachName(in: folder) { name in
        if let file = File(name, in: number) { visit(file) }
      }
    } catch {
      guard error.code != ENOENT else { return }
      throw error.during("list", path(of: shard))
    }
  }
}
