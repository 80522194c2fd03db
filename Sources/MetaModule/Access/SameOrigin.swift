/// Whether a request was made by a page of this very site. A browser sends a cookie along with requests that other
/// sites cause, too; `SameSite=Strict` prevents that, and this is the second lock.
enum SameOrigin {
  /// `Sec-Fetch-Site` is sent only to HTTPS and localhost; elsewhere `Origin` must be our own scheme and host.
  static func holds(for request: Request) -> Bool {
    if let site = request.secFetchSite { return site == "same-origin" }
    return request.origin.map { matches($0, request) } ?? false
  }

  /// Another site says that it is one: refused even where no cookie is needed.
  static func isViolated(by request: Request) -> Bool {
    if let site = request.secFetchSite { return site != "same-origin" && site != "none" }
    return request.origin.map { !matches($0, request) } ?? false
  }

  private static func matches(_ origin: String, _ request: Request) -> Bool {
    origin.lowercased() == (request.isHTTPS ? "https://" : "http://") + request.host.lowercased()
  }
}
