internal import ArgumentParser
internal import JSON
internal import MetaModule

/// `metactl admin …`
struct AdminCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "The password of the admin page.", subcommands: [SetPassword.self])

  struct SetPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set-password", abstract: "Set the password of the admin page.",
      discussion: """
        Asks twice, without echo; or reads one line from standard input or a file. 10 to 256 bytes. Everybody who is \
        signed in has to sign in again. As soon as there is a password, every request needs a credential.

        Examples:
          metactl admin set-password
          openssl rand -base64 18 | tee password.txt | metactl admin set-password
          metactl admin set-password --password-file password.txt
        """)

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("Read the password from this file.", valueName: "file"), completion: .file())
    var passwordFile: String?

    func run() throws {
      let password = try SecretInput.newSecret("New admin password", file: passwordFile)
      let hadOne = try common.perform { try $0.setAdminPassword(password) }
      try common.report(
        ["changed": .bool(hadOne)],
        hadOne
          ? "Changed the admin password. Everybody who was signed in has to sign in again."
          : "Set the admin password. From now on every request needs it, or an API key.")
    }
  }
}
