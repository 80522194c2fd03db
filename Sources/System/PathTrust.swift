internal import Glibc
internal import Synchronization

/// Who besides us could change what stands at a path, or read a secret there.
///
/// Ability counts, and not whose name it is: root can do anything anyway, a folder of root's group is what containers
/// give to whatever user id they run, and an owner who is somebody else can take away any mode. Asked at every start
/// and when a key file has changed; a few `lstat`.
package struct PathTrust {
  /// Whose files they are: ours, or, when root looks after a service's folder, that account's.
  let account: uid_t

  /// - Parameter folder: the data folder.
  package init(folder: String) {
    var status = stat()
    let isRoot = geteuid() == 0
    account = isRoot && stat(folder, &status) == 0 ? status.st_uid : geteuid()
  }

  /// What is at the path, and all that leads there, may be changed by nobody else. Nothing there is no trouble.
  ///
  /// - Parameter isSecret: nobody else may read it either.
  package func check(_ path: String, isSecret: Bool = false) throws(Distrust) {
    let (found, status) = try walked(path)
    guard let found, let status else { return }
    if let who = others(status, at: found, 0o2) { throw Distrust(path: found, who: who, deed: .change) }
    if isSecret, let who = others(status, at: found, 0o4) {
      throw Distrust(path: found, who: who, deed: .read)
    }
  }

  /// The same of several things in one folder; the way there is gone once.
  package func check(in folder: String, _ names: [String]) throws(Distrust) {
    let (way, status) = try walked(folder)
    guard let path = way, let status else { return }
    if let who = others(status, at: path, 0o2) { throw Distrust(path: path, who: who, deed: .change) }
    for name in names {
      var found = stat()
      guard lstat("\(path)/\(name)", &found) == 0 else { continue }
      try check(found, in: (path, status))
      if found.st_mode & S_IFMT == S_IFLNK {
        try check("\(path)/\(name)")
      } else if let who = others(found, at: "\(path)/\(name)", 0o2) {
        throw Distrust(path: "\(path)/\(name)", who: who, deed: .change)
      }
    }
  }

  /// The path without links, if root has made every one of them that it leads through; nobody can change those.
  package func resolved(_ path: String) throws(Distrust) -> String {
    try walked(path, wantsLinksOfRoot: true).path ?? path
  }

  /// Goes down to what is at the path, through links too. `nil` where the way ends before.
  private func walked(
    _ path: String, wantsLinksOfRoot: Bool = false
  ) throws(Distrust) -> (path: String?, status: stat?) {
    var rest = Self.names(path)[...]
    var place = ""
    var status = stat()
    var links = 0
    guard stat("/", &status) == 0 else { return (nil, nil) }
    while let name = rest.popFirst() {
      if name == "." { continue }
      if name == ".." {
        place = String(place[..<(place.utf8.lastIndex(of: UInt8(ascii: "/")) ?? place.startIndex)])
        guard stat(place.isEmpty ? "/" : place, &status) == 0 else { return (nil, nil) }
        continue
      }
      let folder = (path: place.isEmpty ? "/" : place, status: status)
      place += "/" + name
      guard lstat(place, &status) == 0 else { return (nil, nil) }
      try check(status, in: folder)
      guard status.st_mode & S_IFMT == S_IFLNK else { continue }
      if wantsLinksOfRoot, status.st_uid != 0 {
        throw Distrust(path: place, who: Self.name(of: status.st_uid), deed: .lead)
      }
      guard let target = Self.target(of: place), links < 40 else { return (nil, nil) }
      links += 1
      place = target.utf8.first == UInt8(ascii: "/") ? "" : folder.path == "/" ? "" : folder.path
      rest = Self.names(target) + rest
      guard stat(place.isEmpty ? "/" : place, &status) == 0 else { return (nil, nil) }
    }
    return (place.isEmpty ? "/" : place, status)
  }

  /// By bytes, as the kernel has it: a slash with a combining mark behind it is another character than a slash.
  private static func names(_ path: String) -> [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whoever may write into the folder could put something else there, unless it is sticky and the thing is ours.
  private func check(_ status: stat, in folder: (path: String, status: stat)) throws(Distrust) {
    guard let who = others(folder.status, at: folder.path, 0o2) else { return }
    if folder.status.st_mode & S_ISVTX != 0, isTrusted(folder.status.st_uid), isTrusted(status.st_uid) {
      return
    }
    throw Distrust(path: folder.path, who: who, deed: .change)
  }

  private func isTrusted(_ user: uid_t) -> Bool { user == 0 || user == account || user == geteuid() }

  /// Who else has the right (2 to write, 4 to read), in words; `nil`: nobody.
  private func others(_ status: stat, at path: String, _ right: UInt32) -> String? {
    guard isTrusted(status.st_uid) else { return Self.name(of: status.st_uid) }
    // Names in a folder cannot be changed without the right to go through it.
    let wanted = status.st_mode & S_IFMT == S_IFDIR && right == 2 ? right | 1 : right
    if status.st_mode & wanted == wanted { return "every user" }
    guard status.st_mode >> 3 & wanted == wanted else { return nil }
    // With a list of further users the group's bits are the most that anybody in the list may.
    if let entry = FileSystem.accessList(of: path).first(where: {
      $0.rights & wanted == wanted && !isTrusted($0)
    }) {
      return entry.isGroup ? "the group \(entry.id)" : Self.name(of: entry.id)
    }
    return member(of: status.st_gid).map { "\($0), of the group \(status.st_gid)" }
  }

  private func isTrusted(_ entry: FileSystem.AccessEntry) -> Bool {
    entry.isGroup ? member(of: entry.id) == nil : isTrusted(entry.id)
  }

  /// A member of the group who is not us.
  private func member(of group: gid_t) -> String? {
    Self.accounts.withLock { _ in
      var names: [String] = []
      if let entry = getgrgid(group), var name = entry.pointee.gr_mem {
        while let member = name.pointee {
          names.append(String(cString: member))
          name += 1
        }
      }
      for name in names {
        if let entry = getpwnam(name), isTrusted(entry.pointee.pw_uid) { continue }
        return name
      }
      // Those of a distribution whose own group is root's (sync, halt) are no persons.
      guard group != 0 else { return nil }
      setpwent()
      defer { endpwent() }
      while let entry = getpwent() {
        if entry.pointee.pw_gid == group, !isTrusted(entry.pointee.pw_uid) {
          return String(cString: entry.pointee.pw_name)
        }
      }
      return nil
    }
  }

  /// The C library's look-ups share one buffer.
  private static let accounts = Mutex(())

  private static func name(of user: uid_t) -> String {
    accounts.withLock { _ in
      guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "user \(user)" }
      return "user \(String(cString: name))"
    }
  }

  package static func target(of link: String) -> String? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
      let length = buffer.withMemoryRebound(to: CChar.self) { chars in
        chars.baseAddress.map { readlink(link, $0, chars.count) } ?? -1
      }
      return length > 0 ? String(validating: buffer[..<length], as: UTF8.self) : nil
    }
  }
}

/// Somebody else could change what we would rely on.
package struct Distrust: Error, Equatable {
  package enum Deed { case change, read, lead }

  package let path: String
  package let who: String
  package let deed: Deed

  /// What is the matter, and what to do about it.
  package var sentence: String {
    switch deed {
    case .change:
      "\(path) could be changed by others than this program (\(who)), so it is not used. Take the right away: "
        + "chmod go-w \(path), and chown it to the program's account where it is not its own."
    case .read:
      "\(path) could be read by others than this program (\(who)), so it is not used. chmod 600 \(path), and since "
        + "they may have read it: metactl key rotate, then metactl key prune."
    case .lead:
      "\(path) is a symbolic link of \(who), who could let it lead elsewhere. Name the folder itself, or let root make "
        + "the link."
    }
  }
}

/// Root must not take files away from the account whose folder it works in.
package enum FileOwner {
  /// Gives what was just made to the owner of its folder.
  package static func inherit(_ path: String) {
    guard geteuid() == 0 else { return }
    var folder = stat()
    guard stat(Folder.holding(path), &folder) == 0, folder.st_uid != 0 else { return }
    lchown(path, folder.st_uid, folder.st_gid)
  }

  /// Whether root works in a folder that is somebody else's.
  package static func isForeign(_ path: String) -> Bool {
    var status = stat()
    return geteuid() == 0 && stat(path, &status) == 0 && status.st_uid != 0
  }
}
