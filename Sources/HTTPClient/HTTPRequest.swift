internal import Text

/// What is asked of a server.
///
/// Everything is checked before libcurl sees it, since libcurl sends a line break in a header value as it is.
/// A request is usually one `GET` of a few hundred bytes; its `Authorization` header and, for `debug_token`,
/// its URL hold secrets, so it never prints itself.
package struct HTTPRequest: Sendable {
  /// `GET`, `HEAD`, `POST` …; a token of RFC 9110.
  package var method: String
  /// Absolute, `http://` or `https://`, printable ASCII, no fragment, no user name; sent as it is written,
  /// dot segments included.
  package var url: String
  /// Sent in this order. `Content-Length` and `Transfer-Encoding` belong to the client and are refused.
  package var headers: [(name: String, value: String)]
  /// The bytes sent, or `nil`. `GET` and `HEAD` have none.
  package var body: [UInt8]?
  /// A descriptor that takes the answer's body, at its position, whatever the status; the reply's own is empty then.
  package var sink: Int32?
  /// How long everything may take: name lookup, connection, TLS, the last byte of the answer.
  package var timeout: Duration

  /// A request with its parts; nothing is checked before it is performed.
  package init(
    method: String = "GET", url: String, headers: [(name: String, value: String)] = [],
    body: [UInt8]? = nil, sink: Int32? = nil, timeout: Duration = .seconds(10)
  ) {
    self.sink = sink
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }

  /// A `POST` of a form, as browsers and Graph's token exchange write it.
  package static func post(_ url: String, form: QueryString, timeout: Duration = .seconds(10)) -> HTTPRequest
  {
    HTTPRequest(
      method: "POST", url: url, headers: [("Content-Type", "application/x-www-form-urlencoded")],
      body: Array(form.encoded.utf8), timeout: timeout)
  }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
  /// The method; never the URL, a header or the body.
  package var description: String { "\(method) <redacted>" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension HTTPRequest {
  /// Longer than any URL of ours (a token of 4,096 bytes, percent-encoded) and short enough to be sent.
  static let maximumURLBytes = 16_384

  /// Whether libcurl may see it: no byte that could begin a line, a request or a URL of its own.
  var isValid: Bool {
    Self.isToken(method) && isURLValid && headers.allSatisfy(Self.isHeaderValid)
      && (body == nil || (method != "GET" && method != "HEAD"))
  }

  private var isURLValid: Bool {
    let bytes = url.utf8
    guard bytes.count <= Self.maximumURLBytes,
      bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
    else { return false }
    for scheme in ["https://", "http://"] where bytes.starts(with: scheme.utf8) {
      let host = bytes.dropFirst(scheme.utf8.count).prefix {
        $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?")
      }
      return !host.isEmpty && !host.contains(UInt8(ascii: "@"))
    }
    return false
  }

  private static func isHeaderValid(_ header: (name: String, value: String)) -> Bool {
    isToken(header.name) && !HeaderList.areEqual(header.name, "Content-Length")
      && !HeaderList.areEqual(header.name, "Transfer-Encoding")
      && header.value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }
  }

  /// RFC 9110, section 5.6.2.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0.isLetter || $0.isDigit || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  }
}
