internal import Glibc

/// Folders of mode 0700.
package enum Folder {
  /// Makes the folder and whatever is missing on the way to it. Each is given to the owner of the one it is in where root
  /// makes it, unless root is to keep it. That it is there already is no trouble.
  package static func make(_ path: String, isGivenAway: Bool = true) throws(SystemError) {
    if mkdir(path, 0o700) != 0 {
      if errno == EEXIST { return }
      guard errno == ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex
      else { throw .last }
      try make(String(path[..<slash]), isGivenAway: isGivenAway)
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last }
    }
    if isGivenAway { FileOwner.inherit(path) }
  }

  /// Shows each name but `.` and `..`, valid during the call; one after the other, since a cache can have a million.
  package static func forEachName(
    in folder: consuming Descriptor, _ visit: (UnsafePointer<CChar>) -> Void
  ) throws(SystemError) {
    guard let stream = fdopendir(folder.number) else { throw .last }
    // The stream closes it.
    _ = folder.surrender()
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw .last }
        return
      }
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
      if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { visit(name) }
    }
  }

  /// The names in it, in no order; none where it cannot be listed.
  package static func names(in path: String) -> [String] {
    var names: [String] = []
    if let folder = try? Descriptor(opening: path, O_RDONLY | O_DIRECTORY) {
      try? forEachName(in: folder) { names.append(String(cString: $0)) }
    }
    return names
  }

  /// After a power failure too, what was renamed or made in the folder of this path is there.
  package static func synchronize(holding path: String) {
    guard let folder = try? Descriptor(opening: holding(path), O_RDONLY | O_DIRECTORY) else { return }
    fsync(folder.number)
  }

  /// The folder that what is at a path is in.
  package static func holding(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
