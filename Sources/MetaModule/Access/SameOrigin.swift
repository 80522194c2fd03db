internal import Text

/// Whether a request was made by a page of this very site. A browser sends a cookie along with requests that other
/// sites cause, too; `SameSite=Strict` prevents that, and this is the second lock.
enum SameOrigin {
  /// `Sec-Fetch-Site` is sent only to HTTPS and localhost; elsewhere `Origin` must be our own scheme and host.
  static func holds(for request: Request) -> Bool {
    if let site = request.secFetchSite { return site == "same-origin" }
    return request.origin.map { matches($0, request) } ?? false
  }

  static let cookieRefusal = "This request did not come from the admin page itself."
  static let refusal = "This request comes from a page of another site, which may change nothing here."

  /// A browser says that a page of another site makes it: it may change nothing, whatever credential it brings, or
  /// none at all, as in protected mode. Programs send neither header.
  static func isViolated(by request: Request) -> Bool {
    if let site = request.secFetchSite { return site != "same-origin" && site != "none" }
    return request.origin.map { !matches($0, request) } ?? false
  }

  /// A link or a picture of another site led here.
  static func hasForeignReferer(_ request: Request) -> Bool {
    guard let referer = request.referer else { return false }
    let end = referer.utf8.dropFirst(8).firstIndex { "/?#".utf8.contains($0) } ?? referer.utf8.endIndex
    return !matches(String(referer[..<end]), request)
  }

  private static func matches(_ origin: String, _ request: Request) -> Bool {
    let own = (request.isHTTPS ? "https://" : "http://") + request.host
    // Bytes, of which only A to Z have two cases: for String some others are letters of ours, too.
    return origin.utf8.lazy.map(\.lowercased).elementsEqual(own.utf8.lazy.map(\.lowercased))
  }
}
