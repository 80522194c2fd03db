internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store

struct AdminCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "The password of the admin page.",
    subcommands: [SetPassword.self, Reset.self])

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
      let hadOne = try common.perform(making: .whatIsMissing) { try $0.setAdminPassword(password) }
      try common.report(
        ["changed": .bool(hadOne)],
        hadOne
          ? "Changed the admin password. Everybody who was signed in has to sign in again."
          : "Set the admin password. From now on every request needs it, or an API key.")
    }
  }

  struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take every credential away and begin anew with protected mode.",
      discussion: """
        Removes the admin password, revokes every API key and ends every session: sites that send a key are refused. \
        Afterwards requests are served as on a fresh installation, without a credential, and only when they come \
        straight from this machine. This is the only way back to that mode. Tokens and mappings stay.

        Example:
          metactl admin reset
        """)

    @OptionGroup var common: CommonOptions

    func run() throws {
      let before = try common.perform { try $0.resetCredentials() }
      let keys = "\(before.keysInForce) API \(before.keysInForce == 1 ? "key" : "keys")"
      try common.report(
        [
          "password_removed": .bool(before.hasPassword),
          "keys_revoked": JSONValue(before.keysInForce),
        ],
        "Removed \(before.hasPassword ? "the admin password" : "no admin password, since there was none"), revoked "
          + "\(keys), ended every session.",
        "Requests made directly on this machine are served without a credential again, and no others, until metactl "
          + "admin set-password or metactl apikey create makes one.")
    }
  }
}
