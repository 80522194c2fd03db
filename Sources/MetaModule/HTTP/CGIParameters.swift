internal import Text

/// A parameter of the CGI environment (RFC 3875) that the program looks at; it takes no notice of any other.
enum CGIParameter: UInt8 {
  case accept, apiKey, authorization, contentType, cookie, forwardedFor, host, https, ifNoneMatch, method
  case methodOverride, origin, pathInfo, queryString, redirectedAuthorization, referer, remoteAddress
  case requestID, requestURI, scriptName, secFetchSite, serverAddress, serverProtocol
  /// Any of `ForwardingHeaders` that is none of the above; what it says is of no account.
  case forwarding

  /// Most names are decided by their length and their last bytes; only a candidate is compared in full.
  init?(_ name: Span<UInt8>) {
    switch name.count {
    case 5 where name.equals("HTTPS"): self = .https
    case 9 where name.equals("PATH_INFO"): self = .pathInfo
    case 9 where name.equals("HTTP_HOST"): self = .host
    case 11 where name.equals("REQUEST_URI"): self = .requestURI
    case 11 where name.equals("SCRIPT_NAME"): self = .scriptName
    case 11 where name.equals("REMOTE_ADDR"): self = .remoteAddress
    case 11 where name.equals("SERVER_ADDR"): self = .serverAddress
    case 11 where name.equals("HTTP_COOKIE"): self = .cookie
    case 11 where name.equals("HTTP_ACCEPT"): self = .accept
    case 11 where name.equals("HTTP_ORIGIN"): self = .origin
    case 12 where name.equals("QUERY_STRING"): self = .queryString
    case 12 where name.equals("CONTENT_TYPE"): self = .contentType
    case 12 where name.equals("HTTP_REFERER"): self = .referer
    case 14 where name.equals("REQUEST_METHOD"): self = .method
    case 14 where name.equals("HTTP_X_API_KEY"): self = .apiKey
    case 15 where name.equals("SERVER_PROTOCOL"): self = .serverProtocol
    case 17 where name.equals("HTTP_X_REQUEST_ID"): self = .requestID
    case 18 where name.equals("HTTP_AUTHORIZATION"): self = .authorization
    case 18 where name.equals("HTTP_IF_NONE_MATCH"): self = .ifNoneMatch
    case 19 where name.equals("HTTP_SEC_FETCH_SITE"): self = .secFetchSite
    case 20 where name.equals("HTTP_X_FORWARDED_FOR"): self = .forwardedFor
    case 27 where name.equals("HTTP_X_HTTP_METHOD_OVERRIDE"): self = .methodOverride
    // Apache's way around its own refusal to hand `Authorization` to CGI.
    case 27 where name.equals("REDIRECT_HTTP_AUTHORIZATION"): self = .redirectedAuthorization
    default:
      guard ForwardingHeaders.contain(name) else { return nil }
      self = .forwarding
    }
  }
}

extension Request {
  /// Takes one parameter of the CGI environment (RFC 3875) into the request; others are ignored.
  ///
  /// Called for each parameter in the order in which the web server sent them. Of two with the same name the first
  /// counts, as in libfcgi; of a credential the second is remembered, so that it can be refused.
  package mutating func take(parameter name: Span<UInt8>, value: Span<UInt8>) {
    switch CGIParameter(name) {
    case nil: break
    case .accept: if !takesWebP { takesWebP = AcceptedTypes.haveWebP(value.bytes) }
    case .apiKey: if Self.take(&apiKey, value) { hasRepeatedCredential = true }
    case .authorization:
      guard BearerScheme.isMeant(by: value.text) else { break }
      if isAuthorizationRedirected { (authorization, isAuthorizationRedirected) = (nil, false) }
      if Self.take(&authorization, value) { hasRepeatedCredential = true }
    case .contentType: if contentType.isEmpty { contentType = value.text }
    case .cookie: Self.take(&cookie, value)
    case .forwardedFor:
      // In place: a new text for each of many would be a copy of all before.
      if forwardedFor == nil { forwardedFor = value.text } else { forwardedFor?.append("," + value.text) }
      if value.count > 0 { isForwarded = true }
    case .forwarding: if value.count > 0 { isForwarded = true }
    case .host: if host.isEmpty { host = value.text }
    case .https: isHTTPS = value.count > 0 && !value.equals("off")
    case .ifNoneMatch: Self.take(&ifNoneMatch, value)
    case .method: method = value.text
    case .methodOverride: if value.count > 0 { methodOverride = methodOverride == nil ? value.text : "" }
    case .origin: Self.take(&origin, value)
    case .pathInfo: if pathInfo.isEmpty { pathInfo = value.bytes }
    case .queryString: if queryString.isEmpty { queryString = value.bytes }
    case .redirectedAuthorization:
      // The same header again, not a second one, and empty where there was none.
      if authorization == nil, BearerScheme.isMeant(by: value.text) {
        (authorization, isAuthorizationRedirected) = (value.text, true)
      }
    case .referer: Self.take(&referer, value)
    case .remoteAddress: if remoteAddress.isEmpty { remoteAddress = value.text }
    case .requestID: Self.take(&requestID, value)
    case .requestURI: if requestURI.isEmpty { requestURI = value.bytes }
    case .scriptName: if scriptName.isEmpty { scriptName = value.bytes }
    case .secFetchSite: Self.take(&secFetchSite, value)
    case .serverAddress: serverAddress = value.text
    case .serverProtocol: serverProtocol = value.text
    }
  }

  /// The first of a header counts; returns whether this is a further one.
  @discardableResult
  static func take(_ field: inout String?, _ value: Span<UInt8>) -> Bool {
    if field != nil { return true }
    if value.count > 0 { field = value.text }
    return false
  }
}

extension Span<UInt8> {
  /// Names of one length begin alike and end differently, as a rule.
  @inline(__always) fileprivate func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    let text = UnsafeRawBufferPointer(start: text.utf8Start, count: count)
    return withUnsafeBytes { own in
      func isSame(from offset: Int) -> Bool {
        own.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          == text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      }
      guard own.count >= 8 else { return own.isSame(as: text) }
      return isSame(from: own.count - 8) && (own.count <= 16 ? isSame(from: 0) : own.isSame(as: text))
    }
  }

  fileprivate var bytes: [UInt8] { withUnsafeBufferPointer { Array($0) } }

  /// Header text: bytes that are not UTF-8 are replaced, and so match nothing that the program compares them with.
  fileprivate var text: String { withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
}
