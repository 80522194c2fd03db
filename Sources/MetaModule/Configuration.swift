internal import Glibc
package import Graph
package import Logging
internal import System
package import Text

/// What can be set, read once at start (API.md, section 6). What each setting means and may be says the table of
/// `Setting`; the values here are the defaults.
package struct Configuration: Sendable {
  package var dataDirectory = "~/.local/share/meta-module"
  /// `nil`: the rows are in `meta.sqlite3`.
  package var databaseURL: String?
  package var cacheDirectory = ""
  package var cacheTTL: Int64 = 300
  package var cacheStale: Int64 = 86400
  package var cacheMaximumBytes = 268_435_456
  package var imageMaximumBytes = 2_147_483_648
  /// `nil`: beside the program.
  package var imageProgram: String?
  /// `nil`: they are in `fernet.keys`.
  package var fernetKeys: Secret?
  /// Without a slash at its end.
  package var graphURL = "https://graph.facebook.com"
  package var graphVersion = "v26.0"
  package var graphTimeout: Int64 = 10
  package var retries = 3
  package var backoffUnit: Int64 = 1000
  package var requestBudget: Int64 = 10
  package var app: MetaApp?
  /// Of the admin page, as long as there has been no credential.
  package var firstPassword: Secret?
  package var workers = 32
  var trustedProxies = TrustedProxies.none
  /// Scheme, host and port under which others reach this installation; `nil`: addresses are paths.
  package var publicURL: String?
  package var logLevel = Logger.Level.info

  /// The configuration file that was read, if any.
  package var file: String?
  /// Which of the settings a file or the environment has set: `environment`, or the path of the file. All others have
  /// their defaults.
  package private(set) var origins: [String: String] = [:]
  /// A sentence for each name that begins with `META_` and is none of ours: mistyped, it would be ignored in silence.
  package private(set) var warnings: [String] = []

  private init() {}

  package var databasePath: String { dataDirectory + "/meta.sqlite3" }
  /// Where the rows are, for people. Nothing in it is secret.
  package var databasePlace: String { databaseURL ?? databasePath }
  package var keyFilePath: String { dataDirectory + "/fernet.keys" }

  /// Reads the settings: a file first, then the environment, which wins.
  ///
  /// - Parameter explicitFile: `--config FILE`. Without it `$META_CONFIG`, `meta.conf` beside the executable,
  ///   `~/.config/meta-module/meta.conf` and `~/meta-module/meta.conf` are tried in this order, and the first one that exists is read.
  /// - Throws: a sentence that names the setting, the file, or the line.
  package init(
    explicitFile: String? = nil, environment: [String: String] = Self.processEnvironment()
  ) throws(ConfigurationError) {
    self.init()
    let home = Self.home(environment)
    var values: [String: String] = [:]
    if let found = try ConfigurationFile.find(explicitFile, environment: environment, home: home) {
      values = found.values
      file = found.path
      for name in found.values.keys { origins[name] = found.path }
      warnings += found.unknown.map { Self.warning(of: $0, in: found.path) }
    }
    for name in environment.keys.sorted()
    where name.utf8.starts(with: "META_".utf8) && name != "META_CONFIG" && !Setting.names.contains(name) {
      warnings.append(Self.warning(of: name, in: "the environment"))
    }
    for name in Setting.names {
      guard let value = environment[name], !value.isEmpty else { continue }
      values[name] = value
      origins[name] = "environment"
    }

    guard let data = values["META_DATA_DIR"] ?? home.map({ $0 + dataDirectory.dropFirst() }) else {
      throw ConfigurationError("META_DATA_DIR is not set, and this account has no home folder to put it in.")
    }
    dataDirectory = try Self.path("META_DATA_DIR", data, home: home)
    cacheDirectory = try Self.path(
      "META_CACHE_DIR", values["META_CACHE_DIR"] ?? dataDirectory + "/cache", home: home)

    if let file, ["META_FERNET_KEYS", "META_FIRST_PASSWORD"].contains(where: { origins[$0] == file }) {
      do { try PathTrust(folder: dataDirectory).check(file, isSecret: true) } catch {
        throw ConfigurationError(error.sentence)
      }
    }

    for setting in Setting.all {
      if let text = values[setting.name] { try setting.read?(&self, text) }
    }
    guard databaseURL == nil || fernetKeys != nil else {
      throw ConfigurationError(
        "META_DATABASE_URL is set, and META_FERNET_KEYS is not. A key file is one machine's; give all machines the same "
          + "keys in META_FERNET_KEYS (those of fernet.keys, or a new one by metactl key generate).")
    }
    app = try MetaApp(id: values["META_APP_ID"], secret: values["META_APP_SECRET"])
  }

  /// For a command: the log lines of a server would stand between a person and the answer, unless they were asked for.
  package var withQuietLog: Configuration {
    var copy = self
    if origins["META_LOG_LEVEL"] == nil { copy.logLevel = .critical }
    return copy
  }

  /// The environment of this process. What is not UTF-8 is repaired, and so no usable setting any more.
  package static func processEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    var entry = environ
    while let line = entry.pointee {
      let text = String(cString: line)
      if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
        let name = String(text[..<equals])
        if result[name] == nil { result[name] = String(text[text.utf8.index(after: equals)...]) }
      }
      entry += 1
    }
    return result
  }

  /// `HOME`, or what the user database says: suEXEC starts programs without one.
  static func home(_ environment: [String: String]) -> String? {
    if let home = environment["HOME"], home.utf8.first == UInt8(ascii: "/") { return home }
    guard let entry = getpwuid(geteuid()), let directory = entry.pointee.pw_dir else { return nil }
    return String(cString: directory)
  }

  private static func path(_ name: String, _ value: String, home: String?) throws(ConfigurationError)
    -> String
  {
    var path = value
    if path == "~" || path.utf8.starts(with: "~/".utf8), let home { path = home + path.dropFirst() }
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
    let isText = !path.unicodeScalars.contains { $0 == "\0" || $0 == "\u{FFFD}" }
    guard path.utf8.first == UInt8(ascii: "/"), isText else {
      throw ConfigurationError(
        "\(name) is \"\(value)\"; it must be an absolute path, such as /var/lib/meta-module.")
    }
    return path
  }

  private static func warning(of name: String, in place: String) -> String {
    let nearest = NearestName.to(name, in: Setting.names + ["META_CONFIG"])
    return "\(name) in \(place) is no setting of this program"
      + (nearest.map { "; did you mean \($0)?" } ?? ".")
  }
}

extension Configuration {
  /// Every setting as `metactl config` shows it: its name, the value in force, and `environment`, the path of the file
  /// that sets it, or `default`.
  package var settings: [(name: String, value: String?, origin: String)] {
    Setting.all.map { ($0.name, $0.shown(self), origins[$0.name] ?? "default") }
  }
}
