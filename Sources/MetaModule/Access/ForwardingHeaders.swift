/// The headers that proxies, tunnels and delivery networks add to a request on its way: where there is one, the request
/// was not made on this machine, whatever its address says.
enum ForwardingHeaders {
  /// Beginnings of names in CGI form, by their first letter behind `HTTP_`, since every parameter of every request is
  /// held against them.
  private static let x: [StaticString] = [
    "X_FORWARDED", "X_REAL_", "X_CLIENT_IP", "X_CLUSTER_", "X_ORIG", "X_PROX", "X_REMOTE_", "X_TRUE_CLIENT",
    "X_REWRITE_URL", "X_HOST", "X_SCHEME", "X_URL_SCHEME", "X_SSL", "X_HTTPS", "X_COMING_FROM", "X_BLUECOAT",
    "X_TUNNEL", "X_NGROK", "X_TAILSCALE", "X_TRAEFIK", "X_ENVOY_", "X_VARNISH", "X_HEROKU", "X_REQUEST_START",
    "X_QUEUE_START", "X_AMZN_", "X_AMZ_CF", "X_AZURE_", "X_ARR_", "X_APPENGINE_", "X_CLOUD_", "X_VERCEL_",
    "X_NF_",
    "X_SUCURI", "X_AKAMAI", "X_EDGE_", "X_CDN",
  ]
  private static let c: [StaticString] = ["CF_", "CDN_", "CLIENT_IP", "CLOUDFRONT_"]
  private static let f: [StaticString] = ["FORWARDED", "FLY_", "FASTLY_", "FRONT_END_HTTPS"]
  private static let others: [StaticString] = [
    "VIA", "TRUE_CLIENT_IP", "TAILSCALE_", "NGROK_", "WL_PROXY_", "INCAP_", "AKAMAI_", "PROXY_",
    "MAX_FORWARDS",
    "REAL_IP", "REMOTE_ADDR", "SURROGATE_CAPABILITY",
  ]

  static func contain(_ name: Span<UInt8>) -> Bool {
    guard name.count > 7, name[0] == UInt8(ascii: "H"), name.begins(with: "HTTP_") else { return false }
    let candidates =
      switch name[5] {
      case UInt8(ascii: "X"): x
      case UInt8(ascii: "C"): c
      case UInt8(ascii: "F"): f
      default: others
      }
    return candidates.contains { name.begins(with: $0, at: 5) }
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
}
