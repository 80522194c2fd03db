internal import JSON

/// An answer that is an error: `{"error":{…}}` with its HTTP status.
struct Refusal: Error, Sendable {
  var status = 400
  var message: String
  var type = "OAuthException"
  var code: Int
  var subcode: Int?
  var isTransient: Bool?
  var userTitle: String?
  var userMessage: String?
  /// The kind in `WWW-Authenticate`; Graph names it apart from the code.
  var challenge = "invalid_request"
  /// Further headers, such as `Retry-After` or usage.
  var headers: [Header] = []

  init(_ code: Int, _ message: String, subcode: Int? = nil, status: Int = 400) {
    self.code = code
    self.message = message
    self.subcode = subcode
    self.status = status
  }

  /// The body, keys in the order of the recordings.
  func body(trace: String) -> JSONValue {
    var error: JSONObject = ["message": .string(message), "type": .string(type), "code": JSONValue(code)]
    if let subcode { error["error_subcode"] = JSONValue(subcode) }
    if let isTransient { error["is_transient"] = .bool(isTransient) }
    if let userTitle { error["error_user_title"] = .string(userTitle) }
    if let userMessage { error["error_user_msg"] = .string(userMessage) }
    error["fbtrace_id"] = .string(trace)
    return .object(["error": .object(error)])
  }

  static func unknownPath(_ path: String) -> Refusal { Refusal(2500, "Unknown path components: \(path)") }

  /// Deleted, foreign and invented ids are the same to Graph.
  static func noSuchObject(_ id: String, method: String = "get") -> Refusal {
    var refusal = Refusal(
      100,
      "Unsupported \(method) request. Object with ID '\(id)' does not exist, cannot be loaded due to missing "
        + "permissions, or does not support this operation. Please read the Graph API documentation at "
        + "https://developers.facebook.com/docs/graph-api", subcode: 33)
    refusal.type = "GraphMethodException"
    return refusal
  }

  /// One unknown field fails the whole request.
  static func noSuchField(_ name: String, on type: String) -> Refusal {
    Refusal(100, "(#100) Tried accessing nonexisting field (\(name)) on node type (\(type))")
  }

  static func permission(_ scope: String) -> Refusal {
    Refusal(200, "(#200) Requires \(scope) permission to manage the object", status: 403)
  }

  static let applicationMayNot = Refusal(10, "(#10) Application does not have permission for this action")

  static func proof(_ message: String) -> Refusal {
    var refusal = Refusal(100, message)
    refusal.type = "GraphMethodException"
    return refusal
  }
}
