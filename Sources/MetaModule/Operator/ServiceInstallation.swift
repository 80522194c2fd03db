internal import Glibc
internal import System
package import Text

/// The installation that `nginx/systemd` makes on a machine: settings that root keeps, and a service with an account of
/// its own. Root's commands find it by themselves.
///
/// What its administrator has changed in the unit counts here as well, since systemd is asked; where none is running (a
/// container, a chroot) the unit is taken to be as it was shipped.
struct ServiceInstallation {
  static let file = "/etc/meta-module/meta.conf"
  private static let unit = "meta-module.service"

  private let account: String
  /// What the unit sets.
  let environment: [String: String]

  /// - Parameter properties: what `systemctl show` prints.
  init(properties: String) throws(ConfigurationError) {
    var values: [Substring: Substring] = [:]
    for line in properties.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[line[..<equals]] = line[line.index(after: equals)...]
    }
    guard values["LoadState"] == "loaded" else {
      account = "meta-module"
      environment = ["META_DATA_DIR": "/var/lib/meta-module", "META_CACHE_DIR": "/var/cache/meta-module"]
      return
    }
    account = values["User"].flatMap { $0.isEmpty ? nil : String($0) } ?? "root"
    var environment: [String: String] = [:]
    for word in (values["Environment"] ?? "").split(separator: " ") {
      // With a space in it, systemctl puts quotes around the whole.
      guard !["\"META_", "$'META_"].contains(where: { word.hasPrefix($0) }) else {
        throw ConfigurationError(
          "\(Self.unit) sets \(word) in its environment, which is not plain text. Set it in \(Self.file).")
      }
      guard word.hasPrefix("META_"), let equals = word.firstIndex(of: "=") else { continue }
      environment[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
    self.environment = environment
  }

  /// What systemd says of the service; empty where none is running.
  static func properties() -> String {
    let command = "systemctl show --property=LoadState,User,Environment \(unit) </dev/null 2>/dev/null"
    guard let pipe = popen(command, "r") else { return "" }
    defer { pclose(pipe) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { bytes += chunk.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Root becomes the service's account, and has nothing else to do with its folders than to make what systemd would.
  func enter(_ folder: String) throws(ConfigurationError) {
    guard let account = Account(named: account) else {
      throw ConfigurationError(
        "There is no account \(account), as which \(Self.unit) runs. As root: useradd --system --home-dir "
          + "/var/lib/meta-module --shell /usr/sbin/nologin \(account)")
    }
    guard !Self.isOfDynamicUser(folder) else {
      throw ConfigurationError(
        "\(folder) is still as an older unit with DynamicUser= had it. Start the service once, and systemd gives it to "
          + "\(account.name): systemctl start \(Self.unit)")
    }
    do throws(SystemError) {
      try account.make(folder)
      try account.become()
    } catch {
      throw ConfigurationError(
        "This command cannot become \(account.name), as which the service runs: \(error).")
    }
  }
}

extension ServiceInstallation {
  /// Whether a folder is a link into the one for accounts that systemd makes for as long as a service runs
  /// (systemd.exec(5), DynamicUser=). Nobody but root gets through there, and whose it is says a number that is nobody's.
  private static func isOfDynamicUser(_ folder: String) -> Bool {
    let names = PathTrust.target(of: folder)?.utf8.split(separator: UInt8(ascii: "/")) ?? []
    return names.contains { $0.elementsEqual("private".utf8) }
  }
}

extension Configuration {
  /// The settings of a command: as those of every program, and where nothing says otherwise those of this machine's
  /// service. Root is the service's account from then on.
  package static func ofOperator(
    explicitFile: String?, environment: [String: String] = processEnvironment()
  ) throws(ConfigurationError) -> Configuration {
    let isNamed = explicitFile.map { $0 != ServiceInstallation.file } ?? (environment["META_CONFIG"] != nil)
    guard !isNamed, environment["META_DATA_DIR"] == nil, access(ServiceInstallation.file, F_OK) == 0,
      explicitFile != nil || ConfigurationFile.nearest(home: home(environment)) == nil
    else { return try Configuration(explicitFile: explicitFile, environment: environment) }
    guard geteuid() == 0 else {
      let own = try Configuration(explicitFile: explicitFile, environment: environment)
      guard access(own.dataDirectory, F_OK) == 0 else {
        throw ConfigurationError(
          "The installation of this machine is its service's (\(ServiceInstallation.file)): run this as root, with "
            + "sudo. For one of your own, set META_DATA_DIR.")
      }
      return own
    }
    let service = try ServiceInstallation(properties: ServiceInstallation.properties())
    let configuration = try Configuration(
      explicitFile: ServiceInstallation.file, environment: service.environment.merging(environment) { $1 })
    try service.enter(configuration.dataDirectory)
    return configuration
  }
}
