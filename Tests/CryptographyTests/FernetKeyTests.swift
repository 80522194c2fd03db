import TestSupport
import Testing

@testable import Cryptography

@Suite struct FernetKeyTests {
  private let text = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="

  @Test func `a key is read and shown as it was written`() throws {
    #expect(try FernetKey(text).revealed() == text)
  }

  @Test func `any other spelling is refused`() {
    let spellings = [
      "", "=", String(text.dropLast()), text + "=", text + "\n", " " + text, text.lowercased() + "!",
      text.replacing("-", with: "+"), text.replacing("_", with: "/"), text + text,
      // The last character holds two bits that belong to no byte.
      text.replacing("4e4=", with: "4e5="), text.replacing("4e4=", with: "4e6="),
      // 31 and 33 bytes.
      Base64URL.encode([UInt8](repeating: 1, count: 31), padded: true),
      Base64URL.encode([UInt8](repeating: 1, count: 33), padded: true),
      "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e٤=", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e\04=",
    ]
    for spelling in spellings {
      #expect(throws: CryptographyError.invalidKey, "\(spelling)") { try FernetKey(spelling) }
    }
  }

  @Test func `new keys are random and canonical`() throws {
    let keys = try (0..<100).map { _ in try FernetKey.generate() }
    #expect(Set(keys.map { $0.revealed() }).count == 100)
    for key in keys { #expect(try FernetKey(key.revealed()) == key) }
  }

  @Test func `keys are equal when all their bytes are`() throws {
    let key = try FernetKey(text)
    #expect(try key == FernetKey(text))
    let bytes = try #require(Base64URL.decode(text, padded: true))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(try key != FernetKey(Base64URL.encode(changed, padded: true)))
    }
  }

  @Test func `the signing half comes first`() throws {
    let key = try FernetKey(Base64URL.encode([UInt8](0..<32), padded: true))
    #expect(key.withSigningKey { Array($0) } == [UInt8](0..<16))
    #expect(key.withEncryptionKey { Array($0) } == [UInt8](16..<32))
  }

  @Test func `the bytes that a key was made from are overwritten`() throws {
    var bytes = [UInt8](0..<32)
    let kept = FernetKey(moving: &bytes)
    #expect(bytes == [UInt8](repeating: 0, count: 32))
    #expect(kept.withSigningKey { Array($0) } + kept.withEncryptionKey { Array($0) } == [UInt8](0..<32))
  }

  /// The fingerprint stands in databases: another formula would take every ring for a wrong one.
  @Test func `a fingerprint is the beginning of a SHA-256`() throws {
    let lines = try Python.lines(
      """
      import base64, hashlib, sys
      key = base64.urlsafe_b64decode(sys.stdin.read().strip())
      print(hashlib.sha256(b"meta-module fernet key" + key).hexdigest()[:16])
      """, input: [text])
    #expect([try FernetKey(text).fingerprint] == lines)
    #expect(try FernetKey(text).fingerprint == "edda8a2879cb6f2a")
  }

  @Test func `printing a key shows nothing of it`() throws {
    let key = try FernetKey(text)
    var dumped = ""
    dump(key, to: &dumped)
    dump([key], to: &dumped)
    for shown in ["\(key)", String(reflecting: key), "\([key])", "\(Optional(key) as Any)", dumped] {
      #expect(!shown.contains("cw_0"))
      #expect(!shown.contains("0x"))
    }
    #expect("\(key)" == "<redacted>")
  }
}
