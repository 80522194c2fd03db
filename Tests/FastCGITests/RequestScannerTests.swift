import Glibc
import TestSupport
import Testing

@testable import FastCGI

/// What reaches libfcgi, and what does not.
@Suite struct RequestScannerTests {
  private static let whole = Wire.request(
    "/x", body: "hello", keep: true, id: 0x1234, more: [("BIG", String(repeating: "v", count: 300))])

  @Test func `a request is whole with its last byte and not before`() {
    for count in 0..<Self.whole.count {
      #expect(
        RequestScanner.outcome(of: Array(Self.whole.prefix(count)), inPieces: 7).progress == .unfinished)
    }
    let outcome = RequestScanner.outcome(of: Self.whole + [1, 2, 3], inPieces: 7)
    #expect(outcome.progress == .complete)
    #expect(outcome.taken == Self.whole.count)
    #expect(outcome.replies.isEmpty)
    #expect(outcome.framed == Self.whole)
  }

  @Test func `padding and foreign records are left out of what libfcgi is given`() {
    let bytes =
      Wire.record(Wire.getValues, [1, 0, 65], id: 0, padding: 5) + Wire.begin(keep: true)
      + Wire.record(Wire.stdin, [1, 2, 3], id: 9) + Wire.record(Wire.params, [1, 1], padding: 255)
      + Wire.begin(id: 2) + Wire.record(Wire.params, [65, 66]) + Wire.record(Wire.params, padding: 3)
      + Wire.record(Wire.stdin, [7], padding: 9) + Wire.record(Wire.stdin, padding: 8)
    let outcome = RequestScanner.outcome(of: bytes, inPieces: 1)
    #expect(outcome.progress == .complete)
    #expect(outcome.taken == bytes.count)
    #expect(
      outcome.framed == Wire.begin(keep: true) + Wire.stream(Wire.params, [1, 1, 65, 66])
        + Wire.stream(Wire.stdin, [7]))
    #expect(Wire.records(in: outcome.replies).map(\.type) == [10, Wire.end])
  }

  /// One of many requests, with bytes changed, records doubled, dropped or cut.
  private static func mutated(_ seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var records: [[UInt8]] = [
      Wire.begin(role: UInt8.random(in: 0...3, using: &random) | 1, keep: Bool.random(using: &random))
    ]
    let pairs = (0..<Int.random(in: 0...6, using: &random)).flatMap { index in
      Wire.pair(
        Array("N\(index)".utf8),
        [UInt8](repeating: 65, count: [0, 3, 127, 128, 700].randomElement(using: &random) ?? 0))
    }
    var rest = pairs[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...rest.count, using: &random)
      records.append(
        Wire.record(Wire.params, Array(rest.prefix(count)), padding: Int.random(in: 0...7, using: &random)))
      rest = rest.dropFirst(count)
    }
    records.append(Wire.record(Wire.params))
    for _ in 0..<Int.random(in: 0...3, using: &random) { records.append(Wire.record(Wire.stdin, [1, 2, 3])) }
    records.append(Wire.record(Wire.stdin))
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let place = Int.random(in: 0..<records.count, using: &random)
      switch Int.random(in: 0...4, using: &random) {
      case 0: records.remove(at: place)
      case 1: records.insert(records[place], at: place)
      case 2: records.insert(Wire.record(Wire.getValues, pairs.isEmpty ? [4, 0] : pairs, id: 0), at: place)
      case 3:
        records.insert(
          Wire.record(
            UInt8.random(in: 0...12, using: &random), [9, 9], id: Int.random(in: 0...2, using: &random)),
          at: place)
      default: records.insert(Wire.begin(id: 2), at: place)
      }
      if records.isEmpty { records = [[1]] }
    }
    var bytes = records.flatMap { $0 }
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] =
        [0, 1, 127, 128, 255, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
    }
    return bytes
  }

  @Test(arguments: UInt64(0)..<40)
  func `the outcome does not depend on how the bytes are cut, and what is handed on is plain`(_ seed: UInt64)
  {
    for number in 0..<100 {
      let bytes = Self.mutated(seed * 1000 + UInt64(number))
      let expected = RequestScanner.outcome(of: bytes, inPieces: bytes.count)
      for size in [1, 3, 8, 100] {
        let outcome = RequestScanner.outcome(of: bytes, inPieces: size)
        #expect(outcome == expected, "seed \(seed), \(number)")
      }
      guard expected.progress == .complete else { continue }
      let again = RequestScanner.outcome(of: expected.framed, inPieces: expected.framed.count)
      #expect(again.progress == .complete && again.framed == expected.framed && again.replies.isEmpty)
    }
  }

  /// Some of them ended libfcgi's process, or overran its memory, when they reached it.
  @Test func `no bytes that a peer sends end the process`() throws {
    let folder = try TemporaryFolder()
    let process = try EchoProcess(["--listen", "unix:\(folder.socket)", "--receive-ms", "1000"])
    try #require(EchoProcess.waitForSocket(folder.socket))
    for seed in UInt64(0)..<2000 {
      guard let client = try? Client(folder.socket) else { break }
      client.send(Self.mutated(seed))
      client.finishSending()
      _ = client.readAnswer()
    }
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    process.signal(SIGTERM)
    #expect(process.exitStatus() == 0)
  }
}
