internal import FastCGI
internal import Text

/// The command line of `meta.fcgi`. Parsed by hand: a parser library would cost a CGI process more than its request.
struct Arguments {
  var listen: ListenAddress?
  var configurationFile: String?
  /// Help or version: printed instead of serving.
  var textToPrint: String?

  static let usage = """
    Usage: meta.fcgi [--listen ADDRESS] [--config FILE]

      --listen unix:/path/to/socket   listen there (mode 0660)
      --listen 127.0.0.1:9000         listen on a loopback port
      --config FILE                   read settings from FILE (NAME=value lines)
      --version, --help

    Without --listen it serves the listening socket on descriptor 0 (spawn-fcgi, systemd, mod_fcgid); without that
    it answers one CGI request from its environment and ends.
    """

  /// - Parameter environment: where it names a `GATEWAY_INTERFACE` the process is a CGI program, whose arguments a
  ///   client can choose by its query (RFC 3875, section 4.4): they are ignored.
  init(_ arguments: [String], environment: [String: String]) throws(ArgumentError) {
    guard environment["GATEWAY_INTERFACE"] == nil else { return }
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      switch argument {
      case "--listen":
        guard let address = rest.popFirst() else { throw ArgumentError("--listen needs an address.") }
        do { listen = try ListenAddress(parsing: address) } catch { throw ArgumentError("\(error)") }
      case "--config":
        guard let file = rest.popFirst() else { throw ArgumentError("--config needs a file.") }
        configurationFile = file
      case "--help", "-h": textToPrint = Self.usage
      case "--version": textToPrint = "meta.fcgi \(version)"
      default: throw ArgumentError("there is no argument \(argument); --help lists them.")
      }
    }
  }
}

struct ArgumentError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
