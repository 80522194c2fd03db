internal import Glibc
internal import Store
internal import System

/// What looks well and is not: found by trying, or by looking at what nobody looks at.
extension Doctor {
  /// A link that leads nowhere is neither there nor can it be made.
  func links() -> [Finding] {
    var paths = [
      configuration.dataDirectory, configuration.cacheDirectory, configuration.keyFilePath,
      configuration.databasePath,
    ]
    if let file = configuration.file { paths.append(file) }
    var seen: Set<String> = []
    return paths.compactMap(danglingLink).filter { seen.insert($0.link).inserted }.map { found in
      .trouble(
        "links", "\(found.link) is a link to \(found.target), where nothing is.",
        "Put back what it led to (a disk that is not mounted?), or remove the link: rm \(found.link)")
    }
  }

  private func danglingLink(in path: String) -> (link: String, target: String)? {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/" + part
      var status = stat()
      guard lstat(partial, &status) == 0 else { return nil }
      guard status.st_mode & S_IFMT == S_IFLNK, stat(partial, &status) != 0 else { continue }
      return (partial, PathTrust.target(of: partial) ?? "")
    }
    return nil
  }

  /// What should be a file of ours, and is something else or cannot be used even by its owner.
  func kindsOfFiles() -> [Finding] {
    let database = configuration.databasePath
    var findings: [Finding] = []
    for path in [configuration.keyFilePath, database, database + "-wal", database + "-shm"] {
      guard let status = fileStatus(of: path) else { continue }
      guard status.st_mode & S_IFMT == S_IFREG else {
        let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file"
        findings.trouble(
          "files", "\(path) is \(kind).",
          "Move it away: mv \(path) \(path).moved, and put the right file there.")
        continue
      }
      let needed: mode_t = path == configuration.keyFilePath ? 0o400 : 0o600
      if status.st_mode & needed != needed {
        findings.trouble(
          "files",
          "\(path) cannot be \(path == configuration.keyFilePath ? "read" : "written") by its owner.",
          "chmod 600 \(path)")
      }
    }
    return findings
  }

  /// What not even root may change, since somebody wanted it so (`chattr +i`, `+a`), or forgot it.
  func immutableFiles() -> [Finding] {
    let database = configuration.databasePath
    return [configuration.dataDirectory, database, database + "-wal", configuration.keyFilePath].compactMap {
      path in
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      var flags: Int = 0
      // FS_IOC_GETFLAGS, FS_IMMUTABLE_FL and FS_APPEND_FL of linux/fs.h; file systems without them refuse.
      guard ioctl(descriptor, 0x8008_6601, &flags) == 0, flags & 0x30 != 0 else { return nil }
      return .trouble(
        "files", "\(path) has the attribute that nobody may change it.", "As root: chattr -i -a \(path)")
    }
  }

  /// Whoever can change the settings can have every token sent to an address of their own.
  func changeableSettings() -> Finding? {
    guard let file = configuration.file else { return nil }
    guard let status = fileStatus(of: file), status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o002 != 0
    else {
      return nil
    }
    return .trouble(
      "settings", "Every account of this machine can change \(file), and have the tokens sent elsewhere.",
      "chmod go-w \(file)")
  }

  /// Settings that somebody wrote down and nobody reads.
  func unreadSettings() -> [Finding] {
    guard let home = getenv("HOME").map({ String(cString: $0) }), home.utf8.first == UInt8(ascii: "/") else {
      return []
    }
    return ["/.config/meta-module/meta.conf", "/meta-module/meta.conf"].compactMap { name in
      let path = home + name
      guard let found = fileStatus(of: path), path != configuration.file,
        configuration.file.flatMap(fileStatus).map(FileIdentity.init) != FileIdentity(found)
      else { return nil }
      return .warning(
        "settings",
        "\(path) is there and is not read: \(configuration.file.map { "\($0) is" } ?? "no file is").",
        "Move its lines there, or name it: META_CONFIG=\(path)")
    }
  }

  /// A database among the pages of a site can be downloaded by everybody.
  func webRoot() -> Finding? {
    let names: Set<Substring> = ["public_html", "htdocs", "httpdocs", "wwwroot"]
    var partial = ""
    for part in configuration.dataDirectory.split(separator: "/") {
      partial += "/" + part
      let isRoot = names.contains(part) || partial == "/var/www/html" || partial == "/usr/share/nginx/html"
      let holdsPages = ["/index.html", "/index.php", "/.htaccess"].contains {
        access(partial + $0, F_OK) == 0
      }
      guard isRoot || (holdsPages && partial != "/tmp") else { continue }
      return .trouble(
        "data folder",
        "\(configuration.dataDirectory) is inside \(partial), which a web server serves: the database and its key can be "
          + "downloaded from there.",
        "Move it out of the site's folder, and set META_DATA_DIR to the new place.")
    }
    return nil
  }

  /// The cache is swept and cleared: nothing else may be where it is.
  func cachePlace() -> Finding? {
    let (data, cache) = (configuration.dataDirectory, configuration.cacheDirectory)
    guard cache == data || data.utf8.starts(with: (cache + "/").utf8) else { return nil }
    return .trouble(
      "cache",
      "META_CACHE_DIR (\(cache)) holds the database as well, and everything in it may be swept away.",
      "Set META_CACHE_DIR to a folder of its own, or leave it out: \(data)/cache is used then.")
  }

  /// What the system lets one process have.
  func limits() -> [Finding] {
    var findings: [Finding] = []
    if PlainThread.areExhausted {
      findings.trouble(
        "limits",
        "\(account(geteuid())) may have no further thread: the server cannot start, and no name can be looked up.",
        "Raise the limit (ulimit -u, TasksMax= of the service, pids.max of the container), or end other programs of "
          + "that account.")
    }
    let descriptors = Lanes(workers: configuration.workers).threads * 4 + 64
    if let limit = limit(RLIMIT_NOFILE), limit < descriptors {
      findings.warning(
        "limits",
        "A process of \(account(geteuid())) may have \(limit) files open; \(configuration.workers) workers take up to "
          + "\(descriptors).",
        "ulimit -n \(descriptors), LimitNOFILE= of the service, or fewer META_WORKERS.")
    }
    if let limit = limit(RLIMIT_FSIZE), limit < 64 << 20 {
      findings.trouble(
        "limits", "No file may grow beyond \(limit >> 10) KiB: the database cannot either.",
        "ulimit -f unlimited, or LimitFSIZE= of the service.")
    }
    return findings
  }

  /// `nil`: as much as one likes.
  private func limit(_ resource: __rlimit_resource) -> Int? {
    var limits = rlimit()
    guard getrlimit(Int32(resource.rawValue), &limits) == 0, limits.rlim_cur < UInt64(Int.max) else {
      return nil
    }
    return Int(limits.rlim_cur)
  }

  /// Writes and takes it back: permissions, a quota, a lock that somebody holds, and an immutable file are seen by nothing
  /// else.
  func write(_ store: Store) -> Finding? {
    do throws(StoreError) {
      try store.rehearseWrite()
      return nil
    } catch {
      guard error == .busy else { return databaseTrouble(error) }
      return locked()
    }
  }

  /// Somebody keeps the database from us.
  func locked() -> Finding {
    let database = configuration.databasePath
    let holders = LockHolders.names(of: [database, database + "-shm", database + ".lock"])
    return .trouble(
      "database",
      "\(database) is locked, and has been for as long as we wait: nothing can be stored. "
        + (holders.isEmpty
          ? "Who holds the lock cannot be told."
          : "\(holders.joined(separator: " and ")) \(holders.count == 1 ? "holds" : "hold") the lock."),
      holders.isEmpty
        ? "Look for a program that keeps the database open: fuser -v \(database)"
        : "Let that program come to its end, or end it: metactl and other programs of ours hold it for a moment only."
    )
  }
}
