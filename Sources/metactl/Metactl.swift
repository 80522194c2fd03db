internal import ArgumentParser
internal import Glibc
internal import JSON
internal import MetaModule
internal import Store
internal import System
internal import Text

/// The operator's command: what the seed's `manage.py shell` was for, and more.
@main
struct Metactl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metactl",
    abstract: "Looks after a Meta Module installation: tokens, mappings, keys.",
    discussion: """
      Secrets are read from a prompt, from standard input or from a file, never from an argument: ps shows those to \
      everyone. metactl help COMMAND tells more about each, with examples.

      On a machine with the systemd service, root's commands are about the service's data (/etc/meta-module/meta.conf), \
      and done as its account; files that are named are read and written as root.

      Exit codes: 0 done, 1 refused (or a warning), 2 something is out of order, 64 the command line makes no sense.

      Examples:
        metactl token add --label "My Facebook Account"
        metactl apikey create --label "Website" --scope read
        metactl doctor
        metactl --generate-completion-script bash > /etc/bash_completion.d/metactl
      """,
    version: version,
    subcommands: [
      TokenCommand.self, MappingCommand.self, FeedCommand.self, APIKeyCommand.self, AdminCommand.self,
      KeyCommand.self,
      RefreshCommand.self, StatusCommand.self, CacheCommand.self, BackupCommand.self, RestoreCommand.self,
      StoreCommand.self, DoctorCommand.self, ConfigCommand.self, RequestCommand.self, InstallCommand.self,
    ])

  static func main() {
    umask(0o077)
    ProcessMemory.bound()
    // A reader that has gone is an error of the write then: a key that nobody got must be revoked first.
    signal(SIGPIPE, SIG_IGN)
    // A limit on file sizes is an error of the write then, and what was begun is taken back.
    signal(SIGXFSZ, SIG_IGN)
    openMissingDescriptors()
    let failure = Failure(of: run)
    do {
      try failure?.report(asJSON: wantsJSON)
      try Terminal.finish()
    } catch {
      // Whoever reads no further (`| head`) has what they want.
      if error.errno == EPIPE {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
      }
      Terminal.complain("metactl: \(error.problem)")
      Glibc.exit(2)
    }
    Glibc.exit(failure?.code ?? 0)
  }

  /// Without descriptors 0 to 2 the next file that is opened takes their place: a report once overwrote a database. What is
  /// missing is opened so that using it fails.
  private static func openMissingDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  private static func run() throws {
    let arguments = Array(ProcessArguments.all.dropFirst())
    // The parser answers `help` with a word that it does not know as if there were none.
    if arguments.first == "help", let meant = Suggestion.forCommandLine(arguments) {
      throw CommandError(
        "There is no command '\(arguments.dropFirst().joined(separator: " "))'. Did you mean '\(meant)'?",
        code: 64)
    }
    var command = try parseAsRoot(arguments)
    try command.run()
  }

  /// Also of a command line that makes no sense, whoever wrote it parses the answer.
  private static var wantsJSON: Bool {
    ProcessArguments.all.dropFirst().prefix { $0 != "--" }.contains("--json")
  }
}

struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Read settings from this file.", valueName: "file"), completion: .file())
  var config: String?
  @Flag(help: "Print one JSON object, of a failure too.") var json = false

  /// The application, as every web server's worker has one.
  ///
  /// - Parameter making: only commands that begin an installation make what is missing.
  func application(making: Store.Making = .nothing) throws -> Application {
    Application(configuration: try settings().withQuietLog, making: making)
  }

  /// The same with a progress bar.
  func perform<Result>(
    making: Store.Making = .nothing, quiet: Bool = false, _ body: (Application, ProgressBar) throws -> Result
  ) throws -> Result {
    let bar = ProgressBar(quiet: quiet || json)
    return try perform(making: making) { application in
      defer { bar.end() }
      return try body(application, bar)
    }
  }

  /// Runs a command on the application.
  func perform<Result>(
    making: Store.Making = .nothing, _ body: (Application) throws -> Result
  ) throws -> Result {
    try body(application(making: making))
  }

  func settings() throws(ConfigurationError) -> Configuration {
    try Configuration.ofOperator(explicitFile: config)
  }
}

extension CommonOptions {
  /// Says what a command has done, to a person or to a program.
  ///
  /// It is done by then: when it cannot be said, that is what the failure says.
  func report(_ json: @autoclosure () -> JSONValue, _ sentences: String...) throws {
    try report(json(), sentences)
  }

  func report(_ json: @autoclosure () -> JSONValue, _ sentences: [String]) throws {
    do {
      guard !self.json else { return try Terminal.say(json()) }
      try Terminal.say(sentences.flatMap { Terminal.wrapped($0) }.map { Line($0) })
    } catch { throw CommandError("What was asked has been done, but \(error.problem)", code: 2) }
  }
}
