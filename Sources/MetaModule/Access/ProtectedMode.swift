internal import Text

/// As long as no credential has existed, only requests that come straight from this machine are served.
///
/// `REMOTE_ADDR` alone proves nothing behind a tunnel or a second proxy, nor in a browser that shows another site:
/// hence the other conditions (API.md, section 4).
enum ProtectedMode {
  /// The request was made on this machine, by no detour, and by no page of another site.
  static func isDirectAndLocal(_ request: Request) -> Bool {
    isFromThisMachine(request) && !SameOrigin.isViolated(by: request)
      && !SameOrigin.hasForeignReferer(request)
  }

  /// The same whoever's page made it.
  static func isFromThisMachine(_ request: Request) -> Bool {
    IPAddress(request.remoteAddress)?.isLoopback == true
      && (request.serverAddress.isEmpty || IPAddress(request.serverAddress)?.isLoopback == true)
      && !request.isForwarded && isSpokenByClients(request.serverProtocol)
      && ["localhost", "127.0.0.1", "[::1]"].contains(hostName(request.host))
  }

  /// nginx's plain `proxy_pass` speaks HTTP/1.0, names its upstream as the host and adds no header: nothing else tells
  /// a stranger behind it from this machine.
  private static func isSpokenByClients(_ version: String) -> Bool {
    version.isEmpty || ["HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/3.0"].contains(version)
  }

  /// What a stranger is told: how the operator opens the door.
  static let refusal =
    "This installation has no credentials yet, so it only answers requests made directly on its own machine. "
    + "Run metactl admin set-password or metactl apikey create there."

  /// The host without its port, in lower case.
  private static func hostName(_ host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      let rest = host[host.index(after: end)...]
      return rest.isEmpty || isPort(rest) ? String(host[...end]) : host
    }
    guard let colon = host.firstIndex(of: ":"), isPort(host[colon...]) else { return host.lowercased() }
    return host[..<colon].lowercased()
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.first == ":" && (1...5).contains(text.dropFirst().utf8.count)
      && text.dropFirst().utf8.allSatisfy(\.isDigit)
  }
}
