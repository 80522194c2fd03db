import Cryptography
import Foundation
import Glibc
import GraphSimulator
import JSON
import SQL
import TestSupport
import Testing

@testable import Graph
@testable import MetaModule
@testable import Store
@testable import Text

/// The table of errors in API.md, section 1, row by row and byte by byte.
@Suite struct ErrorTableTests {
  @Test func `unknown path`() throws {
    let answer = try Harness().send("GET", "/nothing/")
    #expect(answer.status == 404)
    #expect(answer.text == #"{"detail":"Not found."}"#)
  }

  @Test func `wrong method`() throws {
    let answer = try Harness().send("PUT", "/pages/")
    #expect(answer.status == 405)
    #expect(answer.header("Allow") == "GET, HEAD, OPTIONS")
    #expect(answer.text == #"{"detail":"Method \"PUT\" not allowed."}"#)
  }

  @Test func `body of another type`() throws {
    let answer = try Harness().send("POST", "/sync/", body: Array("x".utf8), type: "text/plain")
    #expect(answer.status == 415)
    #expect(answer.text == #"{"detail":"Unsupported media type \"text/plain\" in request."}"#)
  }

  @Test func `malformed JSON`() throws {
    let answer = try Harness().send("POST", "/sync/", "{\"client_id\": ")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"JSON parse error - Expecting value: line 1 column 15 (char 14)"}"#)
  }

  @Test func `not signed in`() throws {
    let harness = try Harness()
    _ = try harness.store().insertKey(
      label: "k", scope: .admin, prefix: "mm_1234", hash: SHA256.digest(Array("mm_1234567890".utf8)))
    for target in ["/pages/", "/tokens/", "/instagram/client_001/", "/post/1/", "/events/"] {
      let answer = harness.send("GET", target)
      #expect(answer.status == 401)
      #expect(answer.header("WWW-Authenticate") == "Bearer")
      #expect(answer.text == #"{"detail":"Authentication credentials were not provided."}"#)
    }
  }

  @Test func `refused`() throws {
    let harness = try Harness()
    _ = try harness.store().insertKey(
      label: "k", scope: .read, prefix: "mm_1234", hash: SHA256.digest(Array("mm_1234567890".utf8)))
    var request = Request("GET", "/tokens/")
    request.take("HTTP_X_API_KEY", "mm_1234567890")
    let answer = harness.send(request)
    #expect(answer.status == 403)
    #expect(answer.text == #"{"detail":"You do not have permission to perform this action."}"#)
  }

  @Test func `Graph says that the token is no good`() throws {
    let harness = try Harness()
    harness.simulator.setState(.expired, ofToken: "john")
    let answer = harness.send(
      "POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token expired or invalid","reason":"expired"}"#)
  }

  @Test func `Graph says that a permission is missing`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(.error(GraphError(code: 10))))
    let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token lacks a required permission","reason":"permission_missing"}"#)
  }

  @Test func `Graph throttles`() throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(.throttled(code: 4, minutes: 0)))
    let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(answer.status == 429)
    #expect(answer.header("Retry-After") == "60")
    #expect(
      answer.text == #"{"detail":"Rate limit reached, try again in 60 seconds","reason":"rate_limited"}"#)
  }

  @Test func `Graph fails, or answers nonsense`() throws {
    for fault in [
      Fault.Kind.error(GraphError(code: 2)), .html(status: 500), .html(status: 200), .empty(status: 200),
    ] {
      let harness = try Harness()
      harness.simulator.addFault(Fault(fault))
      let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
      #expect(answer.status == 502)
      #expect(answer.text == #"{"detail":"Meta Graph API error","reason":"upstream_error"}"#)
    }
  }

  @Test func `Graph does not answer in time`() throws {
    let harness = try Harness(settings: ["META_GRAPH_TIMEOUT": "1"])
    harness.simulator.addFault(Fault(.hang))
    let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(answer.status == 504)
    #expect(answer.text == #"{"detail":"Meta Graph API did not answer in time","reason":"upstream_timeout"}"#)
  }

  @Test func `Graph cannot be reached`() throws {
    let harness = try Harness(settings: ["META_GRAPH_URL": "http://127.0.0.1:1"])
    let answer = harness.send("POST", "/verify-user/", #"{"access_token":"x"}"#)
    #expect(answer.status == 502)
    #expect(answer.reason == "upstream_error")
  }

  // MARK: - Ours

  @Test func `the database is no database`() throws {
    let harness = try Harness()
    let path = harness.application.configuration.databasePath
    try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 503)
    #expect(answer.header("Retry-After") == "5")
    #expect(answer.text == #"{"detail":"The database file belongs to another program."}"#)
    #expect(
      try Data(contentsOf: URL(filePath: path)) == Data(repeating: 0x41, count: 8192), "it was not touched")
  }

  @Test func `the database was made by a newer version`() throws {
    let harness = try Harness()
    harness.addToken("john")
    try RawDatabase(harness.application.configuration.databasePath).execute("PRAGMA user_version = 99")
    let answer = Answer(try harness.another().respond(to: Request("GET", "/tokens/")))
    #expect(answer.status == 503)
    #expect(answer.text == #"{"detail":"The database was made by a newer version of this program."}"#)
  }

  @Test func `the key file is missing although it is needed`() throws {
    let harness = try Harness()
    harness.addToken("john")
    unlink(harness.application.configuration.keyFilePath)
    for (method, target, json) in [
      ("GET", "/pages/", nil), ("POST", "/sync/", #"{"client_id":"c","fb_page_id":"1","token_id":1}"#),
    ] as [(String, String, String?)] {
      let answer = harness.send(method, target, json)
      #expect(answer.status == 503)
      #expect(answer.header("Retry-After") == "60")
      #expect(
        answer.text == #"{"detail":"The Fernet key is missing. The operator must put it back."}"#)
    }
    #expect(
      access(harness.application.configuration.keyFilePath, F_OK) != 0, "no new key was made in its place")
    #expect(harness.send("GET", "/tokens/").json["tokens"]?[0]?["status_reason"] == "key_missing")
  }

  @Test func `the key file is malformed`() throws {
    let harness = try Harness()
    harness.addToken("john")
    try "not a key\n".write(
      toFile: harness.application.configuration.keyFilePath, atomically: false, encoding: .utf8)
    let answer = harness.send("GET", "/pages/")
    #expect(answer.status == 503)
    #expect(
      answer.text == #"{"detail":"The Fernet key is not one. The operator must put the right one back."}"#)
  }

  @Test func `a client is not told where our files are, and the operator is`() throws {
    let harness = try Harness()
    try Data(repeating: 0x41, count: 8192).write(
      to: URL(filePath: harness.application.configuration.databasePath))
    #expect(!harness.send("GET", "/pages/").text.contains("/"))
    #expect(!harness.send("GET", "/health/").text.contains("/"))
    var request = Request("GET", "/pages/")
    request.isFromOperator = true
    #expect(harness.send(request).detail?.contains(harness.application.configuration.databasePath) == true)
  }

  @Test func `a fault of ours tells nothing of itself`() {
    let error = StoreError.unexpected(code: "21")
    #expect(error.status == 500)
    #expect(Answer(error.response()).text == #"{"detail":"A server error occurred."}"#)
    #expect(error.cause?.contains("21") == true)
  }

  @Test func `every error has a sentence, and a reason that is one word`() {
    let requests: [APIError] = [
      .notFound, .notUTF8Path, .methodNotAllowed("X", allowed: ["GET"]), .unsupportedMediaType("x"),
      .malformedBody("x"), .bodyTooLarge, .bodyIncomplete, .bodyLengthRequired,
      .invalidFields([.init(field: "a", messages: ["x"])]),
      .notADictionary("list"), .noData, .tooManyFields, .methodOverrideRefused, .notAuthenticated(),
      .forbidden(.protectedMode),
    ]
    let refusals: [Refusal] = [
      .tokenNotUsable, .pageNotAccessible, .instagramAccountNotLinked, .mappingNotFound, .postNotFound,
      .otherUser, .tokenInUse(1, mappings: 1), .misfit(.page), .noPassword, .wrongPassword,
      .lockedOut(seconds: 1), .tooManySignIns, .tooManyUnknownPosts(seconds: 1), .tooManyWait,
      .tooManyWaitForOne,
      .graphRests, .undecryptable, .wrongKey(isOfEnvironment: true), .noRandomness("for a session"),
    ]
    let failures: [GraphFailure.Kind] = [
      .refused(.expired), .pageTokenRefused, .permissionMissing, .notFound, .throttled(seconds: nil),
      .transient, .timedOut, .appRefused(.version), .unfit(.proof), .unfit(.page), .declined, .failed,
    ]
    let ofRooms: [any Answerable] = [
      StoreError.busy, StoreError.conflict, StoreError.unexpected(code: "1"), KeyRingError.missing("x"),
      ServerError(cause: "x"),
    ]
    let errors: [any Answerable] = requests + refusals + failures.map { GraphFailure($0) } + ofRooms
    #expect(
      Set((requests + refusals as [any Answerable]).map(\.logReason)).count == requests.count + refusals.count
    )
    for error in errors {
      let answer = Answer(error.response())
      #expect(answer.detail?.isEmpty == false)
      #expect(answer.status == error.status)
      let reason = answer.reason ?? error.logReason
      #expect(
        !reason.isEmpty && reason.utf8.allSatisfy { (0x61...0x7A).contains($0) || "_8".utf8.contains($0) })
      let mustWait = [429, 503].contains(answer.status)
      #expect((answer.header("Retry-After") != nil) == mustWait)
    }
  }
}
