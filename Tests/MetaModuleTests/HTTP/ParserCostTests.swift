import Glibc
import JSON
import System
import Testing

@testable import MetaModule
@testable import Text

/// What a stranger may send is read in time that grows as its length, and no further than it makes sense.
///
/// Processor time of the own thread is compared with itself, sixteen times the length against once: a busy machine
/// makes both slow. Sixteen would be linear, 256 is what comparing everything with everything costs.
@Suite struct ParserCostTests {
  /// A kind of input, of about so many bytes, and who reads it.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (Int) -> Request
    var read: @Sendable (Request) -> Void = { _ = try? BodyFields(of: $0) }
  }

  static let form = "application/x-www-form-urlencoded"

  static func body(_ type: String, _ make: @escaping @Sendable (Int) -> String) -> @Sendable (Int) -> Request
  {
    { size in
      var request = Request("POST", "/sync/")
      request.contentType = type
      request.body = .complete(Array(make(size).utf8))
      return request
    }
  }

  static func numbered(_ size: Int, _ make: (Int) -> String) -> String {
    (0..<max(1, size / make(10_000).utf8.count)).map(make).joined()
  }

  static func repeated(_ text: String, _ size: Int) -> String {
    String(repeating: text, count: max(1, size / text.utf8.count))
  }

  static func header(
    _ set: @escaping @Sendable (inout Request, String) -> Void, _ make: @escaping @Sendable (Int) -> String
  )
    -> @Sendable (Int) -> Request
  {
    { size in
      var request = Request("GET", "/pages/")
      set(&request, make(size))
      return request
    }
  }

  static let kinds = [
    Kind(testDescription: "a form of names", make: body(form) { numbered($0) { "\($0)&" } }),
    Kind(testDescription: "a form of fields", make: body(form) { numbered($0) { "k\($0)=v&" } }),
    Kind(testDescription: "a form of separators", make: body(form) { repeated("&", $0) }),
    Kind(testDescription: "a form of one escaped field", make: body(form) { "a=" + repeated("%41", $0) }),
    Kind(testDescription: "a form of percent signs", make: body(form) { "a=" + repeated("%", $0) }),
    Kind(
      testDescription: "JSON of members",
      make: body("application/json") { "{" + numbered($0) { "\"k\($0)\":0," } + "\"\":0}" }),
    Kind(
      testDescription: "JSON of elements",
      make: body("application/json") { "{\"a\":[" + repeated("0,", $0) + "0]}" }),
    Kind(
      testDescription: "JSON of lists",
      make: body("application/json") { "{\"a\":[" + repeated("[[]],", $0) + "0]}" }),
    Kind(testDescription: "JSON of brackets", make: body("application/json") { repeated("[", $0) }),
    Kind(
      testDescription: "JSON of escapes",
      make: body("application/json") { "{\"client_id\":\"" + repeated("\\u00e9\\n", $0) + "\"}" }),
    Kind(
      testDescription: "JSON of half surrogate pairs",
      make: body("application/json") { "{\"client_id\":\"" + repeated("\\ud800", $0) + "\"}" }),
    Kind(
      testDescription: "JSON with a long number",
      make: body("application/json") { "{\"token_id\":" + repeated("9", $0) + "}" },
      read: { request in
        guard let body = try? BodyFields(of: request) else { return }
        var fields = FieldReader(body)
        _ = fields.integer("token_id")
        _ = fields.string("token_id", .graphID)
      }),
    Kind(
      testDescription: "JSON with a long exponent",
      make: body("application/json") { "{\"token_id\":1e" + repeated("9", $0) + "}" },
      read: { request in
        guard let body = try? BodyFields(of: request) else { return }
        var fields = FieldReader(body)
        _ = fields.integer("token_id")
      }),
    Kind(
      testDescription: "parameters of a content type",
      make: { body("application/json" + repeated("; a=b", $0)) { _ in "{}" }($0) }),
    Kind(
      testDescription: "white space in a content type",
      make: { body(repeated(" ", $0) + "application/json" + repeated("\t", $0)) { _ in "{}" }($0) }),
    Kind(
      testDescription: "a query of fields",
      make: header({ $0.queryString = Array($1.utf8) }) { numbered($0) { "k\($0)=v&" } },
      read: { _ = try? FormFields(query: $0.queryString)["limit"] }),
    Kind(
      testDescription: "cookies",
      make: header({ $0.cookie = $1 }) { numbered($0) { "meta_sessio\($0)=x; " } },
      read: { _ = try? SessionCookie.hash(in: $0) }),
    Kind(
      testDescription: "cookies of the right name",
      make: header({ $0.cookie = $1 }) { repeated("meta_session=x;", $0) },
      read: { _ = try? SessionCookie.hash(in: $0) }),
    Kind(
      testDescription: "entity tags", make: header({ $0.ifNoneMatch = $1 }) { repeated("W/\"a\",", $0) },
      read: { _ = EntityTag.matches("\"x\"", $0.ifNoneMatch ?? "") }),
    Kind(
      testDescription: "commas for entity tags", make: header({ $0.ifNoneMatch = $1 }) { repeated(", ", $0) },
      read: { _ = EntityTag.matches("\"x\"", $0.ifNoneMatch ?? "") }),
    Kind(
      testDescription: "a path of segments",
      make: header({ $0.requestURI = Array($1.utf8) }) { repeated("/a", $0) },
      read: { _ = try? RequestPath(of: $0) }),
    Kind(
      testDescription: "a path of mount points",
      make: header({ $0.requestURI = Array($1.utf8) }) { repeated("/api/met", $0) },
      read: { _ = try? RequestPath(of: $0) }),
    Kind(
      testDescription: "a path of escapes",
      make: header({ $0.requestURI = Array($1.utf8) }) { "/instagram/" + repeated("%2541", $0) },
      read: { _ = try? RequestPath(of: $0) }),
  ]

  @Test(arguments: kinds) func `sixteen times the input costs some sixteen times the time`(kind: Kind) {
    // given
    let (short, long) = (kind.make(4096), kind.make(65536))

    // when
    let once = Self.cost(of: { kind.read(short) }, times: 3)
    let sixteen = Self.cost(of: { kind.read(long) }, times: 2)

    // then: with some microseconds that either costs whatever its length.
    #expect(sixteen < 80 * max(once, 20_000), "\(once) ns, then \(sixteen) ns")
  }

  /// The least of some runs, in nanoseconds of this thread.
  private static func cost(of work: () -> Void, times: Int) -> Int {
    (0..<times).map { _ in
      let start = now()
      work()
      return now() - start
    }.min() ?? 0
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  // MARK: - How many

  static let tooMany = #"{"detail":"Too many fields: a request may have 1000."}"#

  @Test func `a thousand fields are read, and one more is refused`() throws {
    let harness = try Harness()
    let fields = "client_id=c&fb_page_id=1&token_id=1"
    let form = { count in fields + numbered(count) }
    func numbered(_ count: Int) -> String { (3..<count).map { "&k\($0)" }.joined() }
    func send(_ count: Int) -> Answer {
      harness.send("POST", "/sync/", body: Array(form(count).utf8), type: Self.form)
    }
    #expect(send(1000).detail == "Token not found or inactive")
    #expect(send(1001).status == 400)
    #expect(send(1001).text == Self.tooMany)
    // Names that repeat are fields, too; nothing between two separators is none.
    #expect(
      harness.send(
        "POST", "/sync/", body: Array((fields + String(repeating: "&a", count: 998)).utf8), type: Self.form
      )
      .text == Self.tooMany)
    #expect(
      harness.send(
        "POST", "/sync/", body: Array((fields + String(repeating: "&", count: 9999)).utf8), type: Self.form
      )
      .detail == "Token not found or inactive")
  }

  @Test func `JSON may have a thousand values, however they are nested`() throws {
    let harness = try Harness()
    func send(_ more: String) -> Answer {
      harness.send(
        "POST", "/sync/", "{\"client_id\":\"c\",\"fb_page_id\":\"1\",\"token_id\":1,\"x\":\(more)}")
    }
    func list(_ count: Int, of element: String = "0") -> String {
      "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
    }
    #expect(send(list(996)).detail == "Token not found or inactive")
    #expect(send(list(997)).text == Self.tooMany)
    #expect(send(list(400, of: "[[0]]")).text == Self.tooMany)
    let members = (0..<1001).map { "\"k\($0)\":0" }.joined(separator: ",")
    #expect(harness.send("POST", "/verify-user/", "{\(members)}").text == Self.tooMany)
  }

  @Test func `a query may have a thousand fields`() throws {
    let harness = try Harness()
    func query(_ count: Int) -> String { (0..<count).map { "k\($0)" }.joined(separator: "&") }
    #expect(harness.send("GET", "/tokens/?" + query(1000)).status == 200)
    let refused = harness.send("GET", "/tokens/?" + query(1001))
    #expect(refused.status == 400)
    #expect(refused.text == Self.tooMany)
  }
}
