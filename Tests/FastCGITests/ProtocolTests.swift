import FastCGI
import Glibc
import Testing

/// Bytes in, bytes out.
@Suite struct ProtocolTests {
  @Test func `a request is answered byte for byte`() throws {
    let server = try RunningServer { exchange in
      exchange.write(Array("Status: 200 OK\r\n\r\n".utf8), Array("hello".utf8))
    }
    let client = try Client(server.path)
    client.send(
      [1, 1, 0x12, 0x34, 0, 8, 0, 0] + [0, 1, 0, 0, 0, 0, 0, 0]  // begin, responder, do not keep
        + [1, 4, 0x12, 0x34, 0, 6, 2, 0] + [1, 3] + Array("Ayes".utf8) + [0, 0]  // one parameter, padded
        + [1, 4, 0x12, 0x34, 0, 0, 0, 0] + [1, 5, 0x12, 0x34, 0, 0, 0, 0])
    #expect(
      client.readToEnd()
        == [1, 6, 0x12, 0x34, 0, 23, 1, 0] + Array("Status: 200 OK\r\n\r\nhello".utf8) + [0]
        + [1, 6, 0x12, 0x34, 0, 0, 0, 0]
        + [1, 3, 0x12, 0x34, 0, 8, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0])
  }

  struct BodyCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let length: String?
    /// What is sent after the parameters.
    let records: [UInt8]
    var isClosed = false
    let expected: String
  }

  @Test(arguments: [
    BodyCase(testDescription: "whole", length: "5", records: stdin("hello"), expected: "complete:hello"),
    BodyCase(
      testDescription: "in three records, padded", length: "5",
      records: Wire.record(Wire.stdin, Array("he".utf8), padding: 6)
        + Wire.record(Wire.stdin, Array("l".utf8))
        + stdin("lo"), expected: "complete:hello"),
    BodyCase(testDescription: "none", length: nil, records: stdin(""), expected: "complete:"),
    BodyCase(testDescription: "empty length", length: "", records: stdin(""), expected: "complete:"),
    BodyCase(testDescription: "zero", length: "0", records: stdin(""), expected: "complete:"),
    BodyCase(
      testDescription: "exactly the limit", length: "64", records: stdin(String(repeating: "a", count: 64)),
      expected: "complete:" + String(repeating: "a", count: 64)),
    BodyCase(
      testDescription: "one above the limit", length: "65", records: stdin(String(repeating: "a", count: 65)),
      expected: "too large"),
    BodyCase(
      testDescription: "more digits than an integer", length: "99999999999999999999", records: stdin("hello"),
      expected: "too large"),
    BodyCase(testDescription: "shorter", length: "6", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "longer", length: "4", records: stdin("hello"), expected: "incomplete"),
    BodyCase(
      testDescription: "none announced", length: nil, records: stdin("hello"), expected: "complete:hello"),
    BodyCase(
      testDescription: "announced as unknown, as Caddy does", length: "-1",
      records: Wire.record(Wire.stdin, Array("he".utf8)) + stdin("llo"), expected: "complete:hello"),
    BodyCase(testDescription: "unknown and empty", length: "-1", records: stdin(""), expected: "complete:"),
    BodyCase(
      testDescription: "unknown, exactly the limit", length: "-1",
      records: stdin(String(repeating: "a", count: 64)),
      expected: "complete:" + String(repeating: "a", count: 64)),
    BodyCase(
      testDescription: "unknown, one above the limit", length: "-1",
      records: stdin(String(repeating: "a", count: 65)), expected: "too large"),
    BodyCase(
      testDescription: "unknown, more than is ever taken", length: nil,
      records: stdin(String(repeating: "a", count: 70_000)), expected: "too large"),
    BodyCase(
      testDescription: "longer than is ever taken, fewer announced", length: "5",
      records: stdin(String(repeating: "a", count: 70_000)), expected: "incomplete"),
    BodyCase(
      testDescription: "aborted half-way", length: "5",
      records: Wire.record(Wire.stdin, Array("he".utf8)) + Wire.record(Wire.abort), expected: ""),
    BodyCase(
      testDescription: "aborted at its end", length: "5",
      records: Wire.record(Wire.stdin, Array("hello".utf8)) + Wire.record(Wire.abort), expected: ""),
    BodyCase(
      testDescription: "closed half-way", length: "5", records: Wire.record(Wire.stdin, Array("he".utf8)),
      isClosed: true, expected: ""),
    BodyCase(
      testDescription: "closed in a record", length: "5",
      records: Array(Wire.record(Wire.stdin, Array("hello".utf8)).dropLast(2)), isClosed: true,
      expected: ""),
    BodyCase(testDescription: "plus sign", length: "+5", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "minus", length: "-5", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "leading zero", length: "05", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "space before", length: " 5", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "space behind", length: "5 ", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "hexadecimal", length: "0x5", records: stdin("hello"), expected: "incomplete"),
    BodyCase(testDescription: "other digits", length: "٥", records: stdin("hello"), expected: "incomplete"),
  ])
  func `a body is whole or it is nothing`(_ test: BodyCase) throws {
    let server = try RunningServer(handler: Handlers.body)
    let client = try Client(server.path)
    client.send(
      Wire.begin() + Wire.parameters(test.length.map { [("CONTENT_LENGTH", $0)] } ?? []) + test.records)
    if test.isClosed { client.finishSending() }
    #expect(Wire.answer(in: client.readAnswer()).text == test.expected)
  }

  private static func stdin(_ text: String) -> [UInt8] { Wire.stream(Wire.stdin, Array(text.utf8)) }

  @Test(arguments: [0, 1, 7, 8, 8192, 65527, 65528, 65529, 65535, 65536, 131_056, 131_057, 1_000_000])
  func `an answer of any size arrives whole`(_ size: Int) throws {
    let server = try RunningServer(handler: Handlers.size)
    let client = try Client(server.path)
    client.send(Wire.request("/\(size)"))
    let records = Wire.records(in: try #require(client.readToEnd()))
    #expect(
      records.filter { $0.type == Wire.stdout }.flatMap(\.content) == [UInt8](repeating: 120, count: size))
    // The output stream is ended by exactly one empty record, and only then the request.
    let contents = records.filter { $0.type == Wire.stdout }.map(\.content.count)
    #expect(contents.last == 0)
    #expect(records.last == Wire.Record(type: Wire.end, id: 1, content: [UInt8](repeating: 0, count: 8)))
  }

  @Test func `an answer is written once, and a silent handler is a server error`() throws {
    let server = try RunningServer { exchange in
      guard exchange.parameter("PATH_INFO") == "/twice" else { return }
      exchange.write([], Array("first".utf8))
      exchange.write([], Array("second".utf8))
    }
    #expect(try Client.exchange(server.path, Wire.request("/twice")).text == "first")
    #expect(try Client.exchange(server.path, Wire.request("/silent")).text.hasPrefix("Status: 500 "))
  }

  @Test(arguments: [0, 2, 3, 9] as [UInt8])
  func `a role that we do not play is refused`(_ role: UInt8) throws {
    let server = try RunningServer(handler: Handlers.path)
    let bytes = Wire.begin(role: role) + Wire.parameters([]) + Wire.record(Wire.stdin)
    #expect(try Client.exchange(server.path, bytes) == ("", 3))
    #expect(try Client.exchange(server.path, Wire.request("/after")) == ("/after", 0))
  }

  @Test func `whoever speaks something else is cut off, and the next is served`() throws {
    let server = try RunningServer(workers: 1, handler: Handlers.path)
    let nonsense: [[UInt8]] = [
      Array("GET / HTTP/1.1\r\n\r\n".utf8),
      // Another version, a beginning that is too short, no parameters.
      [2] + Wire.begin().dropFirst(),
      Wire.record(Wire.begin, [0, 1]),
      Wire.begin() + Wire.record(Wire.stdin),
      // Parameters whose lengths are cut off, or are longer than what follows.
      Wire.begin() + Wire.record(Wire.params, [200]) + Wire.record(Wire.params),
      Wire.begin() + Wire.record(Wire.params, [5, 5, 65]) + Wire.record(Wire.params),
      Wire.begin(id: 0),
      [UInt8](repeating: 0, count: 64),
    ]
    for bytes in nonsense {
      let client = try Client(server.path)
      client.send(bytes)
      #expect(client.readToEnd() == [], "\(bytes)")
    }
    #expect(try Client.exchange(server.path, Wire.request("/after")) == ("/after", 0))
  }

  @Test func `a web server may ask what we can do before its request`() throws {
    let server = try RunningServer(handler: Handlers.path)
    let question = Wire.record(Wire.getValues, Wire.pair(Array("FCGI_MPXS_CONNS".utf8), []), id: 0)
    let client = try Client(server.path)
    client.send(question + Wire.request("/after"))
    let records = Wire.records(in: client.readAnswer())
    #expect(records.first?.content == Wire.pair(Array("FCGI_MPXS_CONNS".utf8), Array("0".utf8)))
    #expect(records.last?.type == Wire.end)
  }

  /// libfcgi has room for four answers, and is told of no more than one.
  @Test func `a web server may ask more than we can tell`() throws {
    let server = try RunningServer(handler: Handlers.path)
    let names = (0..<40).flatMap { Wire.pair(Array("FCGI_MAX_CONNS_\($0)".utf8), []) }
    let client = try Client(server.path)
    client.send(
      Wire.record(Wire.getValues, names, id: 0) + Wire.record(77, [1, 2, 3], id: 0) + Wire.begin()
        + Wire.record(Wire.getValues, names, id: 0) + Wire.request("/after").dropFirst(16))
    let records = Wire.records(in: client.readAnswer())
    #expect(records.map(\.type) == [10, 11, 10, Wire.stdout, Wire.stdout, Wire.end])
    #expect(records[1].content == [77, 0, 0, 0, 0, 0, 0, 0])
    #expect(records[3].content == Array("/after".utf8))
  }

  @Test func `what follows a request is not taken for the next one`() throws {
    let seen = Seen()
    let server = try RunningServer(workers: 1) { exchange in
      seen.add(exchange.parameter("PATH_INFO") ?? "-")
      Handlers.path(&exchange)
    }
    for size in [1, 9000, 40_000] {
      let client = try Client(server.path)
      let forged = [UInt8](repeating: 1, count: size) + Wire.request("/forged", keep: true)
      client.send(Wire.request("/outer", keep: true) + forged)
      #expect(Wire.answer(in: try #require(client.readToEnd())).text == "/outer")
    }
    #expect(seen.all == ["/outer", "/outer", "/outer"])
  }

  @Test func `a request inside of another is turned away`() throws {
    let server = try RunningServer(handler: Handlers.body)
    let client = try Client(server.path)
    client.send(Wire.begin() + Wire.parameters([("CONTENT_LENGTH", "1")]) + Wire.begin(id: 2))
    client.send(Wire.stream(Wire.stdin, Array("a".utf8)))
    let records = Wire.records(in: try #require(client.readToEnd()))
    #expect(records.first == Wire.Record(type: Wire.end, id: 2, content: [0, 0, 0, 0, 1, 0, 0, 0]))
    #expect(records.contains(Wire.Record(type: Wire.stdout, id: 1, content: Array("complete:a".utf8))))
  }
}
