internal import Cryptography
internal import Glibc
internal import Store
internal import System
package import Text

/// A bundle laid out in an account without root: programs, settings and data in `~/meta-module`, which is the account's
/// alone; the page and `meta.fcgi` in a folder that the web server shows.
///
/// What was put where stands in `~/meta-module/installed`: the public folder first, then a path a line. Upgrading and
/// removing touch those files and no others.
package struct HomeInstallation {
  /// `~/meta-module`.
  package let home: String
  /// The public folder.
  package let site: String

  package var configurationFile: String { home + "/meta.conf" }
  private var record: String { home + "/installed" }

  /// - Parameter site: `nil` for the folder that was named when it was installed.
  package init(site: String?) throws(OperationError) {
    guard let account = Configuration.home(Configuration.processEnvironment()) else {
      throw .refused("This account has no home folder to install into. Set HOME. Nothing was changed.")
    }
    home = account + "/meta-module"
    if let site {
      guard site.utf8.first == UInt8(ascii: "/"), !site.utf8.contains(UInt8(ascii: "\n")) else {
        throw .refused(
          "--site is \(site); it must be an absolute path, such as \(account)/public_html/social. Nothing was "
            + "changed.")
      }
      self.site = site.utf8.last == UInt8(ascii: "/") ? String(site.dropLast()) : site
    } else {
      guard let known = Self.recorded(home + "/installed").first else {
        throw .refused(
          "Nothing was installed here with metactl install, or \(home)/installed is gone: name the public "
            + "folder with --site. Nothing was changed.")
      }
      self.site = known
    }
  }

  package var isInstalled: Bool { !Self.recorded(record).isEmpty }

  private static func recorded(_ record: String) -> [String] {
    guard let bytes = SmallFile.read(record, limit: 65536), let lines = try? TextLines.lines(of: bytes) else {
      return []
    }
    return lines.filter { $0.utf8.first == UInt8(ascii: "/") }
  }

  // MARK: Putting

  /// Puts programs and page in their places: all are written first, then each takes its name at once. What a request is
  /// running from goes on; a half-written program is never there.
  package func put(_ bundle: Bundle) throws(OperationError) {
    let before = Self.recorded(record).dropFirst()
    let parent = site.lastIndex(of: "/").map { String(site[..<$0]) } ?? ""
    guard access(parent + "/", F_OK) == 0 else {
      throw .refused(
        "There is no folder \(parent): --site names a folder in the one that the web server shows. Nothing was changed."
      )
    }
    let places = places(of: bundle)
    var placed: [String] = []
    do throws(SystemError) {
      try makeFolders(for: places.map(\.path))
      defer { for place in places { unlink(place.path + ".new") } }
      for place in places { try write(place.content, to: place.path + ".new", mode: place.mode) }
      let list = [site] + places.map(\.path)
      guard SmallFile.write(Array((list.joined(separator: "\n") + "\n").utf8), to: record, replacing: true)
      else {
        throw .last
      }
      for place in places {
        guard rename(place.path + ".new", place.path) == 0 else { throw .last }
        placed.append(place.path)
      }
      for path in before where !list.contains(path) { unlink(path) }
    } catch {
      if before.isEmpty {
        for path in placed + [record] { unlink(path) }
        removeEmptyFolders()
      }
      throw .trouble(
        "\(home) and \(site) cannot be written: \(error). Is the home read-only, or the quota used up? "
          + (before.isEmpty ? "Nothing is installed." : "The programs are as they were, or newer."))
    }
  }

  private typealias Place = (path: String, content: [UInt8], mode: mode_t)

  /// `.htaccess` last: until it is there nothing is asked of the program.
  private func places(of bundle: Bundle) -> [Place] {
    var places: [Place] = []
    for file in bundle.files {
      let isProgram = file.path.hasSuffix("/meta.fcgi") || file.path.hasPrefix("bin/")
      let mode: mode_t = isProgram ? 0o755 : 0o644
      if file.path.hasPrefix("public_html/") {
        places.append((site + file.path.dropFirst("public_html".count), file.content, mode))
      } else if file.path.hasPrefix("bin/") {
        places.append(("\(home)/\(file.path)", file.content, mode))
      } else if file.path.hasPrefix("lib/") {
        // Beside each program: that is where it is looked for.
        places += [home, site].map { ("\($0)/\(file.path)", file.content, mode) }
      }
    }
    return places.filter { !$0.path.hasSuffix("/.htaccess") }
      + places.filter { $0.path.hasSuffix("/.htaccess") }
  }

  private func makeFolders(for paths: [String]) throws(SystemError) {
    try Folder.make(home)
    guard chmod(home, 0o700) == 0 else { throw .last }
    // suEXEC runs no program of a folder that others may write to.
    let folders = Set(paths.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } })
    for folder in ([site] + folders.sorted()) where mkdir(folder, 0o755) == 0 || errno != EEXIST {
      guard chmod(folder, 0o755) == 0 else { throw .last }
    }
  }

  private func write(_ content: [UInt8], to path: String, mode: mode_t) throws(SystemError) {
    unlink(path)
    let file = try Descriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL)
    try file.write(content)
    guard fchmod(file.number, mode) == 0, fsync(file.number) == 0 else { throw .last }
    try file.closeReportingErrors()
  }

  // MARK: Removing

  /// Takes away what was put; settings, keys and data stay.
  package func remove() throws(OperationError) {
    let paths = Self.recorded(record).dropFirst()
    for path in paths where unlink(path) != 0 && errno != ENOENT {
      throw .trouble("\(path) cannot be removed: \(SystemError.last).")
    }
    unlink(record)
    removeEmptyFolders()
  }

  private func removeEmptyFolders() {
    for folder in ["\(home)/bin", "\(home)/lib", home, "\(site)/lib", site] { rmdir(folder) }
  }

  // MARK: The beginning

  /// The settings of a new installation, where nothing has set any yet.
  package func writeSettings() throws(OperationError) {
    let text = """
      # The settings of Meta Module, one NAME=value a line; metactl config shows them all.
      META_DATA_DIR=\(home)
      # Where each request starts the program, the web server calls every line an error.
      META_LOG_LEVEL=warning

      """
    guard SmallFile.write(Array(text.utf8), to: configurationFile, replacing: false) || errno == EEXIST else {
      throw .trouble("\(configurationFile) cannot be written: \(SystemError.last).")
    }
  }
}

extension Application {
  /// Sets a password for the admin page that nobody has seen; `nil` where there is a credential already.
  package func makeFirstCredential() throws(OperationError) -> Secret? {
    guard try !operation({ try store().credentials() }).areInForce else { return nil }
    guard let bytes = try? SecureRandom.bytes(15) else {
      throw .trouble("The operating system gave no random bytes for a password: try again.")
    }
    let password = Secret(Base64URL.encode(bytes, padded: false))
    _ = try setAdminPassword(password)
    return password
  }
}
