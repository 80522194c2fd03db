internal import Cache
internal import Glibc
internal import System

/// Folders and files: who owns them, who may read them, where they are, how much room there is.
extension Doctor {
  func configurationFile() -> Finding {
    guard let file = configuration.file else {
      return .ok("settings", "From the environment and the defaults; no file is read.")
    }
    let holdsSecrets = ["META_APP_SECRET", "META_FERNET_KEYS"].contains { configuration.origins[$0] == file }
    if holdsSecrets, let mode = fileStatus(of: file)?.st_mode, mode & 0o077 != 0 {
      return .trouble(
        "settings", "\(file) holds secrets, and other accounts can read it (mode \(octal(mode))).",
        "chmod 600 \(file)")
    }
    return .ok("settings", "From \(file).")
  }

  func dataFolder() -> Finding {
    let folder = configuration.dataDirectory
    let name = "data folder"
    guard let status = fileStatus(of: folder) else {
      guard errno == ENOENT else {
        return .trouble(
          name, "\(folder) cannot be reached: \(SystemError.last).",
          "Make it reachable for \(account(geteuid())).")
      }
      guard mayBeMade(folder) else {
        return .trouble(
          name, "\(folder) does not exist and cannot be made.",
          "As root: install -d -m 700 -o \(account(geteuid())) \(folder)")
      }
      return .ok(name, "\(folder) does not exist yet; the first start makes it.")
    }
    guard isFolder(folder) else {
      return .trouble(name, "\(folder) is not a folder.", "Set META_DATA_DIR to one.")
    }
    // Whose it is does not matter, as long as we can use it and nobody else can change it.
    let isUsable = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0
    guard status.st_uid == geteuid() || geteuid() == 0 || isUsable else {
      return .trouble(
        name, "\(folder) belongs to \(account(status.st_uid)), and this is \(account(geteuid())).",
        "Run this as \(account(status.st_uid)), or, as root: chown -R \(account(geteuid())) \(folder)")
    }
    var volume = statvfs()
    if statvfs(folder, &volume) == 0, volume.f_flag & UInt(ST_RDONLY) != 0 {
      return .trouble(
        name, "\(folder) is on a file system that is mounted read-only.", "Mount it for writing.")
    }
    guard isUsable, status.st_uid != geteuid() || status.st_mode & 0o300 == 0o300 else {
      return .trouble(
        name,
        "\(folder) cannot be written (mode \(octal(status.st_mode))). Even reading the database needs that.",
        "chmod 700 \(folder)")
    }
    if let finding = distrust(of: folder, name, mode: status.st_mode) { return finding }
    return .ok(name, "\(folder), of \(account(status.st_uid)).")
  }

  /// Everything in the data folder belongs to its owner, and nobody else may read it.
  func files() -> [Finding] {
    let folder = configuration.dataDirectory
    guard let owner = fileStatus(of: folder) else { return [] }
    var findings: [Finding] = []
    let database = configuration.databasePath
    let names = [
      configuration.keyFilePath, database, database + "-wal", database + "-shm", database + ".lock",
      InstallationLock.path(in: folder), folder + "/refresh.lock", configuration.keyFilePath + ".lock",
    ]
    for path in names {
      guard let status = fileStatus(of: path) else { continue }
      let isOurs = status.st_uid == owner.st_uid || status.st_uid == geteuid()
      guard isOurs || faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 && geteuid() != 0 else {
        findings.trouble(
          "files",
          "\(path) belongs to \(account(status.st_uid)), and its folder to \(account(owner.st_uid)): the program "
            + "cannot use it.", "As root: chown \(account(owner.st_uid)) \(path)")
        continue
      }
      if let finding = distrust(of: path, "files", mode: status.st_mode) { findings.append(finding) }
    }
    return findings.isEmpty ? [.ok("files", "All of one owner, and closed to others.")] : findings
  }

  /// What others could do with it; the program itself refuses what they could change, and keys that they could read.
  private func distrust(of path: String, _ check: String, mode: mode_t) -> Finding? {
    do throws(Distrust) {
      try PathTrust(folder: configuration.dataDirectory).check(path, isSecret: true)
    } catch {
      guard error.deed == .read, path != configuration.keyFilePath else {
        let (detail, remedy) = Self.split(error.sentence)
        return .trouble(check, "\(detail) (mode \(octal(mode)))", remedy)
      }
      let digits = mode & S_IFMT == S_IFDIR ? "700" : "600"
      return .warning(
        check, "\(path) is open to other accounts: \(error.who) (mode \(octal(mode))).",
        "chmod \(digits) \(path)")
    }
    return nil
  }

  func fileSystem() -> Finding {
    guard carriesWAL(configuration.dataDirectory) else {
      return .warning(
        "file system",
        "\(configuration.dataDirectory) is on a file system that machines share (NFS, SMB, FUSE). A rollback journal is "
          + "used there, which is slower, and two machines must not use one database.",
        "Set META_DATA_DIR to a folder on a local disk.")
    }
    return .ok("file system", "Local: SQLite's write-ahead log works here.")
  }

  func space() -> Finding {
    var volume = statvfs()
    guard statvfs(nearestFolder(to: configuration.dataDirectory), &volume) == 0 else {
      return .warning("space", "How much is free cannot be told: \(SystemError.last).", "Look with df.")
    }
    let (bytes, overflow) = UInt64(volume.f_bavail).multipliedReportingOverflow(by: UInt64(volume.f_frsize))
    let free = overflow ? UInt64.max : bytes
    let mebibytes = free >> 20
    let remedy =
      "Free some, or set META_DATA_DIR to a folder elsewhere. metactl cache clear gives back what the cache takes."
    if free < 1 << 20 {
      return .trouble(
        "space", "The disk of \(configuration.dataDirectory) is full: \(free >> 10) KiB are free.", remedy)
    }
    if volume.f_files > 0, volume.f_favail == 0 {
      return .trouble(
        "space", "The disk of \(configuration.dataDirectory) has no room for another file.", remedy)
    }
    if mebibytes < 64 {
      return .warning(
        "space", "Only \(mebibytes) MiB are free on the disk of \(configuration.dataDirectory).", remedy)
    }
    return .ok("space", "\(mebibytes) MiB are free.")
  }

  func cache() -> Finding {
    if !exists(configuration.cacheDirectory), mayBeMade(configuration.cacheDirectory) {
      return .ok("cache", "\(configuration.cacheDirectory) does not exist yet; the first start makes it.")
    }
    do throws(CacheError) {
      let cache = try FileCache(
        directory: configuration.cacheDirectory, maximumBytes: configuration.cacheMaximumBytes)
      try cache.check()
      return .ok("cache", configuration.cacheDirectory)
    } catch {
      return .warning(
        "cache", "\(error). Every answer is fetched from Graph anew.",
        "Set META_CACHE_DIR to an empty folder that \(account(geteuid())) can write.")
    }
  }

  // MARK: -

  func isFolder(_ path: String) -> Bool { fileStatus(of: path).map { $0.st_mode & S_IFMT } == S_IFDIR }

  /// Whether there is anything at that path, a broken link included.
  func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The folder itself, or the nearest one above that is there.
  private func nearestFolder(to path: String) -> String {
    var nearest = path
    while access(nearest, F_OK) != 0, let slash = nearest.utf8.lastIndex(of: UInt8(ascii: "/")) {
      nearest = slash == nearest.startIndex ? "/" : String(nearest[..<slash])
    }
    return nearest
  }

  private func mayBeMade(_ path: String) -> Bool {
    faccessat(AT_FDCWD, nearestFolder(to: path), W_OK | X_OK, AT_EACCESS) == 0
  }

  private func octal(_ mode: mode_t) -> String {
    let digits = String(mode & 0o7777, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }

  /// The account's name, or its number.
  func account(_ user: uid_t) -> String {
    guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "user \(user)" }
    return String(cString: name)
  }
}
