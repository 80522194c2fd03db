import TestSupport
import Testing

@testable import Cryptography

@Suite struct KeyRingTests {
  private let key: FernetKey
  private let ring: KeyRing
  private let vector = [UInt8](0..<16)

  init() throws {
    key = try FernetKey.generate()
    ring = try KeyRing([key])
  }

  @Test(arguments: UInt64(0)..<200)
  func `what is sealed opens again`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let length = seed < 50 ? Int(seed) : Int.random(in: 0...10_000, using: &random)
    let plaintext = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    let token = try ring.seal(plaintext)
    #expect(token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    #expect(try ring.open(token) == plaintext)
    #expect(ring.isSealedWithNewest(token))
  }

  @Test func `the same text never gives the same token`() throws {
    let tokens = try (0..<1_000).map { _ in try ring.seal([1]) }
    #expect(Set(tokens).count == tokens.count)
    #expect(Set(tokens.compactMap { FernetToken($0)?.vector }).count == tokens.count)
  }

  @Test func `a token carries the present time`() throws {
    let token = try #require(FernetToken(try ring.seal([])))
    // Later than this line was written, earlier than the year 3000: enough to tell seconds from anything else.
    #expect((1_766_000_000..<32_503_680_000).contains(token.timestamp))
  }

  @Test func `every changed byte makes a token invalid`() throws {
    let token = try ring.seal(Array("EAAG token of a page".utf8))
    let bytes = try #require(Base64URL.decode(token, padded: true))
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << bit
        let text = Base64URL.encode(changed, padded: true)
        #expect(throws: CryptographyError.invalidToken) { try ring.open(text) }
        #expect(!ring.isSealedWithNewest(text))
      }
    }
  }

  @Test func `every changed character makes a token invalid`() throws {
    let token = Array(try ring.seal([1, 2, 3]).utf8)
    for index in token.indices {
      for other in UInt8(0x20)..<0x7F where other != token[index] {
        var changed = token
        changed[index] = other
        let text = String(decoding: changed, as: UTF8.self)
        #expect(throws: CryptographyError.invalidToken) { try ring.open(text) }
      }
    }
  }

  @Test func `a token that is cut, lengthened or surrounded is invalid`() throws {
    let token = try ring.seal([1, 2, 3])
    for length in 0..<token.utf8.count {
      #expect(throws: CryptographyError.invalidToken) { try ring.open(String(token.prefix(length))) }
      #expect(throws: CryptographyError.invalidToken) { try ring.open(String(token.suffix(length))) }
    }
    for text in [token + "=", token + "\n", " " + token, token + "\0", token + token, token + "AAAA", ""] {
      #expect(throws: CryptographyError.invalidToken) { try ring.open(text) }
    }
  }

  @Test func `a valid signature over the wrong lengths or version does not help`() throws {
    for length in [0, 1, 15, 17, 31, 33] {
      let token = FernetToken.text(
        timestamp: 0, vector: vector, ciphertext: [UInt8](repeating: 0, count: length), signedBy: key)
      #expect(FernetToken(token) == nil, "\(length) bytes")
      #expect(throws: CryptographyError.invalidToken, "\(length) bytes") { try ring.open(token) }
      #expect(throws: CryptographyError.invalidToken) { try ring.rotated(token) }
    }
    let good = try #require(Base64URL.decode(try ring.seal([1]), padded: true))
    #expect(FernetToken(Base64URL.encode(good, padded: true)) != nil)
    for version: UInt8 in [0, 0x7F, 0x81, 0xFF] {
      var signed = good.dropLast(32)
      signed[0] = version
      let message = Array(signed)
      let code = key.withSigningKey { HMAC.sha256(key: $0, message: message) }
      #expect(throws: CryptographyError.invalidToken) {
        try ring.open(Base64URL.encode(message + code, padded: true))
      }
    }
  }

  @Test func `wrong padding under a valid signature is the same error`() throws {
    // The last byte of the vector is exclusive-ored with the only block's last byte, its padding.
    var refused = 0
    let good = try #require(FernetToken(try ring.seal([], timestamp: 0, vector: vector)))
    for change in UInt8(1)...255 {
      var changed = vector
      changed[15] ^= change
      let token = FernetToken.text(
        timestamp: 0, vector: changed, ciphertext: good.ciphertext, signedBy: key)
      do {
        // Sixteen bytes of 16 become a block that ends in 1: one of padding, fifteen of text.
        #expect(try ring.open(token) == [UInt8](repeating: 16, count: 15))
        #expect(16 ^ change == 1)
      } catch {
        #expect(error == .invalidToken)
        refused += 1
      }
    }
    #expect(refused == 254)
  }

  @Test func `every key of the ring opens and the first one seals`() throws {
    let keys = try (0..<5).map { _ in try FernetKey.generate() }
    let ring = try KeyRing(keys)
    for (index, key) in keys.enumerated() {
      let token = try KeyRing([key]).seal([UInt8(index)])
      #expect(try ring.open(token) == [UInt8(index)])
      #expect(ring.isSealedWithNewest(token) == (index == 0))
    }
    #expect(try KeyRing([keys[0]]).open(ring.seal([9])) == [9])
    #expect(throws: CryptographyError.invalidToken) { try KeyRing(Array(keys[1...])).open(ring.seal([9])) }
    #expect(throws: CryptographyError.emptyKeyRing) { try KeyRing([]) }
    #expect(!ring.isSealedWithNewest("no token"))
  }

  @Test func `rotation keeps text and time and changes key and vector`() throws {
    let newest = try FernetKey.generate()
    let rotating = try KeyRing([newest, key])
    for time: UInt64 in [0, 1, 499_162_800, UInt64(Int64.max), .max] {
      let token = try ring.seal([1, 2, 3], timestamp: time, vector: vector)
      let rotated = try rotating.rotated(token)
      let parts = try #require(FernetToken(rotated))
      #expect(parts.timestamp == time)
      #expect(parts.vector != vector)
      #expect(rotating.isSealedWithNewest(rotated))
      #expect(try KeyRing([newest]).open(rotated) == [1, 2, 3])
      #expect(throws: CryptographyError.invalidToken) { try ring.open(rotated) }
    }
    let foreign = try KeyRing([.generate()]).seal([1])
    #expect(throws: CryptographyError.invalidToken) { try rotating.rotated(foreign) }
  }

  @Test(
    arguments: [
      // made, ttl, now, valid
      (1000, 60, 1000, true), (1000, 60, 1060, true), (1000, 60, 1061, false), (1000, 0, 1000, true),
      (1000, 0, 1001, false), (1060, 60, 1000, true), (1061, 60, 1000, false), (1000, -1, 1000, false),
      (1000, .max, .max, true), (1000, 60, .max, false), (1000, 60, .min, false), (0, .min, 0, false),
      (.max, 60, .max, true), (.max, .max, 0, false),
    ] as [(Int64, Int64, Int64, Bool)])
  func `a token with a limited life is refused before and after it`(
    made: Int64, ttl: Int64, now: Int64, isValid: Bool
  ) throws {
    let token = try ring.seal([7], timestamp: UInt64(made), vector: vector)
    if isValid {
      #expect(try ring.open(token, ttl: ttl, now: now) == [7])
    } else {
      #expect(throws: CryptographyError.invalidToken) { try ring.open(token, ttl: ttl, now: now) }
    }
    #expect(try ring.open(token) == [7])
  }

  @Test func `a time beyond every calendar is no crash`() throws {
    let token = try ring.seal([7], timestamp: .max, vector: vector)
    #expect(throws: CryptographyError.invalidToken) { try ring.open(token, ttl: .max, now: .max) }
    #expect(try ring.open(token) == [7])
  }

  @Test func `a vector of another length is refused`() {
    for length in [0, 15, 17] {
      #expect(throws: CryptographyError.libraryFailure(operation: "AES-128-CBC")) {
        try ring.seal([1], timestamp: 0, vector: [UInt8](repeating: 0, count: length))
      }
    }
  }

  @Test(arguments: UInt64(0)..<200)
  func `random bytes are no token`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let length = Int.random(in: 0...200, using: &random)
    var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    if !bytes.isEmpty, Bool.random(using: &random) { bytes[0] = 0x80 }
    for text in [Base64URL.encode(bytes, padded: true), String(decoding: bytes, as: UTF8.self)] {
      #expect(throws: CryptographyError.invalidToken, "seed \(seed)") { try ring.open(text) }
    }
  }

  @Test func `threads share a ring`() async throws {
    let other = try FernetKey.generate()
    let shared = try KeyRing([key, other])
    await withTaskGroup(of: Bool.self) { group in
      for number in UInt8(0)..<16 {
        group.addTask {
          (0..<50).allSatisfy { _ in
            guard let token = try? shared.seal([number]), let plaintext = try? shared.open(token) else {
              return false
            }
            return plaintext == [number]
          }
        }
      }
      for await succeeded in group { #expect(succeeded) }
    }
  }

  @Test func `a ring shows its fingerprints and nothing else`() throws {
    let keys = try [FernetKey.generate(), FernetKey.generate()]
    let ring = try KeyRing(keys)
    #expect(ring.fingerprints == keys.map(\.fingerprint))
    var dumped = ""
    dump(ring, to: &dumped)
    for text in [dumped, "\(ring)", String(reflecting: ring), ring.fingerprints.joined()] {
      for key in keys { #expect(!text.contains(key.revealed().prefix(8))) }
    }
    #expect("\(ring)" == "<2 keys>")
  }
}
