/// As long as no credential exists, only requests that come straight from this machine are served.
///
/// `REMOTE_ADDR` alone proves nothing behind a tunnel or a second proxy: hence the other two conditions (API.md,
/// section 4).
enum ProtectedMode {
  /// The request was made on this machine, by no detour.
  static func isDirectAndLocal(_ request: Request) -> Bool {
    isLoopback(request.remoteAddress) && !request.isForwarded
      && ["localhost", "127.0.0.1", "[::1]"].contains(hostName(request.host))
  }

  /// What a stranger is told: how the operator opens the door.
  static let refusal =
    "This installation has no credentials yet, so it only answers requests made directly on its own machine. "
    + "Run metactl admin set-password or metactl apikey create there."

  /// 127.0.0.0/8, `::1`, and the IPv4 ones in IPv6 form. The web server wrote the address: its form can be trusted.
  private static func isLoopback(_ address: String) -> Bool {
    if address == "::1" { return true }
    let dotted = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
    let parts = dotted.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in part.utf8.allSatisfy(FieldRule.isDigit) && UInt8(part) != nil }
  }

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
      && text.dropFirst().utf8.allSatisfy(FieldRule.isDigit)
  }
}
