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

  /// One field's complaints, in Django REST framework's words.
  package struct FieldError {
    let field: String
    let messages: [String]
  }

  package var answer: (status: Int, logReason: String, detail: String) {
    switch self {
    case .notFound: (404, "not_found", "Not found.")
    case .notUTF8Path: (400, "path_not_utf8", "The path is not valid UTF-8.")
    case .methodNotAllowed(let method, _):
      (405, "method_not_allowed", "Method \"\(method)\" not allowed.")
    case .unsupportedMediaType(let type):
      (415, "unsupported_media_type", "Unsupported media type \"\(type)\" in request.")
    case .malformedBody(let problem): (400, "malformed_body", "JSON parse error - \(problem)")
    case .bodyTooLarge: (413, "body_too_large", "Request body too large.")
    case .bodyIncomplete: (400, "body_incomplete", "The request body did not arrive completely.")
    case .bodyLengthRequired:
      (411, "body_length_required", "The request body must be sent with a Content-Length, not chunked.")
    case .invalidFields(let errors):
      (
        400, "invalid",
        errors.flatMap { error in error.messages.map { "\(error.field): \($0)" } }.joined(separator: " ")
      )
    case .notADictionary(let kind):
      (400, "body_not_an_object", "Invalid data. Expected a dictionary, but got \(kind).")
    case .noData: (400, "body_null", "No data provided")
    case .tooManyFields:
      (400, "too_many_fields", "Too many fields: a request may have \(FormFields.limit).")
    case .methodOverrideRefused:
      (
        400, "method_override_refused",
        "X-HTTP-Method-Override is understood on a POST only, and there as PATCH or DELETE."
      )
    case .notAuthenticated(let problem): (401, problem.rawValue, problem.sentence)
    case .forbidden(let prohibition): (403, prohibition.rawValue, prohibition.sentence)
    }
  }

  package var reason: String? {
    switch self {
    case .invalidFields, .notADictionary, .noData: "invalid"
    default: nil
    }
  }

  package var members: JSONObject {
    switch self {
    case .invalidFields(let errors):
      var members = JSONObject()
      for error in errors {
        let others = members[error.field]?.array ?? []
        members[error.field] = .array(others + error.messages.map { .string($0) })
      }
      return members
    case .notADictionary, .noData: return ["non_field_errors": [.string(detail)]]
    default: return [:]
    }
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

  var sentence: String {
    switch self {
    case .readOnlyKey: "You do not have permission to perform this action."
    case .foreignOrigin: SameOrigin.refusal
    case .cookieFromElsewhere: SameOrigin.cookieRefusal
    case .protectedMode: ProtectedMode.refusal
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
    var response = Response(status, json: .object(body), headers: headers)
    response.passesSoon = passesSoon
    return response
  }
}
