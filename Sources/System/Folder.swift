internal import Glibc

/// Folders of mode 0700.
package enum Folder {
  /// Makes the folder and whatever is missing on the way to it. Each is given to the owner of the one it is in where root
  /// makes it. That it is there already is no trouble.
  package static func make(_ path: String) throws(SystemError) {
    if mkdir(path, 0o700) == 0 { return FileOwner.inherit(path) }
    if errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex
    else {
      throw .last
    }
    try make(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last }
    FileOwner.inherit(path)
  }

  /// After a power failure too, what was renamed or made in the folder of this path is there.
  package static func synchronize(holding path: String) {
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
    guard let folder = try? Descriptor(opening: folder, O_RDONLY | O_DIRECTORY) else { return }
    fsync(folder.number)
  }
}
