import Foundation
import JSON
import Testing

@testable import Cryptography

@Suite struct FernetVectorTests {
  @Test func `the specification's tokens are made`() throws {
    let vectors = try #require(try Vectors.load("generate").array)
    #expect(vectors.count == 1)
    for vector in vectors {
      let ring = try KeyRing([FernetKey(Vectors.string("secret", of: vector))])
      let token = try ring.seal(
        Array(Vectors.string("src", of: vector).utf8),
        timestamp: UInt64(Vectors.seconds(Vectors.string("now", of: vector))),
        vector: Vectors.bytes("iv", of: vector))
      #expect(try token == Vectors.string("token", of: vector))
    }
  }

  @Test func `the specification's tokens are opened`() throws {
    let vectors = try #require(try Vectors.load("verify").array)
    #expect(vectors.count == 1)
    for vector in vectors {
      let ring = try KeyRing([FernetKey(Vectors.string("secret", of: vector))])
      let token = try Vectors.string("token", of: vector)
      let expected = try Array(Vectors.string("src", of: vector).utf8)
      let ttl = try Vectors.integer("ttl_sec", of: vector)
      #expect(
        try ring.open(token, ttl: ttl, now: Vectors.seconds(Vectors.string("now", of: vector))) == expected)
      #expect(try ring.open(token) == expected)
    }
  }

  @Test func `the specification's invalid tokens are refused`() throws {
    let vectors = try #require(try Vectors.load("invalid").array)
    #expect(vectors.count == 8)
    for vector in vectors {
      let ring = try KeyRing([FernetKey(Vectors.string("secret", of: vector))])
      let token = try Vectors.string("token", of: vector)
      let ttl = try Vectors.integer("ttl_sec", of: vector)
      let now = try Vectors.seconds(Vectors.string("now", of: vector))
      let description = try Vectors.string("desc", of: vector)
      #expect(throws: CryptographyError.invalidToken, "\(description)") {
        try ring.open(token, ttl: ttl, now: now)
      }
      // Whoever does not ask for the age gets what only the age was wrong with.
      if description.hasPrefix("far-future") || description.hasPrefix("expired") {
        #expect(try ring.open(token) == [])
      } else {
        #expect(throws: CryptographyError.invalidToken, "\(description)") { try ring.open(token) }
      }
    }
  }

  @Test func `Python's tokens of every length, byte and time are made and opened`() throws {
    let file = try Vectors.load("own_generate")
    let vectors = try #require(file["generate"]?.array)
    #expect(vectors.count == 22)
    for vector in vectors {
      let keyName = try Vectors.string("key", of: vector)
      let key = try #require(file["keys"]?[keyName]?.string)
      let ring = try KeyRing([FernetKey(key)])
      let plaintext = try Array(#require(Data(base64Encoded: Vectors.string("plain_b64", of: vector))))
      let token = try Vectors.string("token", of: vector)
      let made = try ring.seal(
        plaintext, timestamp: UInt64(Vectors.integer("time", of: vector)),
        vector: Vectors.bytes(hexadecimal: Vectors.string("iv_hex", of: vector)))
      #expect(made == token)
      #expect(try ring.open(token) == plaintext)
    }
  }
}
