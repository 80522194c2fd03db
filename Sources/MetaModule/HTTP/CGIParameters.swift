extension Request {
  /// Takes one parameter of the CGI environment (RFC 3875) into the request; others are ignored.
  ///
  /// Called for each parameter in the order in which the web server sent them. Of two with the same name the first
  /// counts, as in libfcgi; of a credential the second is remembered, so that it can be refused.
  public mutating func take(parameter name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    // Most names are decided by their length and a byte or two; only a candidate is compared in full.
    switch name.count {
    case 5 where name.equals("HTTPS"): isHTTPS = value.count > 0 && !value.equals("off")
    case 9:
      if name.equals("PATH_INFO") {
        if pathInfo.isEmpty { pathInfo = Array(value) }
      } else if name.equals("HTTP_HOST") {
        if host.isEmpty { host = value.text }
      }
    case 11:
      if name.equals("REQUEST_URI") {
        if requestURI.isEmpty { requestURI = Array(value) }
      } else if name.equals("SCRIPT_NAME") {
        if scriptName.isEmpty { scriptName = Array(value) }
      } else if name.equals("REMOTE_ADDR") {
        if remoteAddress.isEmpty { remoteAddress = value.text }
      } else if name.equals("HTTP_COOKIE") {
        take(&cookie, value, isCredential: false)
      } else if name.equals("HTTP_ORIGIN") {
        take(&origin, value, isCredential: false)
      }
    case 12:
      if name.equals("QUERY_STRING") {
        if queryString.isEmpty { queryString = Array(value) }
      } else if name.equals("CONTENT_TYPE") {
        if contentType.isEmpty { contentType = value.text }
      }
    case 14:
      if name.equals("REQUEST_METHOD") {
        method = value.text
      } else if name.equals("HTTP_X_API_KEY") {
        take(&apiKey, value, isCredential: true)
      } else if name.equals("HTTP_FORWARDED") {
        isForwarded = isForwarded || value.count > 0
      } else if name.equals("HTTP_X_REAL_IP") {
        isForwarded = isForwarded || value.count > 0
      }
    case 8 where name.equals("HTTP_VIA"):
      isForwarded = isForwarded || value.count > 0
    case 17 where name.equals("HTTP_X_REQUEST_ID"):
      take(&requestID, value, isCredential: false)
    case 18 where name.equals("HTTP_AUTHORIZATION"):
      take(&authorization, value, isCredential: true)
    case 18 where name.equals("HTTP_IF_NONE_MATCH"):
      take(&ifNoneMatch, value, isCredential: false)
    case 19 where name.equals("HTTP_SEC_FETCH_SITE"):
      take(&secFetchSite, value, isCredential: false)
    case 20 where name.equals("HTTP_X_FORWARDED_FOR"):
      isForwarded = isForwarded || value.count > 0
    case 21 where name.equals("HTTP_X_FORWARDED_HOST") || name.equals("HTTP_CF_CONNECTING_IP"):
      isForwarded = isForwarded || value.count > 0
    case 27 where name.equals("REDIRECT_HTTP_AUTHORIZATION"):
      // Apache's way around its own refusal to hand `Authorization` to CGI; the same header again, not a second one.
      if authorization == nil { authorization = value.text }
    default: break
    }
  }

  private mutating func take(
    _ field: inout String?, _ value: UnsafeBufferPointer<UInt8>, isCredential: Bool
  ) {
    if field != nil {
      if isCredential { hasRepeatedCredential = true }
    } else if value.count > 0 {
      field = value.text
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    let expected = UnsafeBufferPointer(start: text.utf8Start, count: count)
    return elementsEqual(expected)
  }

  /// Header text: bytes that are not UTF-8 are replaced, and so match nothing that the program compares them with.
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
