internal import Text

/// `META_TRUSTED_PROXIES`: whose word about the client's address is taken.
struct TrustedProxies: Sendable {
  let networks: [IPNetwork]

  static let none = TrustedProxies(networks: [])

  private init(networks: [IPNetwork]) { self.networks = networks }

  /// Addresses and networks, separated by commas or blanks.
  init(parsing text: String) throws(ConfigurationError) {
    var networks: [IPNetwork] = []
    for entry in text.utf8.split(whereSeparator: { [0x20, 0x09, UInt8(ascii: ",")].contains($0) }) {
      let entry = Substring(entry)
      guard let network = IPNetwork(entry) else {
        throw ConfigurationError(
          "META_TRUSTED_PROXIES has \"\(entry)\"; it must be addresses and networks, such as 127.0.0.1, 10.0.0.0/8, "
            + "fd00::/8, with no bits beyond the prefix.")
      }
      networks.append(network)
    }
    self.networks = networks
  }

  /// From where a request comes: the peer, or, where that is a trusted proxy, the right-most address in
  /// `X-Forwarded-For` that is none. What stands further left was sent by the client, who may write anything. `nil`:
  /// the web server does not say, as behind a unix socket.
  ///
  /// An entry that is no address ends the search: whoever wrote it, nothing is known beyond.
  func client(of request: Request) -> IPAddress? {
    guard var client = IPAddress(request.remoteAddress) else { return nil }
    guard !networks.isEmpty, let chain = request.forwardedFor else { return client }
    for entry in chain.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).reversed() {
      guard trusts(client), let next = IPAddress(Self.withoutPort(Substring(entry))) else { break }
      client = next
    }
    return client
  }

  private func trusts(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

  /// Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`.
  private static func withoutPort(_ entry: Substring) -> Substring {
    let entry = FieldRule.trimmed(String(entry))[...]
    if entry.utf8.first == UInt8(ascii: "["), let end = entry.utf8.firstIndex(of: UInt8(ascii: "]")) {
      return entry[entry.utf8.index(after: entry.startIndex)..<end]
    }
    guard let colon = entry.utf8.firstIndex(of: UInt8(ascii: ":")),
      colon == entry.utf8.lastIndex(of: UInt8(ascii: ":"))
    else { return entry }
    return entry[..<colon]
  }
}
