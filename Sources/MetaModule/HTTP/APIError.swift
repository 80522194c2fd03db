package import JSON
internal import Text

/// What is wrong with a request itself, or with who makes it: the upper half of the error table in API.md, section 1.
package enum APIError: Answerable {
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
  case notAuthenticated(CredentialProblem = .noneSent)
  case forbidden(Prohibition)
  case tooManySignIns(seconds: Int64, isLockedOut: Bool)

  /// One field's complaints, in Django REST framework's words.
  package struct FieldError {
    let field: String
    let messages: [String]
  }

  package var status: Int {
    switch self {
    case .notFound: 404
    case .notUTF8Path, .malformedBody, .bodyIncomplete, .invalidFields, .notADictionary, .noData,
      .tooManyFields, .methodOverrideRefused:
      400
    case .methodNotAllowed: 405
    case .unsupportedMediaType: 415
    case .bodyTooLarge: 413
    case .bodyLengthRequired: 411
    case .notAuthenticated: 401
    case .forbidden: 403
    case .tooManySignIns: 429
    }
  }

  package var detail: String {
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
    case .notAuthenticated(let problem): problem.sentence
    case .forbidden(let prohibition): prohibition.sentence
    case .tooManySignIns(let seconds, true):
      "Too many failed sign-ins. Try again in \((seconds + 59) / 60) minutes."
    case .tooManySignIns: "Too many sign-ins at the same time. Try again in a second."
    }
  }

  package var reason: String? {
    switch self {
    case .invalidFields, .notADictionary, .noData: "invalid"
    default: nil
    }
  }

  package var logReason: String {
    switch self {
    case .notFound: "not_found"
    case .notUTF8Path: "path_not_utf8"
    case .methodNotAllowed: "method_not_allowed"
    case .unsupportedMediaType: "unsupported_media_type"
    case .malformedBody: "malformed_body"
    case .bodyTooLarge: "body_too_large"
    case .bodyIncomplete: "body_incomplete"
    case .bodyLengthRequired: "body_length_required"
    case .invalidFields: "invalid"
    case .notADictionary: "body_not_an_object"
    case .noData: "body_null"
    case .tooManyFields: "too_many_fields"
    case .methodOverrideRefused: "method_override_refused"
    case .notAuthenticated(let problem): problem.rawValue
    case .forbidden(let prohibition): prohibition.rawValue
    case .tooManySignIns(_, let isLockedOut): isLockedOut ? "too_many_attempts" : "too_many_sign_ins"
    }
  }

  package var members: JSONObject {
    switch self {
    case .invalidFields(let errors):
      var members = JSONObject()
      for error in errors { members[error.field] = .array(error.messages.map { .string($0) }) }
      return members
    case .notADictionary, .noData: return ["non_field_errors": [.string(detail)]]
    default: return [:]
    }
  }

  package var retryAfter: Int64? {
    if case .tooManySignIns(let seconds, _) = self { seconds } else { nil }
  }
}

/// Why it is not known who makes a request. The raw value is the log's word.
package enum CredentialProblem: String, Sendable {
  case noneSent = "not_authenticated"
  case noneInForce = "no_credential_in_force"
  case severalSent = "several_credentials"
  case severalCookies = "several_cookies"
  case malformedHeader = "malformed_authorization"
  case unknownKey = "unknown_key"

  var sentence: String {
    switch self {
    case .noneSent: "Authentication credentials were not provided."
    case .noneInForce:
      "Every credential of this installation was revoked or removed. Run metactl admin set-password or metactl apikey "
        + "create on the server."
    case .severalSent: "More than one credential was sent; send one."
    case .severalCookies: "Two cookies of one name were sent; clear the cookies of this site."
    case .malformedHeader: "The Authorization header must read \"Bearer\" and an API key."
    case .unknownKey: "This API key is not known, or was revoked."
    }
  }
}

/// Why somebody may not do what they ask for. The raw value is the log's word.
package enum Prohibition: String, Sendable {
  case readOnlyKey = "forbidden"
  case foreignOrigin = "foreign_origin"
  case cookieFromElsewhere = "cookie_from_elsewhere"
  case protectedMode = "protected_mode"
  case noPassword = "no_password"
  case wrongPassword = "wrong_password"

  var sentence: String {
    switch self {
    case .readOnlyKey: "You do not have permission to perform this action."
    case .foreignOrigin: SameOrigin.refusal
    case .cookieFromElsewhere: SameOrigin.cookieRefusal
    case .protectedMode: ProtectedMode.refusal
    case .noPassword: "No admin password is set. Run metactl admin set-password on the server."
    case .wrongPassword: "Wrong password."
    }
  }
}

extension Answerable {
  /// - Parameter isForOperator: `metactl` asked, whose user may read the log, and is told the cause.
  func response(isForOperator: Bool = false) -> Response {
    var body: JSONObject = ["detail": .string(isForOperator ? cause ?? detail : detail)]
    if let reason { body["reason"] = .string(reason) }
    for (name, value) in members.members { body[name] = value }
    var headers: [Response.Header] = []
    switch self as? APIError {
    case .methodNotAllowed(_, let allowed): headers.append(("Allow", allowed.joined(separator: ", ")))
    case .notAuthenticated: headers.append(("WWW-Authenticate", "Bearer"))
    default: break
    }
    if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
    return Response(status, json: .object(body), headers: headers)
  }
}
