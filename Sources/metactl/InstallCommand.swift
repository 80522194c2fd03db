internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store
internal import Text

/// `metactl install`
struct InstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Install an unpacked bundle in an account without root.",
    discussion: """
      Puts programs, settings and data into ~/meta-module, which nobody else can read, and the page with meta.fcgi into \
      the public folder; makes the first password of the admin page and prints it, this once. Everything in the bundle is \
      compared with SHA256SUMS first. With --url it asks the result at its own address and says what a failure means.

      --upgrade replaces programs and page by rename, while requests are served. --remove takes away what was put there, \
      and leaves settings, keys and data.

      Examples:
        bin/metactl install --site ~/public_html/social --url https://www.example.org/social/
        bin/metactl install --upgrade
        ~/meta-module/bin/metactl install --remove
      """)

  @Flag(help: "Print one JSON object, of a failure too.") var json = false
  @Option(
    help: ArgumentHelp("The public folder; made if it is missing.", valueName: "folder"),
    completion: .directory)
  var site: String?
  @Option(help: ArgumentHelp("The address of the public folder, to be asked afterwards.", valueName: "url"))
  var url: String?
  @Option(
    help: ArgumentHelp("The unpacked bundle, where it is not the one of this metactl.", valueName: "folder"),
    completion: .directory)
  var from: String?
  @Flag(help: "Replace what is installed by this bundle.") var upgrade = false
  @Flag(help: "Take the programs and the page away.") var remove = false

  func validate() throws {
    if upgrade && remove { throw ValidationError("--upgrade and --remove do not go together.") }
    if !upgrade && !remove && site == nil {
      throw ValidationError("Name the public folder: --site ~/public_html/social.")
    }
  }

  func run() throws {
    let installation = try HomeInstallation(site: site)
    if remove { return try takeAway(installation) }
    try putThere(installation)
  }

  private func takeAway(_ installation: HomeInstallation) throws {
    try installation.remove()
    try report(
      ["removed": .bool(true), "home": .string(installation.home)],
      "Removed the programs and the page. Settings, keys and data are still in \(installation.home).",
      "The line in the crontab is still there: crontab -e.")
  }

  private func putThere(_ installation: HomeInstallation) throws {
    let wasInstalled = installation.isInstalled
    if wasInstalled && !upgrade {
      throw CommandError("It is installed already: --upgrade replaces it. Nothing was changed.")
    }
    try installation.put(try Bundle(from))
    let password: Secret?
    do { password = try begin(installation) } catch {
      if !wasInstalled { try? installation.remove() }
      throw error
    }
    do { try tell(installation, password) } catch {
      // Nobody has seen it and nobody ever can.
      if password != nil { _ = try? application(installation).resetCredentials() }
      throw error
    }
    guard let url, let problem = InstalledSite.problem(at: url) else { return }
    throw CommandError("It is installed, and does not answer yet. \(problem)", code: 2)
  }

  /// Settings and a first credential, where there are none.
  private func begin(_ installation: HomeInstallation) throws -> Secret? {
    guard !upgrade else { return nil }
    if try Configuration().file == nil { try installation.writeSettings() }
    return try application(installation).makeFirstCredential()
  }

  private func application(_ installation: HomeInstallation) throws -> Application {
    Application(configuration: try Configuration().withQuietLog, making: .whatIsMissing)
  }

  private func tell(_ installation: HomeInstallation, _ password: Secret?) throws {
    let cron = "17 * * * * \(installation.home)/bin/metactl refresh --quiet"
    var lines = [
      "\(upgrade ? "Upgraded to" : "Installed") version \(version): the page in \(installation.site), everything else in "
        + "\(installation.home)."
    ]
    if let password {
      lines += [
        "The password of the admin page, shown only now:", password.revealed(),
        "This line in the crontab (crontab -e, or the host's panel) keeps tokens from expiring:", cron,
      ]
    }
    try report(
      [
        "version": .string(version), "home": .string(installation.home), "site": .string(installation.site),
        "password": password.map { .string($0.revealed()) } ?? .null, "cron": .string(cron),
      ], lines)
  }

  private func report(_ object: JSONValue, _ lines: String...) throws { try report(object, lines) }

  private func report(_ object: JSONValue, _ lines: [String]) throws {
    guard !json else { return try Terminal.say(object) }
    try Terminal.say(lines.flatMap { Terminal.wrapped($0) }.map { Line($0) })
  }
}
