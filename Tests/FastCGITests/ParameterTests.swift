import Testing

@testable import FastCGI

/// Parameters, in usual and in absurd numbers and sizes.
@Suite struct ParameterTests {
  /// Answers with name and value of all parameters, one a line.
  private static let list: SharedHandler = { exchange in
    var text: [UInt8] = []
    exchange.forEachParameter { name, value in
      name.withUnsafeBufferPointer { text += $0 }
      text += Array("=".utf8)
      value.withUnsafeBufferPointer { text += $0 }
      text += Array("\n".utf8)
    }
    exchange.write([], text)
  }

  private func answer(
    to pairs: [(String, String)], _ handler: @escaping SharedHandler
  ) throws -> String {
    let server = try RunningServer(handler: handler)
    let bytes = Wire.begin() + Wire.parameters(pairs) + Wire.record(Wire.stdin)
    return try Client.exchange(server.path, bytes).text
  }

  @Test func `parameters come in their order, duplicates too`() throws {
    let text = try answer(to: [("B", "1"), ("A", ""), ("B", "2=3"), ("Ä", "ö")], Self.list)
    #expect(text == "FCGI_ROLE=RESPONDER\nB=1\nA=\nB=2=3\nÄ=ö\n")
  }

  @Test func `the first of two values is taken`() throws {
    let text = try answer(to: [("NAME_LONGER", "x"), ("NAME", "first"), ("NAM", "y"), ("NAME", "second")]) {
      let values = [$0.parameter("NAME"), $0.parameter("ABSENT"), $0.parameter("NAM"), $0.parameter("")]
      $0.write([], Array("\(values)".utf8))
    }
    #expect(text == #"[Optional("first"), nil, Optional("y"), nil]"#)
  }

  @Test func `a value that is no text is still present`() throws {
    let server = try RunningServer { exchange in
      exchange.write([], Array("\(exchange.parameter("A") ?? "absent")".utf8))
    }
    let bytes = Wire.stream(Wire.params, Wire.pair(Array("A".utf8), [0xff]))
    #expect(
      try Client.exchange(server.path, Wire.begin() + bytes + Wire.record(Wire.stdin)).text == "\u{FFFD}")
  }

  @Test func `a NUL ends a value, and a name that holds one hides its parameter`() throws {
    let pairs = [("A", "x\0y"), ("B\0C", "z"), ("\0", ""), ("D", "\0"), ("E", "e")]
    #expect(try answer(to: pairs, Self.list) == "FCGI_ROLE=RESPONDER\nA=x\nD=\nE=e\n")
  }

  /// All that may be: 128 KiB, in many parameters or in two.
  @Test func `as many parameters as may be are read`() throws {
    let count = RequestScanner.parameterLimit / 16
    let pairs = (0..<count).map { ("NAME_\($0 + 10_000)", "abcd") }
    let text = try answer(to: pairs) { exchange in
      var count = 0
      exchange.forEachParameter { _, _ in count += 1 }
      exchange.write([], Array("\(count) \(exchange.parameter("NAME_10099") ?? "-")".utf8))
    }
    #expect(text == "\(count + 1) abcd")
    let big = String(repeating: "b", count: RequestScanner.parameterLimit - 100)
    let size = try answer(to: [("BIG", big), ("LAST", "here")]) { exchange in
      let big = exchange.parameter("BIG")?.utf8.count ?? 0
      exchange.write([], Array("\(big) \(exchange.parameter("LAST") ?? "-")".utf8))
    }
    #expect(size == "\(big.utf8.count) here")
  }

  /// A length that is only claimed made libfcgi allocate it, and end the process when it could not.
  @Test func `more parameters are refused with a status, however they come`() throws {
    let server = try RunningServer(workers: 1, handler: Self.list)
    let requests: [[UInt8]] = [
      Wire.begin() + Wire.parameters((0..<100_000).map { ("NAME_\($0)", "\($0)") }) + Wire.record(Wire.stdin),
      Wire.begin() + Wire.parameters([("BIG", String(repeating: "b", count: 10_000_000))]),
      Wire.begin() + Wire.record(Wire.params, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 65]),
      Wire.begin() + Wire.record(Wire.params, [1, 0xff, 0xff, 0xff, 0xff]),
      Wire.begin() + Wire.record(Wire.params, [1, 0x80, 2, 0, 0]) + Wire.record(Wire.params, [65]),
    ]
    for request in requests {
      let (text, status) = try Client.exchange(server.path, request)
      #expect(text.hasPrefix("Status: 431 "))
      #expect(status == 0)
    }
    #expect(try Client.exchange(server.path, Wire.request("/")).protocolStatus == 0)
  }
}
