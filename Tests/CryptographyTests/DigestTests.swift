import Testing

@testable import Cryptography

@Suite struct DigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `SHA-256 gives the digests of FIPS 180-4`(message: String, digest: String) throws {
    #expect(SHA256.hex(Array(message.utf8)) == digest)
    #expect(try SHA256.digest(Array(message.utf8)) == Vectors.bytes(hexadecimal: digest))
  }

  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func `HMAC-SHA256 gives the codes of RFC 4231`(key: [UInt8], message: [UInt8], code: String) throws {
    #expect(HMAC.sha256Hex(key: key, message: message) == code)
    #expect(try HMAC.sha256(key: key, message: message) == Vectors.bytes(hexadecimal: code))
  }

  @Test func `an empty key is a key`() throws {
    let code = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    #expect(HMAC.sha256Hex(key: [], message: []) == code)
    // Not the key of the call before.
    _ = HMAC.sha256(key: [1, 2, 3], message: [])
    #expect(HMAC.sha256Hex(key: [], message: []) == code)
    let nothing = HMAC.sha256(key: UnsafeBufferPointer(start: nil, count: 0), message: [])
    #expect(try nothing == Vectors.bytes(hexadecimal: code))
  }

  @Test func `equal means every byte and the length`() {
    #expect(equalInConstantTime([], []))
    #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
    for other: [UInt8] in [[], [1], [1, 2], [1, 2, 4], [0, 2, 3], [1, 2, 3, 0]] {
      #expect(!equalInConstantTime([1, 2, 3], other))
      #expect(!equalInConstantTime(other, [1, 2, 3]))
    }
  }

  @Test func `random bytes are as many as asked and differ`() throws {
    for count in [0, 1, 16, 10_000] { #expect(try SecureRandom.bytes(count).count == count) }
    #expect(try SecureRandom.bytes(32) != SecureRandom.bytes(32))
    for count in [-1, .min, .max, 1 << 31] {
      #expect(throws: CryptographyError.tooLong) { try SecureRandom.bytes(count) }
    }
  }
}
