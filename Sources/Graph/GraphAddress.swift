package import Text

/// Where Graph is asked, checked once at start: nowhere else does a token go.
package enum GraphAddress {
  /// `https://host[:port][/path]`, or `http:` to a loopback address; the slash at the end is taken off.
  ///
  /// - Parameter name: of the setting.
  package static func checked(
    _ url: String, as name: String = "META_GRAPH_URL"
  ) throws(ConfigurationError) -> String {
    var url = url
    while url.utf8.last == UInt8(ascii: "/") { url.removeLast() }
    let isSecure = url.utf8.starts(with: "https://".utf8)
    guard isSecure || url.utf8.starts(with: "http://".utf8) else {
      throw ConfigurationError(
        "\(name) must begin with https:// (http:// only to a loopback address).")
    }
    let rest = url.utf8.dropFirst(isSecure ? 8 : 7)
    let allowed = rest.allSatisfy { byte in
      byte.isDigit || byte.isLetter
        || "-._~:/[]".utf8.contains(byte)
    }
    let host = hostName(rest)
    guard allowed, !host.isEmpty else {
      throw ConfigurationError("\(name) must be a plain address without user, query or fragment.")
    }
    guard isSecure || ["127.0.0.1", "localhost", "[::1]"].contains(host) else {
      throw ConfigurationError(
        "\(name) must use https:// except to a loopback address, since tokens would travel in clear text."
      )
    }
    return url
  }

  /// Whether a checked address leads to this machine: a simulator answers there.
  package static func isLoopback(_ url: String) -> Bool {
    ["127.0.0.1", "localhost", "[::1]"].contains(hostName(rest(of: url)))
  }

  /// Scheme, host and port of a checked address.
  package static func origin(of url: String) -> String {
    let authority = rest(of: url).prefix { $0 != UInt8(ascii: "/") }
    return String(
      decoding: Array(url.utf8)[..<(url.utf8.count - rest(of: url).count + authority.count)], as: UTF8.self)
  }

  private static func rest(of url: String) -> String.UTF8View.SubSequence {
    url.utf8.dropFirst(url.utf8.starts(with: "https://".utf8) ? 8 : 7)
  }

  package static func checkedVersion(_ version: String) throws(ConfigurationError) -> String {
    let parts = version.utf8.dropFirst().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard version.utf8.first == UInt8(ascii: "v"), parts.count == 2,
      parts.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isDigit) })
    else { throw ConfigurationError("META_GRAPH_VERSION is \"\(version)\"; it must look like v26.0.") }
    return version
  }

  private static func hostName(_ rest: String.UTF8View.SubSequence) -> String {
    let authority = rest.prefix { $0 != UInt8(ascii: "/") }
    if authority.first == UInt8(ascii: "["), let end = authority.firstIndex(of: UInt8(ascii: "]")) {
      return String(decoding: authority[...end], as: UTF8.self)
    }
    return String(decoding: authority.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
  }
}
