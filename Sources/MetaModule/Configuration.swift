internal import Glibc
public import Logging

/// Every setting, read once at start (API.md, section 6).
public struct Configuration: Sendable {
  /// Where `meta.sqlite3`, `fernet.keys` and the cache are.
  public var dataDirectory: String
  /// Where cached answers are.
  public var cacheDirectory: String
  /// Seconds for which a grid is served without asking Graph.
  public var cacheTTL: Int64 = 300
  /// Seconds for which an expired grid may stand in for a Graph that fails.
  public var cacheStale: Int64 = 86400
  /// Bytes that the cache directory may hold.
  public var cacheMaximumBytes = 268_435_456
  /// The key ring from the environment, newest first; `nil`: from `fernet.keys`.
  public var fernetKeys: Secret?
  /// `https://graph.facebook.com`, without a slash at its end.
  public var graphURL = "https://graph.facebook.com"
  /// `v26.0`.
  public var graphVersion = "v26.0"
  /// Seconds for one call to Graph.
  public var graphTimeout: Int64 = 10
  /// How often a call is repeated.
  public var retries = 3
  /// Milliseconds that the first wait lasts; each further one is twice as long.
  public var backoffUnit: Int64 = 1000
  /// Seconds that one request may spend on Graph, waits included.
  public var requestBudget: Int64 = 10
  /// The Meta app, for `debug_token`, the long-lived exchange and `appsecret_proof`.
  public var app: MetaApp?
  /// Threads of one process.
  public var workers = 32
  /// Whose `X-Forwarded-For` is believed.
  var trustedProxies = TrustedProxies.none
  /// What is logged.
  public var logLevel = Logger.Level.info
  /// The configuration file that was read, if any.
  public var file: String?
  /// Which of them a file or the environment has set: `environment`, or the path of the file. All others have their
  /// defaults.
  public private(set) var origins: [String: String] = [:]
  /// A sentence for each name that begins with `META_` and is none of ours: mistyped, it would be ignored in silence.
  public private(set) var warnings: [String] = []

  /// The names that a configuration file may set.
  public static let names = [
    "META_DATA_DIR", "META_CACHE_DIR", "META_CACHE_TTL", "META_CACHE_STALE", "META_CACHE_MAX_BYTES",
    "META_FERNET_KEYS", "META_GRAPH_URL", "META_GRAPH_VERSION", "META_GRAPH_TIMEOUT", "META_RETRIES",
    "META_BACKOFF_UNIT_MS", "META_REQUEST_BUDGET", "META_APP_ID", "META_APP_SECRET", "META_WORKERS",
    "META_TRUSTED_PROXIES", "META_LOG_LEVEL",
  ]

  /// The path of the database.
  public var databasePath: String { dataDirectory + "/meta.sqlite3" }
  /// The path of the key file.
  public var keyFilePath: String { dataDirectory + "/fernet.keys" }

  /// Reads the settings: a file first, then the environment, which wins.
  ///
  /// - Parameter explicitFile: `--config FILE`. Without it `$META_CONFIG`, `meta.conf` beside the executable and
  ///   `~/.config/meta-module/meta.conf` are tried in this order, and the first one that exists is read.
  /// - Throws: a sentence that names the setting, the file, or the line.
  public init(
    explicitFile: String? = nil, environment: [String: String] = Self.processEnvironment()
  ) throws(ConfigurationError) {
    let home = Self.home(environment)
    var values: [String: String] = [:]
    if let found = try ConfigurationFile.find(explicitFile, environment: environment, home: home) {
      values = found.values
      file = found.path
      for name in found.values.keys { origins[name] = found.path }
      warnings += found.unknown.map { Self.warning(of: $0, in: found.path) }
    }
    for name in environment.keys.sorted()
    where name.utf8.starts(with: "META_".utf8) && name != "META_CONFIG" && !Self.names.contains(name) {
      warnings.append(Self.warning(of: name, in: "the environment"))
    }
    for name in Self.names {
      guard let value = environment[name], !value.isEmpty else { continue }
      values[name] = value
      origins[name] = "environment"
    }

    guard let data = values["META_DATA_DIR"] ?? home.map({ $0 + "/.local/share/meta-module" }) else {
      throw ConfigurationError("META_DATA_DIR is not set, and this account has no home folder to put it in.")
    }
    dataDirectory = try Self.path("META_DATA_DIR", data, home: home)
    cacheDirectory = try Self.path(
      "META_CACHE_DIR", values["META_CACHE_DIR"] ?? dataDirectory + "/cache", home: home)

    if let file, origins["META_FERNET_KEYS"] == file {
      do { try PathTrust(folder: dataDirectory).check(file, isSecret: true) } catch {
        throw ConfigurationError(error.sentence)
      }
    }

    cacheTTL = try Self.integer("META_CACHE_TTL", values, 1...86400) ?? cacheTTL
    cacheStale = try Self.integer("META_CACHE_STALE", values, 0...2_592_000) ?? cacheStale
    cacheMaximumBytes =
      try Self.integer("META_CACHE_MAX_BYTES", values, 1_048_576...1_099_511_627_776).map { Int($0) }
      ?? cacheMaximumBytes
    fernetKeys = try Self.fernetKeys(values["META_FERNET_KEYS"])
    if let url = values["META_GRAPH_URL"] { graphURL = try GraphAddress.checked(url) }
    if let version = values["META_GRAPH_VERSION"] { graphVersion = try GraphAddress.checkedVersion(version) }
    graphTimeout = try Self.integer("META_GRAPH_TIMEOUT", values, 1...300) ?? graphTimeout
    retries = try Self.integer("META_RETRIES", values, 0...10).map { Int($0) } ?? retries
    backoffUnit = try Self.integer("META_BACKOFF_UNIT_MS", values, 1...60000) ?? backoffUnit
    requestBudget = try Self.integer("META_REQUEST_BUDGET", values, 1...300) ?? requestBudget
    workers = try Self.integer("META_WORKERS", values, 1...1024).map { Int($0) } ?? workers
    app = try MetaApp(id: values["META_APP_ID"], secret: values["META_APP_SECRET"])
    if let list = values["META_TRUSTED_PROXIES"] { trustedProxies = try TrustedProxies(parsing: list) }
    if let level = values["META_LOG_LEVEL"] {
      guard let parsed = Logger.Level(rawValue: level.lowercased()) else {
        throw ConfigurationError(
          "META_LOG_LEVEL is \"\(level)\"; it must be trace, debug, info, notice, warning, error or critical."
        )
      }
      logLevel = parsed
    }
  }

  /// For a command: the log lines of a server would stand between a person and the answer, unless they were asked for.
  public var withQuietLog: Configuration {
    var copy = self
    if origins["META_LOG_LEVEL"] == nil { copy.logLevel = .critical }
    return copy
  }

  /// The environment of this process. What is not UTF-8 is repaired, and so no usable setting any more.
  public static func processEnvironment() -> [String: String] {
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
  private static func home(_ environment: [String: String]) -> String? {
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

  /// Looked at here, so that a key that is none stops the program instead of every request.
  private static func fernetKeys(_ text: String?) throws(ConfigurationError) -> Secret? {
    guard let text else { return nil }
    do { _ = try Vault.keys(listedIn: text) } catch { throw ConfigurationError(error.sentence) }
    return Secret(text)
  }

  private static func warning(of name: String, in place: String) -> String {
    let nearest = NearestName.to(name, in: names + ["META_CONFIG"]).map { "; did you mean \($0)?" } ?? "."
    return "\(name) in \(place) is no setting of this program\(nearest)"
  }

  private static func integer(
    _ name: String, _ values: [String: String], _ range: ClosedRange<Int64>
  ) throws(ConfigurationError) -> Int64? {
    guard let text = values[name] else { return nil }
    guard text.utf8.allSatisfy(FieldRule.isDigit), let number = Int64(text), range.contains(number) else {
      throw ConfigurationError(
        "\(name) is \"\(text)\"; it must be a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }
}

/// Why the program does not start: one line that names the setting.
public struct ConfigurationError: Error, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}
