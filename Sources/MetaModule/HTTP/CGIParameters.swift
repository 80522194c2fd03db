internal import Text

extension Request {
  /// Takes one parameter of the CGI environment (RFC 3875) into the request; others are ignored.
  ///
  /// Called for each parameter in the order in which the web server sent them. Of two with the same name the first
  /// counts, as in libfcgi; of a credential the second is remembered, so that it can be refused.
  package mutating func take(parameter name: Span<UInt8>, value: Span<UInt8>) {
    if !isForwarded, value.count > 0, ForwardingHeaders.contain(name) { isForwarded = true }
    // Most names are decided by their length and a byte or two; only a candidate is compared in full.
    switch name.count {
    case 5 where name.equals("HTTPS"): isHTTPS = value.count > 0 && !value.equals("off")
    case 9:
      if name.equals("PATH_INFO") {
        if pathInfo.isEmpty { pathInfo = value.bytes }
      } else if name.equals("HTTP_HOST") {
        if host.isEmpty { host = value.text }
      }
    case 11:
      if name.equals("REQUEST_URI") {
        if requestURI.isEmpty { requestURI = value.bytes }
      } else if name.equals("SCRIPT_NAME") {
        if scriptName.isEmpty { scriptName = value.bytes }
      } else if name.equals("REMOTE_ADDR") {
        if remoteAddress.isEmpty { remoteAddress = value.text }
      } else if name.equals("SERVER_ADDR") {
        serverAddress = value.text
      } else if name.equals("HTTP_COOKIE") {
        Self.take(&cookie, value)
      } else if name.equals("HTTP_ACCEPT") {
        if !takesWebP { takesWebP = AcceptedTypes.haveWebP(value.bytes) }
      } else if name.equals("HTTP_ORIGIN") {
        Self.take(&origin, value)
      }
    case 12:
      if name.equals("QUERY_STRING") {
        if queryString.isEmpty { queryString = value.bytes }
      } else if name.equals("CONTENT_TYPE") {
        if contentType.isEmpty { contentType = value.text }
      } else if name.equals("HTTP_REFERER") {
        Self.take(&referer, value)
      }
    case 14:
      if name.equals("REQUEST_METHOD") {
        method = value.text
      } else if name.equals("HTTP_X_API_KEY") {
        if Self.take(&apiKey, value) { hasRepeatedCredential = true }
      }
    case 15 where name.equals("SERVER_PROTOCOL"): serverProtocol = value.text
    case 17 where name.equals("HTTP_X_REQUEST_ID"):
      Self.take(&requestID, value)
    case 18 where name.equals("HTTP_AUTHORIZATION") && BearerScheme.isMeant(by: value.text):
      if isAuthorizationRedirected { (authorization, isAuthorizationRedirected) = (nil, false) }
      if Self.take(&authorization, value) { hasRepeatedCredential = true }
    case 18 where name.equals("HTTP_IF_NONE_MATCH"):
      Self.take(&ifNoneMatch, value)
    case 19 where name.equals("HTTP_SEC_FETCH_SITE"):
      Self.take(&secFetchSite, value)
    case 20 where name.equals("HTTP_X_FORWARDED_FOR"):
      // In place: a new text for each of many would be a copy of all before.
      if forwardedFor == nil { forwardedFor = value.text } else { forwardedFor?.append("," + value.text) }
    case 27 where name.equals("HTTP_X_HTTP_METHOD_OVERRIDE"):
      if value.count > 0 { methodOverride = methodOverride == nil ? value.text : "" }
    case 27 where name.equals("REDIRECT_HTTP_AUTHORIZATION"):
      // Apache's way around its own refusal to hand `Authorization` to CGI; the same header again, not a second one,
      // and empty where there was none.
      if authorization == nil, BearerScheme.isMeant(by: value.text) {
        (authorization, isAuthorizationRedirected) = (value.text, true)
      }
    default: break
    }
  }

  /// The first of a header counts; returns whether this is a further one.
  @discardableResult
  private static func take(_ field: inout String?, _ value: Span<UInt8>) -> Bool {
    if field != nil { return true }
    if value.count > 0 { field = value.text }
    return false
  }
}

extension Span<UInt8> {
  /// Names of one length begin alike and end differently, as a rule.
  @inline(__always) fileprivate func equals(_ text: StaticString) -> Bool {
    let last = text.utf8CodeUnitCount - 1
    guard count == last + 1, self[last] == text.utf8Start[last] else { return false }
    return withUnsafeBytes {
      $0.isSame(as: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
  }

  fileprivate var bytes: [UInt8] { withUnsafeBufferPointer { Array($0) } }

  /// Header text: bytes that are not UTF-8 are replaced, and so match nothing that the program compares them with.
  fileprivate var text: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
