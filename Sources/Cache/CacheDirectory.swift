internal import Glibc
package import System

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
  static let ledgerName = "ledger"

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

  /// Calls with the path of a key's file as C wants it, without a heap allocation: every read comes through
  /// here.
  func withPath<Result: ~Copyable>(
    of key: CacheKey, _ kind: Kind, _ body: (UnsafePointer<CChar>) -> Result?
  ) -> Result? {
    let count = path.utf8.count + 4 + key.text.utf8.count + kind.rawValue.utf8.count + 1
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
      buffer.initialize(repeating: 0)
      var place = buffer[...].update(fromContentsOf: path.utf8)
      for byte in [UInt8(ascii: "/"), Self.hexadecimal(key.shard >> 4), Self.hexadecimal(key.shard)] {
        buffer[place] = byte
        place += 1
      }
      buffer[place] = UInt8(ascii: "/")
      place = buffer[(place + 1)...].update(fromContentsOf: key.text.utf8)
      _ = buffer[place...].update(fromContentsOf: kind.rawValue.utf8)
      return buffer.withMemoryRebound(to: CChar.self) { path in
        // The buffer is not empty, so it has an address; had it none, this would read as a missing file.
        guard let start = path.baseAddress else { return nil }
        return body(start)
      }
    }
  }

  private static func hexadecimal(_ digit: Int) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: digit & 15)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10)
  }

  /// What a file costs: whole blocks of 4 KiB, as disks and quotas count. `st_blocks` would tell it for real,
  /// but is 0 on some file systems for what was written a moment ago.
  static func diskSize(of status: stat) -> Int64 {
    guard status.st_mode & S_IFMT == S_IFREG else { return 0 }
    return (Int64(clamping: status.st_size) / 4096 &+ (status.st_size % 4096 == 0 ? 0 : 1)) &* 4096
  }

  /// Opens the directory itself; does not make it.
  package func open() throws(SystemError) -> Descriptor {
    try Descriptor(opening: path, O_RDONLY | O_DIRECTORY)
  }

  /// Opens a subfolder; does not make it.
  package func open(shard: Int) throws(SystemError) -> Descriptor {
    try Descriptor(opening: path + "/" + Self.shardName(shard), O_RDONLY | O_DIRECTORY)
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
      guard errno == EEXIST else { throw SystemError(code: errno).during("make", path + "/" + name) }
      // A file or a link in the place of a folder of ours.
      if last.code != ENOENT { unlinkat(root.number, name, 0) }
    }
    throw last.during("open", path + "/" + name)
  }

  /// Makes the directory with mode 0700 where it is missing, parents too, and refuses one that is not ours
  /// alone: a link, somebody else's, or one that holds other things.
  package func make() throws(CacheError) -> Descriptor {
    var status = stat()
    if lstat(path, &status) != 0, errno == ENOENT {
      makeParents()
      if mkdir(path, 0o700) != 0, errno != EEXIST { throw SystemError(code: errno).during("make", path) }
    }
    let root = try openOrExplain()
    guard fstat(root.number, &status) == 0 else { throw SystemError(code: errno).during("look at", path) }
    guard status.st_uid == geteuid() else {
      throw .refused(path: path, reason: "belongs to user \(status.st_uid), and this is user \(geteuid())")
    }
    try refuseOthersThings(in: root)
    if status.st_mode & 0o777 != 0o700, fchmod(root.number, 0o700) != 0 {
      throw SystemError(code: errno).during("set mode 0700 of", path)
    }
    writeTag(in: root)
    return root
  }

  /// Failures are not told here: making the directory itself then fails for the same reason.
  private func makeParents() {
    let bytes = Array(path.utf8)
    for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") && place > 0 {
      mkdir(String(decoding: bytes[..<place], as: UTF8.self), 0o700)
    }
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
    do throws(SystemError) {
      let stream = try DirectoryStream(listing: root)
      while let name = try stream.next() {
        guard Self.mayHold(name) else { throw SystemError(code: ENOTEMPTY) }
      }
    } catch {
      guard error.code == ENOTEMPTY else { throw error.during("list", path) }
      throw .refused(path: path, reason: "holds other things than a cache; name an empty folder")
    }
  }

  /// Looks at bytes, without making a `String` of each of 256 names: a CGI process comes through here every
  /// time.
  private static func mayHold(_ name: UnsafePointer<CChar>) -> Bool {
    if name[0] == CChar(bitPattern: UInt8(ascii: ".")) { return true }
    if strcmp(name, ledgerName) == 0 || strcmp(name, tagName) == 0 || strcmp(name, "lost+found") == 0 {
      return true
    }
    return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2
  }

  private static let tagName = "CACHEDIR.TAG"

  /// Tells backup programs to leave the folder out (https://bford.info/cachedir/); nothing depends on it.
  private func writeTag(in root: borrowing Descriptor) {
    let text =
      "Signature: 8a477f597d28d172789f06886806bc55\n# Meta Module's cache; may be removed.\n"
    guard let tag = try? Descriptor(opening: Self.tagName, O_WRONLY | O_CREAT | O_EXCL, in: root.number)
    else {
      return
    }
    try? tag.write(Array(text.utf8))
  }
}
