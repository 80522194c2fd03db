internal import ArgumentParser
internal import Glibc
internal import MetaModule

/// The operator's command: what the seed's `manage.py shell` was for, and more.
@main
struct Metactl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metactl",
    abstract: "Looks after a Meta Module installation: tokens, mappings, keys.",
    discussion: """
      Secrets are read from a prompt, from standard input or from a file, never from an argument: ps shows those to \
      everyone. metactl help COMMAND tells more about each, with examples.

      Exit codes: 0 done, 1 refused (or a warning), 2 something is out of order, 64 the command line makes no sense.

      Examples:
        metactl token add --label "My Facebook Account"
        metactl apikey create --label "Website" --scope read
        metactl doctor
        metactl --generate-completion-script bash > /etc/bash_completion.d/metactl
      """,
    version: version,
    subcommands: [
      TokenCommand.self, MappingCommand.self, APIKeyCommand.self, AdminCommand.self, KeyCommand.self,
      RefreshCommand.self, StatusCommand.self, CacheCommand.self, BackupCommand.self, RestoreCommand.self,
      DoctorCommand.self, ConfigCommand.self, RequestCommand.self,
    ])

  static func main() {
    umask(0o077)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let complaint as Complaint {
      Terminal.complain("metactl: \(complaint)")
      Glibc.exit(complaint.code)
    } catch { exit(withError: error) }
  }
}

/// What every command understands.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Read settings from this file.", valueName: "file"))
  var config: String?

  /// The application, as every web server's worker has one.
  func application() throws -> Application {
    Application(configuration: try settings().withQuietLog)
  }

  /// Runs a command on the application; what it throws becomes a sentence and an exit code.
  func perform<Result>(_ body: (Application) throws -> Result) throws -> Result {
    let application = try application()
    do { return try body(application) } catch let error as OperationError {
      throw Complaint(error.description, code: error.isTrouble ? 2 : 1)
    }
  }

  /// The settings.
  func settings() throws -> Configuration {
    do { return try Configuration(explicitFile: config) } catch {
      throw Complaint(error.description, code: 2)
    }
  }
}

/// A sentence for standard error and the exit code that goes with it.
struct Complaint: Error, CustomStringConvertible {
  let description: String
  let code: Int32

  init(_ description: String, code: Int32 = 1) {
    self.description = description
    self.code = code
  }
}
