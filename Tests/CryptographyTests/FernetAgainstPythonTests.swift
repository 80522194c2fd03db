import Foundation
import TestSupport
import Testing

@testable import Cryptography

/// The customer's tools are Python: what is sealed here must open there, and the reverse.
@Suite struct FernetAgainstPythonTests {
  private static let prelude = """
    import base64, sys
    try:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet
    except ImportError:
        sys.exit("Python's package cryptography is missing: run Tests/run, which installs it")
    lines = [line.split() for line in sys.stdin]

    """

  @Test(arguments: UInt64(0)..<4)
  func `Python opens our tokens`(seed: UInt64) throws {
    let cases = try Self.cases(seed: seed)
    let answers = try Python.lines(
      Self.prelude + """
        for key, token, _ in lines:
            print("-" + base64.b64encode(Fernet(key).decrypt(token)).decode())
        """,
      input: try cases.map { "\($0.key) \(try $0.ring.seal($0.plaintext)) -" })
    #expect(answers == cases.map { "-" + Data($0.plaintext).base64EncodedString() }, "seed \(seed)")
  }

  @Test(arguments: UInt64(0)..<4)
  func `we open Python's tokens`(seed: UInt64) throws {
    let cases = try Self.cases(seed: seed)
    let tokens = try Python.lines(
      Self.prelude + """
        for key, _, text in lines:
            print(Fernet(key).encrypt(base64.b64decode(text[1:])).decode())
        """,
      input: cases.map { "\($0.key) - -\(Data($0.plaintext).base64EncodedString())" })
    try #require(tokens.count == cases.count)
    for (sample, token) in zip(cases, tokens) {
      #expect(try sample.ring.open(token) == sample.plaintext, "seed \(seed)")
    }
  }

  @Test func `we accept Python's keys and Python accepts ours`() throws {
    let theirs = try Python.lines(
      Self.prelude + "for _ in range(50): print(Fernet.generate_key().decode())", input: [])
    #expect(theirs.count == 50)
    for text in theirs { #expect(try FernetKey(text).revealed() == text) }
    let ours = try (0..<50).map { _ in try FernetKey.generate().revealed() }
    let accepted = try Python.lines(
      Self.prelude + "for line in lines: Fernet(line[0]); print(line[0])", input: ours)
    #expect(accepted == ours)
  }

  @Test func `rotation does here what MultiFernet does there`() throws {
    let old = try FernetKey.generate()
    let new = try FernetKey.generate()
    let ring = try KeyRing([new, old])
    let token = try KeyRing([old]).seal(
      Array("hello".utf8), timestamp: 499_162_800, vector: [UInt8](repeating: 7, count: 16))
    let answers = try Python.lines(
      Self.prelude + """
        new, old, token, rotated = lines[0]
        print(Fernet(new).decrypt(rotated).decode(), Fernet(new).extract_timestamp(rotated))
        print(MultiFernet([Fernet(new), Fernet(old)]).rotate(token).decode())
        """,
      input: ["\(new.revealed()) \(old.revealed()) \(token) \(try ring.rotated(token))"])
    try #require(answers.count == 2)
    #expect(answers[0] == "hello 499162800")
    #expect(ring.isSealedWithNewest(answers[1]))
    #expect(try ring.open(answers[1]) == Array("hello".utf8))
  }

  private static func cases(seed: UInt64) throws -> [(key: String, ring: KeyRing, plaintext: [UInt8])] {
    var random = SeededGenerator(seed: seed)
    return try (0..<100).map { index in
      let key = try FernetKey.generate()
      let length = index < 50 ? index : Int.random(in: 0...5_000, using: &random)
      let plaintext = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      return (key.revealed(), try KeyRing([key]), plaintext)
    }
  }
}
