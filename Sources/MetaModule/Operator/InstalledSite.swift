internal import HTTPClient
internal import Text

/// Asks an installation at its own address, and tells what an answer means on hosts as they are.
package enum InstalledSite {
  /// - Parameter address: Of the public folder, `https://www.example.org/social/`.
  /// - Returns: What is wrong, in a sentence that says what to do; `nil` when page and program answer.
  package static func problem(at address: String) -> String? {
    let address = address.utf8.last == UInt8(ascii: "/") ? address : address + "/"
    do throws(TransferError) {
      var client = HTTPClient(options: ClientOptions(userAgent: "meta-module/\(version)"))
      let health = try client.perform(HTTPRequest(url: address + "api/meta/health/", timeout: .seconds(30)))
      if let problem = problem(of: health, at: address) { return problem }
      let page = try client.perform(HTTPRequest(url: address))
      return page.status == 200
        ? nil
        : "The program answers, but the page at \(address) is a \(page.status): was index.html transferred?"
    } catch {
      return "\(address) cannot be asked. \(error)"
    }
  }

  private static func problem(of health: HTTPReply, at address: String) -> String? {
    let body = String(decoding: health.body.prefix(2000), as: UTF8.self)
    if health.body.starts(with: [0x7F] + Array("ELF".utf8)) {
      return
        "The server sends meta.fcgi to whoever asks instead of running it: this host runs no CGI programs in "
        + "this folder. Ask it for that, or choose the folder where it does (cgi-bin)."
    }
    switch health.status {
    case 200 where body.hasPrefix(#"{"status""#): return nil
    case 503 where body.hasPrefix(#"{"status""#):
      return "The program runs and is not healthy: metactl doctor says why."
    case 300..<400:
      return
        "\(address) leads to \(health.headers["location"] ?? "another address"): name that one with --url."
    case 403:
      return
        "The server refuses (403): the public folder and meta.fcgi must have mode 755 and belong to this "
        + "account, and the host must allow programs here (Options +ExecCGI)."
    case 404:
      return
        "The server knows no \(address)api/meta/health/ (404): .htaccess is not there, or the host does not "
        + "read it (AllowOverride), or --url is not the address of the public folder."
    case 500:
      return "The server says \(health.status). Its error log tells which: \"not allowed here\" or \"Invalid "
        + "command\" is a line of .htaccess that this host refuses; \"Premature end of script headers\" is a "
        + "program that could not start: run meta.fcgi --help in the public folder to see why, and look at its "
        + "mode (755)."
    default:
      return
        "\(address)api/meta/health/ answers \(health.status), and not as this program does: is --url the "
        + "address of the public folder?"
    }
  }
}
