internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import Store

/// `metactl request METHOD PATH [-d BODY]`: any bug can be replayed without a web server.
struct RequestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request", abstract: "Run one request through the application, without a web server.",
    discussion: """
      The body is printed, and with --include the status and the headers before it. Exit code 0 for a success, 1 for \
      a refusal (4xx), 2 for a failure (5xx).

      Examples:
        metactl request GET /pages/
        metactl request GET '/instagram/client_001/?limit=5' --include
        metactl request PATCH /tokens/1/ -d '{"account_label":"New name"}'
        metactl request POST /verify-user/ -d @body.json
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "GET, POST, PATCH, DELETE, …") var method: String
  @Argument(help: "Path and query below the mount point, such as /pages/.") var path: String
  @Option(
    name: [.customShort("d"), .long],
    help: ArgumentHelp("The JSON body, @FILE, or - for standard input.", valueName: "body")) var data: String?
  @Flag(name: [.customShort("i"), .long], help: "Print status and headers, too.") var include = false

  func run() throws {
    let isReading = ["GET", "HEAD", "OPTIONS"].contains(method.uppercased())
    let api = try API(common, making: isReading ? .nothing : .whatIsMissing)
    let body = try body()
    var status = 0
    var printed = Result<Void, any Error>.success(())
    // Printed as soon as it is there: what the request leads to may take longer.
    api.send(method.uppercased(), path, body) { response in
      status = response.status
      printed = Result { try show(response) }
    }
    try printed.get()
    if status >= 400 { throw ExitCode(status >= 500 ? 2 : 1) }
  }

  private func show(_ response: Response) throws {
    let json = try? JSONValue(parsing: response.body)
    if common.json {
      var headers = JSONObject()
      for (name, value) in response.headers { headers[name] = .string(value) }
      return try Terminal.say([
        "status": JSONValue(response.status),
        "headers": .object(headers), "body": json ?? .null,
      ])
    }
    if include {
      let head = String(decoding: response.cgiHead(), as: UTF8.self).split(separator: "\r\n")
      try Terminal.say(head.map { Line(String($0)) } + [Line("")])
    }
    if response.file != nil {
      try Terminal.say("A file of \(response.contentLength) bytes, which is not shown here.")
    } else if let json {
      try Terminal.say(json)
    } else {
      try Terminal.say(String(decoding: response.body, as: UTF8.self))
    }
  }

  /// What `--data` means. A secret in an argument is refused: `ps` shows it to every account of the machine.
  private func body() throws -> String? {
    guard let data else { return nil }
    if data == "-" { return try SecretInput.text(file: nil) }
    if data.hasPrefix("@") { return try SecretInput.text(file: String(data.dropFirst())) }
    let secrets = ["access_token", "password"].filter { (try? JSONValue(parsing: data))?[$0] != nil }
    guard let secret = secrets.first else { return data }
    throw CommandError(
      "An argument can be read by every account of this machine, and this one holds \(secret): put the body into a file "
        + "(-d @FILE), or send it on standard input (-d -). Nothing was changed.")
  }
}
