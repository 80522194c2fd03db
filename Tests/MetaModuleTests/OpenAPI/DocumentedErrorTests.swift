import JSON
import Testing

@testable import MetaModule

/// The document's errors against `APIError`: each that the program can give is there, with its status, headers
/// and body.
@Suite struct DocumentedErrorTests {
  /// Each error of the document, with the values of its example.
  private static let errors: [String: APIError] = [
    // What can happen to any request.
    "PathNotUTF8": .notUTF8Path,
    "BodyIncomplete": .bodyIncomplete,
    "BodyTooLarge": .bodyTooLarge,
    "BodyLengthRequired": .bodyLengthRequired,
    "MethodNotAllowed": .methodNotAllowed("PUT", allowed: ["GET", "HEAD", "OPTIONS"]),
    "MethodOverrideRefused": .methodOverrideRefused,
    "TooManyFields": .tooManyFields,
    "ServerError": .serverError(cause: ""),
    "Unavailable": .unavailable(
      "The database is locked by another process, try again in a moment.", retryAfter: 5),
    // Who asks.
    "NotAuthenticated": .notAuthenticated(nil),
    "ProtectedMode": .forbidden(ProtectedMode.refusal),
    "NoPermission": .forbidden("You do not have permission to perform this action."),
    "ForeignOrigin": .forbidden(SameOrigin.refusal),
    "WrongPassword": .forbidden("Wrong password."),
    "TooManyAttempts": .tooManyAttempts(
      seconds: 900, "Too many failed sign-ins. Try again in 15 minutes."),
    // What is wrong with what was sent.
    "UnsupportedMediaType": .unsupportedMediaType("text/plain"),
    "MalformedBody": .malformedBody("Expecting value: line 1 column 1 (char 0)"),
    "NotADictionary": .notADictionary("list"),
    "NoData": .noData,
    "InvalidToken": invalid("access_token", "This field is required."),
    "InvalidTokenID": invalid("token_id", "A valid integer is required."),
    "InvalidStatus": invalid("status", "\"expired\" is not a valid choice."),
    "InvalidPassword": invalid("password", "This field may not be blank."),
    "InvalidLimit": invalid("limit", "Ensure this value is less than or equal to 200."),
    // What is there and what is not.
    "NotFound": .notFound,
    "MappingNotFound": .mappingNotFound,
    "PostNotFound": .postNotFound,
    "TokenNotUsable": .tokenNotUsable,
    "PageNotAccessible": .pageNotAccessible,
    "InstagramAccountNotLinked": .instagramAccountNotLinked,
    "TokenInUse": .conflict("2 mappings use this token. Remove them first, or repeat with ?force=1."),
    "OtherUser": .conflict(
      "This token belongs to another Meta user than the stored one. Nothing was changed."),
    // What Graph says.
    "TokenRefused": .tokenRefused(reason: RefusalReason.expired.rawValue),
    "TokenUnfit": .tokenUnfit(Misfit.page.sentence),
    "PermissionMissing": .permissionMissing,
    "RateLimited": .rateLimited(seconds: 60),
    "UpstreamFailed": .upstreamFailed,
    "UpstreamTimedOut": .upstreamTimedOut,
    "AppRefused": .appRefused(AppTrouble.credentials.sentence),
  ]

  private static func invalid(_ field: String, _ message: String) -> APIError {
    .invalidFields([.init(field: field, messages: [message])])
  }

  /// One word for each case, without its values. A case that is added does not compile until it is
  /// documented.
  private static func kind(_ error: APIError) -> String {
    switch error {
    case .notFound, .notUTF8Path, .methodNotAllowed, .unsupportedMediaType, .malformedBody, .bodyTooLarge,
      .bodyIncomplete, .bodyLengthRequired, .invalidFields, .notADictionary, .noData, .tooManyFields,
      .methodOverrideRefused, .notAuthenticated, .forbidden, .tokenRefused, .tokenUnfit, .tokenNotUsable,
      .appRefused,
      .pageNotAccessible, .instagramAccountNotLinked, .permissionMissing, .mappingNotFound, .postNotFound,
      .conflict,
      .tooManyAttempts, .rateLimited, .upstreamFailed, .upstreamTimedOut, .unavailable, .serverError:
      String("\(error)".prefix { $0 != "(" })
    }
  }
  private static let kinds = 31

  private let document: ContractDocument

  init() throws { document = try ContractDocument() }

  @Test func `every error that the program can give is documented, and none that no route gives`() {
    #expect(Set(Self.errors.values.map(Self.kind)).count == Self.kinds)
    var declared: Set<String> = []
    for (name, operation) in document.operations {
      for (status, errors) in ContractDocument.errors(of: operation) {
        declared.formUnion(errors)
        for error in errors {
          #expect(Self.errors[error].map { String($0.status) } == status, "\(error) of \(name)")
        }
      }
    }
    #expect(declared == Set(Self.errors.keys))
    for kind in ["responses", "examples"] {
      #expect(Set(document.json["components"]?[kind]?.object?.keys ?? []) == declared)
    }
  }

  @Test(arguments: Self.errors.keys.sorted())
  func `an error's example is what the program answers`(name: String) throws {
    let answer = Answer(try #require(Self.errors[name]).response())
    #expect(document.component("examples", name)?["value"] == answer.json)
    let response = try #require(document.component("responses", name))
    let documented = Set(response["headers"]?.object?.keys ?? []).union(["Content-Type"])
    #expect(documented.isSuperset(of: answer.headers.map(\.name)))
  }

  @Test(arguments: RouteTable.routes.map(\.documentedName))
  func `what can happen to a route stands in its operation`(name: String) throws {
    let route = try #require(RouteTable.routes.first { $0.documentedName == name })
    let operation = try #require(document.operations.first { $0.name == name }).json
    var expected: Set = [
      "PathNotUTF8", "BodyIncomplete", "BodyLengthRequired", "BodyTooLarge", "MethodNotAllowed",
      "MethodOverrideRefused", "TooManyFields", "ServerError",
    ]
    if route.scope != .open { expected.formUnion(["NotAuthenticated", "ProtectedMode", "Unavailable"]) }
    if route.scope == .admin { expected.insert("NoPermission") }
    if route.method != "GET" { expected.insert("ForeignOrigin") }
    if operation["requestBody"] != nil {
      expected.formUnion(["MalformedBody", "NotADictionary", "NoData", "UnsupportedMediaType"])
    }
    let documented = ContractDocument.errors(of: operation)
    #expect(expected.subtracting(documented.values.joined()) == [])
    if route.pattern.contains("<") { #expect(documented["404"]?.isEmpty == false) }
  }
}
