internal import JSON

/// Everything that is answered with an error: one table, mirroring the one in API.md, section 1.
///
/// Endpoints throw it; each layer below has its own errors, which the endpoint translates. Nothing that came from
/// Graph, SQLite or the operating system stands in a `detail`: only our own sentences.
package enum APIError: Error {
  case notFound
  case notUTF8Path
  case methodNotAllowed(String, allowed: [String])
  case unsupportedMediaType(String)
  case malformedBody(String)
  case bodyTooLarge
  case bodyIncomplete
  case bodyLengthRequired
  case invalidFields([FieldError])
  case notADictionary(String)
  case noData
  case tooManyFields
  case methodOverrideRefused
  case notAuthenticated(String?)
  case forbidden(String)
  case tokenRefused(reason: String)
  /// A stored token is none that can be used here; the sentence says why.
  case tokenUnfit(String)
  case tokenNotUsable
  case pageNotAccessible
  case instagramAccountNotLinked
  case permissionMissing
  case mappingNotFound
  case postNotFound
  /// `forOperator`: what to type on a command line instead, where the sentence speaks of HTTP.
  case conflict(String, forOperator: String? = nil)
  case tooManyAttempts(seconds: Int64, String)
  case rateLimited(seconds: Int64)
  case upstreamFailed
  case upstreamTimedOut
  /// Graph refuses our app, which is no token's fault; the sentence says what to compare.
  case appRefused(String)
  /// Something of ours is out of order; `cause` is for the operator alone, with paths and what to do.
  case unavailable(String, retryAfter: Int, cause: String? = nil)
  /// A mistake of ours; the client learns nothing of the cause.
  case serverError(cause: String)

  /// One field's complaints, in Django REST framework's words.
  package struct FieldError {
    let field: String
    let messages: [String]
  }

  /// As many requests wait already as may.
  static let tooManyWait = APIError.unavailable(
    "Too many requests wait for Meta's Graph API at the moment: try again.", retryAfter: 2)
  /// Graph has failed so often that it is asked only now and then.
  static let graphRests = APIError.unavailable(
    "Meta's Graph API has failed again and again: it is asked once a second until it answers.", retryAfter: 5)

  var status: Int {
    switch self {
    case .notFound, .mappingNotFound, .postNotFound: 404
    case .notUTF8Path, .malformedBody, .bodyIncomplete, .invalidFields, .notADictionary, .noData,
      .tooManyFields,
      .methodOverrideRefused, .tokenRefused, .tokenUnfit, .tokenNotUsable, .pageNotAccessible,
      .instagramAccountNotLinked, .permissionMissing:
      400
    case .methodNotAllowed: 405
    case .unsupportedMediaType: 415
    case .bodyTooLarge: 413
    case .bodyLengthRequired: 411
    case .notAuthenticated: 401
    case .forbidden: 403
    case .conflict: 409
    case .tooManyAttempts, .rateLimited: 429
    case .upstreamFailed: 502
    case .upstreamTimedOut: 504
    case .unavailable, .appRefused: 503
    case .serverError: 500
    }
  }

  /// A sentence for a person.
  var detail: String {
    switch self {
    case .notFound: "Not found."
    case .notUTF8Path: "The path is not valid UTF-8."
    case .methodNotAllowed(let method, _): "Method \"\(method)\" not allowed."
    case .unsupportedMediaType(let type): "Unsupported media type \"\(type)\" in request."
    case .malformedBody(let problem): "JSON parse error - \(problem)"
    case .bodyTooLarge: "Request body too large."
    case .bodyIncomplete: "The request body did not arrive completely."
    case .bodyLengthRequired: "The request body must be sent with a Content-Length, not chunked."
    case .invalidFields(let errors):
      errors.flatMap { error in error.messages.map { "\(error.field): \($0)" } }.joined(separator: " ")
    case .notADictionary(let kind): "Invalid data. Expected a dictionary, but got \(kind)."
    case .noData: "No data provided"
    case .tooManyFields: "Too many fields: a request may have \(FormFields.limit)."
    case .methodOverrideRefused:
      "X-HTTP-Method-Override is understood on a POST only, and there as PATCH or DELETE."
    case .notAuthenticated(let sentence): sentence ?? "Authentication credentials were not provided."
    case .forbidden(let sentence), .conflict(let sentence, _), .tooManyAttempts(_, let sentence),
      .unavailable(let sentence, _, _), .appRefused(let sentence), .tokenUnfit(let sentence):
      sentence
    case .tokenRefused: "Token expired or invalid"
    case .tokenNotUsable: "Token not found or inactive"
    case .pageNotAccessible: "Page not found or not accessible with this token"
    case .instagramAccountNotLinked: "Instagram account is not linked to this page"
    case .permissionMissing: "Token lacks a required permission"
    case .mappingNotFound: "Mapping not found"
    case .postNotFound: "Post not found or not mapped"
    case .rateLimited(let seconds): "Rate limit reached, try again in \(seconds) seconds"
    case .upstreamFailed: "Meta Graph API error"
    case .upstreamTimedOut: "Meta Graph API did not answer in time"
    case .serverError: "A server error occurred."
    }
  }

  /// A stable word for a program.
  var reason: String? {
    switch self {
    case .invalidFields, .notADictionary, .noData, .tokenUnfit: "invalid"
    case .tokenRefused(let reason): reason
    case .permissionMissing: "permission_missing"
    case .rateLimited: "rate_limited"
    case .upstreamFailed: "upstream_error"
    case .upstreamTimedOut: "upstream_timeout"
    case .appRefused: "app_refused"
    default: nil
    }
  }

  /// What the log says in place of the answer's `reason`, where that has none.
  var logReason: String {
    switch self {
    case .notFound: "not_found"
    case .notUTF8Path: "path_not_utf8"
    case .methodNotAllowed: "method_not_allowed"
    case .unsupportedMediaType: "unsupported_media_type"
    case .malformedBody: "malformed_body"
    case .bodyTooLarge: "body_too_large"
    case .bodyIncomplete: "body_incomplete"
    case .bodyLengthRequired: "body_length_required"
    case .tooManyFields: "too_many_fields"
    case .methodOverrideRefused: "method_override_refused"
    case .notAuthenticated: "not_authenticated"
    case .forbidden: "forbidden"
    case .tokenNotUsable: "token_not_usable"
    case .pageNotAccessible: "page_not_accessible"
    case .instagramAccountNotLinked: "instagram_account_not_linked"
    case .mappingNotFound: "mapping_not_found"
    case .postNotFound: "post_not_found"
    case .conflict: "conflict"
    case .tooManyAttempts: "too_many_attempts"
    case .unavailable: "unavailable"
    case .serverError: "server_error"
    default: reason ?? "error"
    }
  }

  /// What only the log and the operator are told.
  var cause: String? {
    switch self {
    case .unavailable(_, _, let cause): cause
    case .serverError(let cause): cause
    case .conflict(_, let sentence): sentence
    default: nil
    }
  }

  private var headers: [Response.Header] {
    switch self {
    case .methodNotAllowed(_, let allowed): [("Allow", allowed.joined(separator: ", "))]
    case .notAuthenticated: [("WWW-Authenticate", "Bearer")]
    case .rateLimited(let seconds), .tooManyAttempts(let seconds, _): [("Retry-After", String(seconds))]
    case .unavailable(_, let seconds, _): [("Retry-After", String(seconds))]
    case .appRefused: [("Retry-After", "60")]
    default: []
    }
  }

  /// The answer.
  ///
  /// - Parameter isForOperator: `metactl` asked, whose user may read the log, and is told the cause.
  func response(isForOperator: Bool = false) -> Response {
    var body: JSONObject = ["detail": .string(isForOperator ? cause ?? detail : detail)]
    if let reason { body["reason"] = .string(reason) }
    switch self {
    case .invalidFields(let errors):
      for error in errors { body[error.field] = .array(error.messages.map { .string($0) }) }
    case .notADictionary, .noData:
      body["non_field_errors"] = [.string(detail)]
    default: break
    }
    return Response(status, json: .object(body), headers: headers)
  }
}
