internal import JSON

/// One row of API.md's error table as the OpenAPI document shows it: an `APIError` with sample values.
///
/// Status, headers and body are taken from the error itself, so that the document cannot say anything else
/// than the program does.
struct DocumentedError {
  /// Its name among the components of the document.
  let name: String
  /// When it is answered.
  let summary: String
  let error: APIError

  init(_ name: String, _ summary: String, _ error: APIError) {
    (self.name, self.summary, self.error) = (name, summary, error)
  }

  var status: Int { error.status }

  /// `components/examples/<name>`.
  var example: JSONValue {
    ["summary": .string(summary), "value": (try? JSONValue(parsing: error.response().body)) ?? nil]
  }
}

extension DocumentedError {
  // What can happen to any request.
  static let pathNotUTF8 = Self("PathNotUTF8", "The path is not UTF-8.", .notUTF8Path)
  static let bodyIncomplete = Self("BodyIncomplete", "The body is shorter than announced.", .bodyIncomplete)
  static let bodyTooLarge = Self("BodyTooLarge", "The body has more than 64 KiB.", .bodyTooLarge)
  static let bodyLengthRequired = Self(
    "BodyLengthRequired", "A chunked body behind a web server that hands on no length (plain CGI).",
    .bodyLengthRequired)
  static let methodNotAllowed = Self(
    "MethodNotAllowed", "The path is asked with another method; `Allow` lists those that it has.",
    .methodNotAllowed("PUT", allowed: ["GET", "HEAD", "OPTIONS"]))
  static let serverError = Self(
    "ServerError", "A fault of ours; the log has the cause under the request id.",
    .serverError(cause: ""))
  static let unavailable = Self(
    "Unavailable", "Database locked, disk full, or the Fernet key is missing or wrong.",
    .unavailable(StoreError.busy.detail, retryAfter: 5))

  // Who may call.
  static let notAuthenticated = Self(
    "NotAuthenticated", "No credential was sent, or none that is known.", .notAuthenticated(nil))
  static let protectedMode = Self(
    "ProtectedMode", "No credential exists yet, and the request comes from elsewhere.",
    .forbidden(ProtectedMode.refusal))
  static let noPermission = Self(
    "NoPermission", "The API key has the scope `read`.",
    .forbidden("You do not have permission to perform this action."))
  static let foreignOrigin = Self(
    "ForeignOrigin", "A page of another site asks for a change.", .forbidden(SameOrigin.refusal))
  static let wrongPassword = Self(
    "WrongPassword", "The password is not the right one.", .forbidden("Wrong password."))
  static let tooManyAttempts = Self(
    "TooManyAttempts", "Ten failed sign-ins from this address in 15 minutes, or too many at the same time.",
    .tooManyAttempts(seconds: 900, "Too many failed sign-ins. Try again in 15 minutes."))

  // What is wrong with what was sent.
  static let unsupportedMediaType = Self(
    "UnsupportedMediaType", "The body is neither JSON nor an urlencoded form.",
    .unsupportedMediaType("text/plain"))
  static let malformedBody = Self(
    "MalformedBody", "The body cannot be read.", .malformedBody("Expecting value: line 1 column 1 (char 0)"))
  static let notADictionary = Self(
    "NotADictionary", "The body is JSON, but not an object.", .notADictionary("list"))
  static let noData = Self("NoData", "The body is `null`.", .noData)
  static let tooManyFields = Self(
    "TooManyFields", "The query or the form has more than 1000 fields, or the JSON more than 1000 values.",
    .tooManyFields)
  static let methodOverrideRefused = Self(
    "MethodOverrideRefused", "`X-HTTP-Method-Override` on another method than POST, or with another value.",
    .methodOverrideRefused)
  static let invalidToken = invalid("InvalidToken", "access_token", "This field is required.")
  static let invalidTokenID = invalid("InvalidTokenID", "token_id", "A valid integer is required.")
  static let invalidStatus = invalid("InvalidStatus", "status", "\"expired\" is not a valid choice.")
  static let invalidPassword = invalid("InvalidPassword", "password", "This field may not be blank.")
  static let invalidLimit = invalid(
    "InvalidLimit", "limit", "Ensure this value is less than or equal to 200.")

  private static func invalid(_ name: String, _ field: String, _ message: String) -> Self {
    Self(
      name, "Fields that are not valid, all at once.",
      .invalidFields([.init(field: field, messages: [message])]))
  }

  // What is there and what is not.
  static let notFound = Self("NotFound", "There is no such row.", .notFound)
  static let mappingNotFound = Self("MappingNotFound", "The client has no mapping.", .mappingNotFound)
  static let postNotFound = Self(
    "PostNotFound", "No post id, unknown to Graph, or of an account that no client has.", .postNotFound)
  static let tokenNotUsable = Self("TokenNotUsable", "`token_id` is unknown or not active.", .tokenNotUsable)
  static let pageNotAccessible = Self(
    "PageNotAccessible", "The token does not reach the Page.", .pageNotAccessible)
  static let instagramAccountNotLinked = Self(
    "InstagramAccountNotLinked", "The Page reports another Instagram account.", .instagramAccountNotLinked)
  static let tokenInUse = Self(
    "TokenInUse", "Mappings use the token.",
    .conflict("2 mappings use this token. Remove them first, or repeat with ?force=1."))
  static let otherUser = Self(
    "OtherUser", "The replacement is another Meta user's token.",
    .conflict("This token belongs to another Meta user than the stored one. Nothing was changed."))

  // What Graph says.
  static let tokenRefused = Self(
    "TokenRefused", "Graph says that the token is no good.",
    .tokenRefused(reason: RefusalReason.expired.rawValue))
  static let permissionMissing = Self(
    "PermissionMissing", "Graph says that a permission is missing.", .permissionMissing)
  static let rateLimited = Self(
    "RateLimited", "Graph throttles, and the retries are used up.", .rateLimited(seconds: 60))
  static let upstreamFailed = Self("UpstreamFailed", "Graph fails or answers nonsense.", .upstreamFailed)
  static let upstreamTimedOut = Self("UpstreamTimedOut", "Graph does not answer in time.", .upstreamTimedOut)
  static let appRefused = Self(
    "AppRefused", "Graph refuses the app of this installation, which is no token's fault.",
    .appRefused(AppTrouble.credentials.sentence))
  static let tokenUnfit = Self(
    "TokenUnfit", "The stored token is no user's, or another app's.", .tokenUnfit(Misfit.page.sentence))

  /// Whatever is asked.
  static let always = [
    pathNotUTF8, bodyIncomplete, bodyLengthRequired, bodyTooLarge, methodNotAllowed, methodOverrideRefused,
    tooManyFields, serverError,
  ]
  /// Wherever fields are read from a body.
  static let body = [malformedBody, notADictionary, noData, unsupportedMediaType]
  /// Wherever Graph is asked.
  static let graph = [
    tokenRefused, tokenUnfit, permissionMissing, rateLimited, upstreamFailed, upstreamTimedOut, appRefused,
  ]

  /// Every one, in the order of their status.
  static let all: [DocumentedError] =
    ([
      .notAuthenticated, .protectedMode, .noPermission, .foreignOrigin, .wrongPassword, .tooManyAttempts,
      .invalidToken,
      .invalidTokenID, .invalidStatus, .invalidPassword, .invalidLimit, .notFound, .mappingNotFound,
      .postNotFound,
      .tokenNotUsable, .pageNotAccessible, .instagramAccountNotLinked, .tokenInUse, .otherUser, .unavailable,
    ] + always + body + graph).sorted { ($0.status, $0.name) < ($1.status, $1.name) }
}
