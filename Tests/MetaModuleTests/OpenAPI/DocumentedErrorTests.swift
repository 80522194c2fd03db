import JSON
import Testing

@testable import Graph
@testable import MetaModule
@testable import Store

/// The document's errors against those that are `Answerable`: each that the program can give is there, with its status, headers
/// and body.
@Suite struct DocumentedErrorTests {
  /// Each error of the document, with the values of its example.
  private static let errors = ofRooms.merging(refusals) { first, _ in first }
    .merging(requests.mapValues { $0 as any Answerable }) { first, _ in first }

  /// What is wrong with the request, or with who makes it.
  private static let requests: [String: APIError] = [
    "PathNotUTF8": .notUTF8Path,
    "BodyIncomplete": .bodyIncomplete,
    "BodyTooLarge": .bodyTooLarge,
    "BodyLengthRequired": .bodyLengthRequired,
    "MethodNotAllowed": .methodNotAllowed("PUT", allowed: ["GET", "HEAD", "OPTIONS"]),
    "MethodOverrideRefused": .methodOverrideRefused,
    "TooManyFields": .tooManyFields,
    "NotAuthenticated": .notAuthenticated(),
    "ProtectedMode": .forbidden(.protectedMode),
    "NoPermission": .forbidden(.readOnlyKey),
    "ForeignOrigin": .forbidden(.foreignOrigin),
    "UnsupportedMediaType": .unsupportedMediaType("text/plain"),
    "MalformedBody": .malformedBody("Expecting value: line 1 column 1 (char 0)"),
    "NotADictionary": .notADictionary("list"),
    "NoData": .noData,
    "InvalidToken": invalid("access_token", "This field is required."),
    "InvalidTokenID": invalid("token_id", "A valid integer is required."),
    "InvalidStatus": invalid("status", "\"expired\" is not a valid choice."),
    "InvalidInclude": invalid(
      "include",
      "\"likes\" is not a valid choice. Known are: \(InstagramMedium.additions.joined(separator: ", "))."),
    "InvalidOrigins": invalid("origins", "This field is required."),
    "InvalidScope": invalid("scope", "\"all\" is not a valid choice."),
    "InvalidPassword": invalid("password", "This field may not be blank."),
    "InvalidLimit": invalid("limit", "Ensure this value is less than or equal to 200."),
    "NotFound": .notFound,
  ]

  /// What a service does not do.
  private static let refusals: [String: any Answerable] = [
    "MappingNotFound": Refusal.mappingNotFound,
    "PostNotFound": Refusal.postNotFound,
    "MediumNotInWindow": Refusal.mediumNotInWindow,
    "FeedNotFound": Refusal.feedNotFound,
    "FeedWithoutMapping": Refusal.feedWithoutMapping,
    "FeedWithoutInstagram": Refusal.feedWithoutInstagram,
    "OriginNotAllowed": Refusal.originNotAllowed,
    "TooManyFeeds": Refusal.tooManyFeeds(seconds: 60),
    "TokenNotUsable": Refusal.tokenNotUsable,
    "PageNotAccessible": Refusal.pageNotAccessible,
    "InstagramAccountNotLinked": Refusal.instagramAccountNotLinked,
    "TokenInUse": Refusal.tokenInUse(1, mappings: 2),
    "OtherUser": Refusal.otherUser,
    "WrongPassword": Refusal.wrongPassword,
    "TooManyAttempts": Refusal.lockedOut(seconds: 900),
  ]

  private static let ofRooms: [String: any Answerable] = [
    "ServerError": ServerError(cause: ""),
    "Unavailable": StoreError.busy,
    "TokenRefused": GraphFailure(.refused(.expired)),
    "TokenUnfit": GraphFailure(.unfit(.page)),
    "PermissionMissing": GraphFailure(.permissionMissing),
    "RateLimited": GraphFailure(.throttled(seconds: 60)),
    "UpstreamFailed": GraphFailure(.failed),
    "UpstreamTimedOut": GraphFailure(.timedOut),
    "PictureGone": PictureTrouble.gone,
    "PictureNotAPicture": PictureTrouble.notAPicture,
    "PictureFailed": PictureTrouble.failed,
    "PictureTimedOut": PictureTrouble.timedOut,
    "AppRefused": GraphFailure(.appRefused(.credentials)),
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
      .methodOverrideRefused, .notAuthenticated, .forbidden:
      String("\(error)".prefix { $0 != "(" })
    }
  }
  private static let kinds = 15

  /// Those that are not listed above answer as one of those does: 503 like `Unavailable`, 429 like `RateLimited`, an
  /// invalid field like `InvalidToken`.
  private static func kind(_ refusal: Refusal) -> String? {
    switch refusal {
    case .tokenNotUsable, .pageNotAccessible, .instagramAccountNotLinked, .mappingNotFound, .postNotFound,
      .mediumNotInWindow, .feedNotFound, .feedWithoutMapping, .feedWithoutInstagram, .originNotAllowed,
      .tooManyFeeds, .otherUser, .tokenInUse, .wrongPassword, .lockedOut:
      refusal.logReason
    case .misfit, .noPassword, .tooManySignIns, .tooManyUnknownPosts, .tooManyWait, .tooManyWaitForOne,
      .graphRests,
      .undecryptable, .wrongKey, .noRandomness:
      nil
    }
  }

  private let document: ContractDocument

  init() throws { document = try ContractDocument() }

  @Test func `every error that the program can give is documented, and none that no route gives`() {
    #expect(Set(Self.requests.values.map(Self.kind)).count == Self.kinds)
    #expect(Self.refusals.values.compactMap { $0 as? Refusal }.compactMap(Self.kind).count == 15)
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
    if route.capability != .open { expected.formUnion(["ProtectedMode", "Unavailable"]) }
    if ![.open, .public].contains(route.capability) { expected.insert("NotAuthenticated") }
    if route.capability == .admin { expected.insert("NoPermission") }
    if route.method != "GET" { expected.insert("ForeignOrigin") }
    if operation["requestBody"] != nil {
      expected.formUnion(["MalformedBody", "NotADictionary", "NoData", "UnsupportedMediaType"])
    }
    let documented = ContractDocument.errors(of: operation)
    #expect(expected.subtracting(documented.values.joined()) == [])
    if route.pattern.contains("<") { #expect(documented["404"]?.isEmpty == false) }
  }
}
