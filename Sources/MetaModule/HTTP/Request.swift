package import System
internal import Text

/// One request as the core sees it: what a CGI program is given, whoever the web server in front is.
///
/// `Application.respond(to:)` takes it from `meta.fcgi`, from `metactl request` and from the tests alike. It is
/// built once a request from at most some forty parameters, so it holds only what the program looks at.
package struct Request: Sendable {
  /// 64 KiB (API.md, section 1).
  package static let bodyLimit = 65536

  package var method = "GET"
  /// `X-HTTP-Method-Override`; empty, and so no method, when it was sent twice.
  package var methodOverride: String?
  /// `PATH_INFO`, decoded by the web server; raw bytes, since they are validated before they are text.
  package var pathInfo: [UInt8] = []
  /// `SCRIPT_NAME`: the mount point, or, behind Caddy, the whole path.
  package var scriptName: [UInt8] = []
  /// `REQUEST_URI`: path and query as the client sent them, still percent-encoded.
  package var requestURI: [UInt8] = []
  /// `QUERY_STRING`, still percent-encoded.
  package var queryString: [UInt8] = []
  package var contentType = ""
  package var body = RequestBody.complete([])

  package var remoteAddress = ""
  /// The address that it was sent to; empty where the web server does not say.
  package var serverAddress = ""
  /// `SERVER_PROTOCOL`: `HTTP/1.1`.
  package var serverProtocol = ""
  package var host = ""
  package var isHTTPS = false
  /// A proxy says that it stands between (`X-Forwarded-For`, `Forwarded`, `X-Real-IP`, …).
  package var isForwarded = false
  /// `X-Forwarded-For`, all of them in their order, separated by commas.
  package var forwardedFor: String?

  /// `Authorization`, also as Apache's `REDIRECT_HTTP_AUTHORIZATION`, where its scheme is ours: `Basic` is for the web
  /// server in front.
  package var authorization: String?
  /// `authorization` came as `REDIRECT_HTTP_AUTHORIZATION`; the header itself counts more.
  var isAuthorizationRedirected = false
  package var apiKey: String?
  package var hasRepeatedCredential = false
  package var cookie: String?
  package var origin: String?
  package var referer: String?
  package var secFetchSite: String?
  package var ifNoneMatch: String?
  /// `Accept` names `image/webp`.
  package var takesWebP = false
  /// `X-Request-Id` of the client, unchecked.
  package var requestID: String?

  /// When it came first, where it has been postponed since.
  package var firstCame: ContinuousClock.Instant?

  /// Under which its answer may be kept.
  package var microcacheKey: Microcache.Key?

  /// Made by `metactl`, whose user can read the database anyway; no parameter of a web server sets it.
  package var isFromOperator = false

  /// From here on its method is the one that it means: a host's firewall may let no other than POST through.
  /// - Returns: why it is none.
  mutating func takeMethodMeant() -> APIError? {
    guard let methodOverride else { return nil }
    guard method == "POST",
      methodOverride.isSameBytes(as: "PATCH") || methodOverride.isSameBytes(as: "DELETE")
    else { return .methodOverrideRefused }
    method = methodOverride
    return nil
  }

  package init() {}

  /// A request as a program on this machine would make it: `metactl`, tests.
  ///
  /// - Parameters:
  ///   - target: path and query, percent-encoded, relative to the mount point: `/pages/?limit=2`.
  ///   - json: the body, sent as `application/json`.
  package init(_ method: String, _ target: String, json: String? = nil) {
    self.method = method
    let bytes = Array(target.utf8)
    requestURI = bytes
    if let question = bytes.firstIndex(of: UInt8(ascii: "?")) {
      queryString = Array(bytes[(question + 1)...])
    }
    remoteAddress = "127.0.0.1"
    host = "localhost"
    if let json {
      contentType = "application/json"
      body = .complete(Array(json.utf8))
    }
  }
}
