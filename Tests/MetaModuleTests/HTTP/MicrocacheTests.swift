import Foundation
import GraphSimulator
import JSON
import Logging
import SQL
import Store
import TestSupport
import Testing

@testable import Cache
@testable import MetaModule
@testable import Text

/// Answers that are given again: that they are what would be answered anew, and when they are not given.
struct MicrocacheTests {
  typealias Parameters = [(String, String)]

  /// A server that has answered a warm grid, beside another process on the same folder.
  private struct Fixture {
    let other: Harness
    let server: Application
    let key: String

    init() throws {
      other = try Harness()
      other.addClient()
      key = try #require(
        other.send("POST", "/apikeys/", #"{"label":"site","scope":"read"}"#).json["key"]?.string)
      server = Application(configuration: other.application.configuration, isServing: true)
      // Warm, and so old that its file is not taken for another one.
      repeat { usleep(50_000) } while try asked(grid()).response.validator == nil
    }

    /// The parameters of our own site for nginx for the client's grid, some of them otherwise or more.
    func grid(_ others: Parameters = []) -> Parameters {
      let usual = [
        ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/api/meta/instagram/client_001/"),
        ("SCRIPT_NAME", "/api/meta"), ("PATH_INFO", "/instagram/client_001/"), ("QUERY_STRING", ""),
        ("REMOTE_ADDR", "192.0.2.7"), ("REMOTE_PORT", "40000"), ("HTTP_HOST", "meta.example"),
        ("HTTP_USER_AGENT", "curl/8"), ("HTTP_X_API_KEY", key), ("HTTP_X_REQUEST_ID", UUID().uuidString),
      ]
      return usual.filter { usual in !others.contains { $0.0 == usual.0 } } + others
    }

    func cacheKey(_ parameters: Parameters) -> Microcache.Key? {
      server.microcacheKey { take in
        for (name, value) in parameters { take(Array(name.utf8).span, Array(value.utf8).span) }
      }
    }

    /// What somebody does in the other process.
    func operate(_ method: String, _ target: String) -> Int {
      var request = Request(method, target)
      request.isFromOperator = true
      return other.send(request).status
    }

    /// Asks as the door does when it has no answer yet, so many times within one second.
    func asked(_ parameters: Parameters, times: Int = 2) throws -> (response: Response, at: Timestamp) {
      while true {
        let now = Timestamp.now
        let responses = (0..<times).map { _ in
          var request = Request(cgi: parameters)
          request.microcacheKey = cacheKey(parameters)
          return server.respond(to: request)
        }
        if now == .now, let last = responses.last { return (last, now) }
      }
    }

    /// What an equal request is answered, if it has been kept.
    func again(_ parameters: Parameters, at now: Timestamp) throws -> (head: String, body: [UInt8])? {
      let key = try #require(cacheKey(parameters))
      return server.answerAgain(to: key, now: now).map { (String(decoding: $0.head, as: UTF8.self), $0.body) }
    }
  }

  private func lines(_ head: some StringProtocol) -> [String] {
    head.components(separatedBy: "\r\n").filter { !$0.hasPrefix("X-Request-Id: ") }
  }

  private func id(_ head: String) throws -> String {
    let line = try #require(head.components(separatedBy: "\r\n").first { $0.hasPrefix("X-Request-Id: ") })
    return String(line.dropFirst("X-Request-Id: ".count))
  }

  @Test(arguments: [[], [("REQUEST_METHOD", "HEAD")], [("HTTP_IF_NONE_MATCH", "*")]] as [Parameters])
  func `an equal request of the same second is answered alike, under an id of its own`(_ others: Parameters)
    throws
  {
    let fixture = try Fixture()
    let (response, now) = try fixture.asked(fixture.grid(others))
    let first = String(decoding: response.cgiHead(), as: UTF8.self)
    func ids(_ given: [Parameters]) throws -> [String] {
      try given.map { given in
        let known = try #require(try fixture.again(fixture.grid(others + given), at: now))
        #expect(lines(known.head) == lines(first) && known.body == response.body)
        #expect(known.head.hasSuffix("\r\n\r\n"))
        return try id(known.head)
      }
    }
    let name = "HTTP_X_REQUEST_ID"
    let long = String(repeating: "x", count: 64)
    let given = try ids([[(name, "a")], [(name, long)], [(name, ""), (name, "b"), (name, "c")]])
    #expect(given == ["a", long, "b"])
    let own = try ids([[(name, "")], [(name, "a b")], [(name, long + "x")], [(name, "a\r\nSet-Cookie: b")]])
    #expect(Set(own).count == 4 && own.allSatisfy { $0.utf8.count == 16 })
    #expect(Set(try ids([[], []])).count == 2)
  }

  @Test func `as long as the use of a key is still to be noted, an equal request notes it`() throws {
    let fixture = try Fixture()
    let path = fixture.server.configuration.databasePath
    let lock = try RawDatabase(path)
    try lock.execute("UPDATE api_key SET last_used_at = NULL; BEGIN IMMEDIATE")
    let (_, now) = try fixture.asked(fixture.grid())
    try lock.execute("ROLLBACK")
    #expect(try fixture.again(fixture.grid(), at: now) == nil)
    _ = try fixture.asked(fixture.grid())
    #expect(try lock.connection.number("SELECT count(*) FROM api_key WHERE last_used_at IS NOT NULL") == 1)
    let (_, later) = try fixture.asked(fixture.grid())
    #expect(try fixture.again(fixture.grid(), at: later) != nil)
  }

  @Test func `what no answer depends on makes no difference`() throws {
    let fixture = try Fixture()
    let (_, now) = try fixture.asked(fixture.grid())
    #expect(try fixture.again(fixture.grid([("REMOTE_PORT", "40001")]), at: now) != nil)
    #expect(try fixture.again(fixture.grid([("HTTP_USER_AGENT", "Firefox")]), at: now) != nil)
    #expect(try fixture.again(fixture.grid([("HTTP_ACCEPT_LANGUAGE", "de")]), at: now) != nil)
  }

  @Test func `a request that differs in anything else is another one`() throws {
    let fixture = try Fixture()
    let (_, now) = try fixture.asked(fixture.grid())
    for other in [
      ("REQUEST_METHOD", "HEAD"), ("REQUEST_METHOD", "POST"), ("PATH_INFO", "/instagram/client_002/"),
      ("REQUEST_URI", "/api/meta/instagram//client_001/"), ("QUERY_STRING", "limit=2"),
      ("HTTP_X_API_KEY", "mm_other"), ("HTTP_AUTHORIZATION", "Bearer mm_other"), ("HTTP_COOKIE", "a=b"),
      ("HTTP_IF_NONE_MATCH", "*"), ("HTTP_ORIGIN", "https://elsewhere.example"), ("REMOTE_ADDR", "192.0.2.8"),
      ("HTTP_X_FORWARDED_FOR", "192.0.2.9"), ("HTTP_VIA", "1.1 proxy"),
      ("HTTP_X_HTTP_METHOD_OVERRIDE", "DELETE"), ("HTTPS", "on"),
    ] {
      #expect(try fixture.again(fixture.grid([other]), at: now) == nil, "\(other)")
      #expect(try fixture.again(fixture.grid() + [other], at: now) == nil, "twice \(other)")
    }
    #expect(try fixture.again(fixture.grid(), at: now) != nil)
  }

  @Test func `where one value ends and the next begins is no matter of taste`() throws {
    let fixture = try Fixture()
    let one = try #require(fixture.cacheKey([("HTTP_COOKIE", "a"), ("HTTP_ORIGIN", "b")]))
    for end in UInt8(1)..<32 {
      let cookie = "a" + String(UnicodeScalar(end)) + "b"
      #expect(fixture.cacheKey([("HTTP_COOKIE", cookie)]) != one, "\(end)")
    }
    #expect(fixture.cacheKey([("HTTP_COOKIE", String(repeating: "a", count: 1025))]) == nil)
  }

  @Test func `a parameter whose name differs in one byte is another one`() {
    for name in [
      "HTTPS", "PATH_INFO", "HTTP_HOST", "REQUEST_URI", "SCRIPT_NAME", "REMOTE_ADDR", "SERVER_ADDR",
      "HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ORIGIN", "QUERY_STRING", "CONTENT_TYPE", "HTTP_REFERER",
      "REQUEST_METHOD", "HTTP_X_API_KEY", "SERVER_PROTOCOL", "HTTP_X_REQUEST_ID", "HTTP_AUTHORIZATION",
      "HTTP_IF_NONE_MATCH", "HTTP_SEC_FETCH_SITE", "HTTP_X_FORWARDED_FOR", "HTTP_X_HTTP_METHOD_OVERRIDE",
      "REDIRECT_HTTP_AUTHORIZATION",
    ] {
      let bytes = Array(name.utf8)
      #expect(CGIParameter(bytes.span) != nil && CGIParameter(bytes.span) != .forwarding)
      for place in bytes.indices {
        var other = bytes
        other[place] ^= 0x20
        let parameter = CGIParameter(other.span)
        #expect(parameter == nil || parameter == .forwarding, "\(name) at \(place)")
      }
    }
  }

  @Test func `what comes but once in a second is not kept`() throws {
    let fixture = try Fixture()
    let cache = Microcache(maximumBytes: 1 << 20)
    let keys = try (0..<5000).map { try #require(fixture.cacheKey([("PATH_INFO", "/\($0)/")])) }
    let now = Timestamp.now
    #expect(keys.allSatisfy { !cache.isRepeated($0, at: now) })
    // No more are remembered than there is room for.
    #expect(keys.count { cache.isRepeated($0, at: now) } == 4096)
    let next = Timestamp(seconds: now.seconds + 1)
    #expect(keys.allSatisfy { !cache.isRepeated($0, at: next) })
  }

  @Test func `the next second asks anew`() throws {
    let fixture = try Fixture()
    let (_, now) = try fixture.asked(fixture.grid())
    #expect(try fixture.again(fixture.grid(), at: Timestamp(seconds: now.seconds + 1)) == nil)
    #expect(try fixture.again(fixture.grid(), at: Timestamp(seconds: now.seconds - 1)) == nil)
  }

  @Test func `what another process takes away is heeded by the next request`() throws {
    for (target, status) in [("/mappings/1/", 404), ("/apikeys/1/", 401)] {
      let fixture = try Fixture()
      let (_, now) = try fixture.asked(fixture.grid())
      #expect(try fixture.again(fixture.grid(), at: now) != nil)
      #expect(fixture.operate("DELETE", target) == 204)
      #expect(try fixture.again(fixture.grid(), at: now) == nil)
      #expect(try fixture.asked(fixture.grid()).response.status == status)
    }
  }

  @Test func `a grid that is replaced, removed or lost with its folder is not given again`() throws {
    for lose: (Fixture) throws -> Void in [
      { try $0.other.age(seconds: 5) },
      { fixture in
        let key = try #require(CacheKey("ig_grid_17841405822348523"))
        try fixture.other.application.rooms.cache?.remove(key)
      },
      { try FileManager.default.removeItem(atPath: $0.server.configuration.cacheDirectory) },
    ] {
      let fixture = try Fixture()
      let (_, now) = try fixture.asked(fixture.grid())
      #expect(try fixture.again(fixture.grid(), at: now) != nil)
      try lose(fixture)
      #expect(try fixture.again(fixture.grid(), at: now) == nil)
    }
  }

  @Test func `nothing but a warm grid is kept`() throws {
    let fixture = try Fixture()
    let others = [
      ("/health/", ""), ("/mappings/", ""), ("/instagram/nobody/", ""), ("/instagram/client_001/", "limit=2"),
    ]
    for (path, query) in others {
      let parameters = fixture.grid([
        ("PATH_INFO", path), ("REQUEST_URI", "/api/meta\(path)?\(query)"), ("QUERY_STRING", query),
      ])
      let (_, now) = try fixture.asked(parameters)
      #expect(try fixture.again(parameters, at: now) == nil, "\(path)")
    }
    try fixture.other.age(seconds: fixture.server.configuration.cacheTTL + 5)
    let grid = try #require(CacheKey("ig_grid_17841405822348523"))
    repeat { usleep(50_000) } while fixture.server.rooms.cache?.read(grid, now: .now)?.validator == nil
    fixture.other.simulator.addFault(Fault(.error(GraphError(code: 2))))
    let (stale, then) = try fixture.asked(fixture.grid())
    #expect(Answer(stale).header("X-Cache") == "stale")
    #expect(try fixture.again(fixture.grid(), at: then) == nil)
  }

  @Test func `the log has a line for each, alike but for its id and its time`() throws {
    let record = RequestRecord()
    (record.requestID, record.route) = ("aaaaaaaaaaaaaaaa", "/instagram/<client_id>/")
    (record.status, record.cache) = (200, "hit")
    record.note(method: "GET")
    let line = try #require(
      record.write(to: Logger(label: "test") { _ in JSONLogHandler(level: .info) }))
    let text = line.text("0123456789abcdef", microseconds: 12_345)
    #expect(text.last == UInt8(ascii: "\n") && text.count { $0 == UInt8(ascii: "\n") } == 1)
    let json = try JSONValue(parsing: Array(text.dropLast()))
    #expect(json["request_id"]?.string == "0123456789abcdef")
    #expect(String(decoding: text, as: UTF8.self).contains(#","ms":12.345,"cache":"hit","graph_calls":0}"#))
    #expect(json["message"]?.string == "request" && json["method"]?.string == "GET")
    #expect(json["route"]?.string == "/instagram/<client_id>/" && json["status"]?.int64 == 200)
    let silent = record.write(to: Logger(label: "test") { _ in JSONLogHandler(level: .warning) })
    #expect(silent == nil)
  }

  @Test func `a second's answers take no more than their room`() throws {
    let fixture = try Fixture()
    let (_, now) = try fixture.asked(fixture.grid())
    let key = try #require(fixture.cacheKey(fixture.grid()))
    let answer = try #require(fixture.server.shared.microcache?.answer(to: key, at: now))
    let size = answer.body.count + answer.head("").count + 2048
    let small = Microcache(maximumBytes: 3 * size)
    let keys = try (0..<10).map { try #require(fixture.cacheKey([("PATH_INFO", "/\($0)/")])) }
    // In the place of itself it takes no more room.
    #expect(!small.isRepeated(keys[0], at: now))
    for _ in 0..<10 { small.keep(answer, to: keys[0], at: now) }
    for key in keys { small.keep(answer, to: key, at: now) }
    let kept = keys.count { small.answer(to: $0, at: now) != nil }
    #expect((2...4).contains(kept))
    let next = Timestamp(seconds: now.seconds + 1)
    small.keep(answer, to: key, at: next)
    #expect(small.answer(to: key, at: next) == nil && !small.isRepeated(key, at: next))
    small.keep(answer, to: key, at: next)
    #expect(
      small.answer(to: key, at: next) != nil && keys.allSatisfy { small.answer(to: $0, at: now) == nil })
  }
}
