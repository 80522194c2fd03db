internal import Graph
internal import Logging
internal import Store
internal import Text

/// One row of the table of settings. The configuration is read by it, `metactl config` shows it, README prints it, and
/// a misspelt name is compared with it.
///
/// A default is the first value of the field in `Configuration`.
struct Setting: Sendable {
  let name: String
  /// What one may write and what it means, in README's Markdown.
  let range: String
  let meaning: String
  /// What holds when nobody sets it, where that is no value of the field.
  var standard: String?
  /// The value in force; `nil`: none. A secret reads `<redacted>`, and there is no way to ask otherwise.
  let shown: @Sendable (Configuration) -> String?
  /// Takes over what somebody has set; `nil` where that needs more than this one text.
  var read: (@Sendable (inout Configuration, String) throws(ConfigurationError) -> Void)?

  /// In the order of the documentation.
  static let all: [Setting] = [
    Setting(
      name: "META_DATA_DIR", range: "an absolute path",
      meaning: "holds `meta.sqlite3`, `fernet.keys` and `cache/`", shown: { $0.dataDirectory }),
    text(
      "META_DATABASE_URL", \.databaseURL, "`postgresql://user@host,host/name`, without a password",
      "a PostgreSQL database that several machines share, in the place of `meta.sqlite3`",
      parsing: databaseURL, showing: { $0 }),
    Setting(
      name: "META_CACHE_DIR", range: "an absolute path", meaning: "may be lost at any moment",
      standard: "`$META_DATA_DIR/cache`", shown: { $0.cacheDirectory }),
    number(
      "META_CACHE_TTL", \.cacheTTL, 1...86400, "seconds for which a grid is served without asking Graph"),
    number(
      "META_CACHE_STALE", \.cacheStale, 0...2_592_000,
      "seconds for which an expired grid may stand in for a Graph that fails"),
    number(
      "META_CACHE_MAX_BYTES", \.cacheMaximumBytes, 1_048_576...1_099_511_627_776,
      "bytes that the cache directory may hold"),
    number(
      "META_IMAGE_MAX_BYTES", \.imageMaximumBytes, 1_048_576...1_099_511_627_776,
      "bytes that the pictures in the cache directory may take"),
    text(
      "META_IMAGE_BIN", \.imageProgram, "an absolute path", "the program that makes smaller pictures",
      standard: "`meta-image` beside the program", parsing: program, showing: { $0 }),
    text(
      "META_FERNET_KEYS", \.fernetKeys, "keys, separated by commas, newest first",
      "encrypt the tokens; `metactl key generate` makes one", standard: "`fernet.keys`, made on first start",
      parsing: keys, showing: { $0?.description }),
    text(
      "META_GRAPH_URL", \.graphURL, "`https:`, and `http:` only to a loopback address",
      "where Graph is asked",
      parsing: { text throws(ConfigurationError) in try GraphAddress.checked(text) }, showing: { $0 }),
    text(
      "META_GRAPH_VERSION", \.graphVersion, "two numbers behind a `v`", "the version of Graph that is asked",
      parsing: GraphAddress.checkedVersion, showing: { $0 }),
    number("META_GRAPH_TIMEOUT", \.graphTimeout, 1...300, "seconds for one call to Graph"),
    number("META_RETRIES", \.retries, 0...10, "how often a call that failed is repeated"),
    number(
      "META_BACKOFF_UNIT_MS", \.backoffUnit, 1...60000,
      "milliseconds before the first repetition; each further wait is twice as long"),
    number(
      "META_REQUEST_BUDGET", \.requestBudget, 1...300, "seconds for Graph in one request, with its waits"),
    Setting(
      name: "META_APP_ID", range: "digits",
      meaning: "turns on expiry dates, the long-lived exchange and `appsecret_proof`",
      shown: { $0.app?.id }),
    Setting(
      name: "META_APP_SECRET", range: "the app's, from developers.facebook.com",
      meaning: "the other half of `META_APP_ID`", shown: { $0.app?.secret.description }),
    text(
      "META_FIRST_PASSWORD", \.firstPassword, "10 bytes or more",
      "is the admin page's until there is another credential: for those who can run no `metactl`",
      parsing: password, showing: { $0?.description }),
    number(
      "META_WORKERS", \.workers, 1...1024,
      "requests that one process answers at a time; 9/4 as many may wait, 3/4 as many for a grid of their own"
    ),
    text(
      "META_TRUSTED_PROXIES", \.trustedProxies, "as in `127.0.0.1, 10.0.0.0/8, fd00::/8`",
      "addresses and networks whose `X-Forwarded-For` is believed",
      parsing: TrustedProxies.init(parsing:),
      showing: { $0.networks.isEmpty ? nil : $0.networks.map(\.description).joined(separator: ", ") }),
    text(
      "META_PUBLIC_URL", \.publicURL,
      "`https://host`, with a port if need be; `http:` only for a loopback address",
      "stands in front of addresses that are given out; without it they are paths",
      parsing: publicURL, showing: { $0 }),
    text(
      "META_LOG_LEVEL", \.logLevel, "`trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`",
      "one line of JSON per event on standard error; what nobody reads is dropped, and a line says how much",
      parsing: level, showing: { $0.rawValue }),
  ]

  static let names = all.map(\.name)
}

extension Setting {
  private static func text<Value>(
    _ name: String, _ field: any WritableKeyPath<Configuration, Value> & Sendable, _ range: String,
    _ meaning: String, standard: String? = nil,
    parsing: @escaping @Sendable (String) throws(ConfigurationError) -> Value,
    showing: @escaping @Sendable (Value) -> String?
  ) -> Setting {
    Setting(
      name: name, range: range, meaning: meaning, standard: standard,
      shown: { showing($0[keyPath: field]) },
      read: { configuration, text throws(ConfigurationError) in
        configuration[keyPath: field] = try parsing(text)
      })
  }

  private static func number<Number: FixedWidthInteger & Sendable>(
    _ name: String, _ field: any WritableKeyPath<Configuration, Number> & Sendable,
    _ range: ClosedRange<Number>, _ meaning: String
  ) -> Setting {
    let bounds = "\(range.lowerBound) to \(range.upperBound)"
    return text(
      name, field, bounds, meaning,
      parsing: { text throws(ConfigurationError) in
        guard text.utf8.allSatisfy(\.isDigit), let number = Number(text), range.contains(number)
        else {
          throw ConfigurationError("\(name) is \"\(text)\"; it must be a whole number from \(bounds).")
        }
        return number
      }, showing: { String($0) })
  }

  /// Looked at here, so that a key that is none stops the program instead of every request.
  private static func keys(_ text: String) throws(ConfigurationError) -> Secret? {
    do { _ = try KeyRingFile.keys(listedIn: text) } catch { throw ConfigurationError(error.sentence) }
    return Secret(text)
  }

  private static func password(_ text: String) throws(ConfigurationError) -> Secret? {
    guard Application.passwordLength.contains(text.utf8.count) else {
      throw ConfigurationError("META_FIRST_PASSWORD must have 10 to 256 bytes.")
    }
    return Secret(text)
  }

  private static func databaseURL(_ text: String) throws(ConfigurationError) -> String? {
    // Without the text, in which a password may be.
    if let complaint = Server.complaint(about: text) {
      throw ConfigurationError("META_DATABASE_URL \(complaint)")
    }
    return text
  }

  private static func publicURL(_ text: String) throws(ConfigurationError) -> String? {
    let url = try GraphAddress.checked(text, as: "META_PUBLIC_URL")
    guard FeedOrigin.checked(url) != nil else {
      throw ConfigurationError(
        "META_PUBLIC_URL must be scheme, host and port alone, as in https://meta.example.")
    }
    return url
  }

  private static func program(_ text: String) throws(ConfigurationError) -> String? {
    guard text.utf8.first == UInt8(ascii: "/"), !text.utf8.contains(0) else {
      throw ConfigurationError(
        "META_IMAGE_BIN is \"\(text)\"; it must be an absolute path, such as /usr/local/bin/meta-image.")
    }
    return text
  }

  private static func level(_ text: String) throws(ConfigurationError) -> Logger.Level {
    guard let level = Logger.Level(rawValue: text.lowercased()) else {
      throw ConfigurationError(
        "META_LOG_LEVEL is \"\(text)\"; it must be trace, debug, info, notice, warning, error or critical.")
    }
    return level
  }
}
