internal import Text

/// The headers that proxies, tunnels and delivery networks add to a request on its way: where there is one, the request
/// was not made on this machine, whatever its address says.
enum ForwardingHeaders {
  /// Beginnings of names in CGI form, behind `HTTP_`.
  private static let beginnings = byInitial([
    "AKAMAI_", "CDN_", "CF_", "CLIENT_IP", "CLOUDFRONT_", "FASTLY_", "FLY_", "FORWARDED", "FRONT_END_HTTPS",
    "INCAP_",
    "MAX_FORWARDS", "NGROK_", "PROXY_", "REAL_IP", "REMOTE_ADDR", "SURROGATE_CAPABILITY", "TAILSCALE_",
    "TRUE_CLIENT_IP", "VIA", "WL_PROXY_",
  ])
  /// The same, behind `HTTP_X_`.
  private static let unofficial = byInitial([
    "AKAMAI", "AMZN_", "AMZ_CF", "APPENGINE_", "ARR_", "AZURE_", "BLUECOAT", "CDN", "CLIENT_IP", "CLOUD_",
    "CLUSTER_",
    "COMING_FROM", "EDGE_", "ENVOY_", "FORWARDED", "HEROKU", "HOST", "HTTPS", "NF_", "NGROK", "ORIG", "PROX",
    "QUEUE_START", "REAL_", "REMOTE_", "REQUEST_START", "REWRITE_URL", "SCHEME", "SSL", "SUCURI", "TAILSCALE",
    "TRAEFIK", "TRUE_CLIENT", "TUNNEL", "URL_SCHEME", "VARNISH", "VERCEL_",
  ])

  static func contain(_ name: Span<UInt8>) -> Bool {
    guard name.count > 7, name[0] == UInt8(ascii: "H"), name.begins(with: "HTTP_") else { return false }
    return name.begins(with: "X_", at: 5)
      ? name.begins(with: unofficial, at: 7) : name.begins(with: beginnings, at: 5)
  }

  /// A list for each letter: every parameter of every request is held against them.
  private static func byInitial(_ beginnings: [StaticString]) -> [[StaticString]] {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { letter in
      beginnings.filter { $0.utf8Start.pointee == letter }
    }
  }
}

extension Span<UInt8> {
  fileprivate func begins(with text: StaticString, at start: Int = 0) -> Bool {
    guard count - start >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount where self[start + index] != text.utf8Start[index] {
      return false
    }
    return true
  }

  /// Whether one of those with the letter that stands there goes on from it.
  fileprivate func begins(with lists: [[StaticString]], at start: Int) -> Bool {
    guard start < count, self[start].isLetter, self[start] < UInt8(ascii: "a") else { return false }
    return lists[Int(self[start] - UInt8(ascii: "A"))].contains { begins(with: $0, at: start) }
  }
}
