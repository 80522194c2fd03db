internal import ArgumentParser
internal import MetaModule

/// `metactl request METHOD PATH [-d BODY]`: any bug can be replayed without a web server.
struct RequestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request", abstract: "Run one request through the application, without a web server.",
    discussion: """
      The body is printed, and with --include the status and the headers before it. Exit code 0 for a success, 1 for \
      a refusal (4xx), 2 for a failure (5xx).

      Examples:
        metactl request GET /pages/
        metactl request POST /sync/ -d '{"client_id":"client_001","fb_page_id":"104567890123","token_id":1}'
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "GET, POST, PATCH, DELETE, …") var method: String
  @Argument(help: "Path and query below the mount point, such as /pages/.") var path: String
  @Option(name: [.customShort("d"), .long], help: ArgumentHelp("The JSON body.", valueName: "body")) var data:
    String?
  @Flag(name: [.customShort("i"), .long], help: "Print status and headers, too.") var include = false

  func run() throws {
    let response = try API(common).send(method.uppercased(), path, data)
    if include {
      print(String(decoding: response.cgiHead(), as: UTF8.self).filter { $0 != "\r" }, terminator: "")
    }
    print(String(decoding: response.body, as: UTF8.self))
    if response.status >= 400 { throw ExitCode(response.status >= 500 ? 2 : 1) }
  }
}
