import Cryptography
import Foundation
import TestSupport
import Testing

@Suite struct Base64URLTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `the samples of RFC 4648 are written and read`(plain: String, padded: String) {
    let bytes = Array(plain.utf8)
    let unpadded = padded.replacing("=", with: "")
    #expect(Base64URL.encode(bytes, padded: true) == padded)
    #expect(Base64URL.encode(bytes, padded: false) == unpadded)
    #expect(Base64URL.decode(padded, padded: true) == bytes)
    #expect(Base64URL.decode(unpadded, padded: false) == bytes)
    if padded != unpadded {
      #expect(Base64URL.decode(padded, padded: false) == nil)
      #expect(Base64URL.decode(unpadded, padded: true) == nil)
    }
  }

  @Test func `the alphabet is the url-safe one`() {
    #expect(Base64URL.encode([0xFB, 0xFF, 0xBF], padded: true) == "-_-_")
    #expect(Base64URL.decode("-_-_", padded: true) == [0xFB, 0xFF, 0xBF])
    #expect(Base64URL.decode("+/+/", padded: true) == nil)
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "=", "==", "===", "====", "Zm9v====", "Zm=v", "=Zm9", "Z===",
    "Zg==Zg==",
    "Zh==", "Zp==", "Zm9=", "Zm-=", "Zm9v\n", " Zm9v", "Zm9v ", "Zm 9v", "Zm\r\n9v", "Zm9\0", "Zmé=", "Zm9*",
  ])
  func `a second spelling is refused`(text: String) {
    #expect(Base64URL.decode(text, padded: true) == nil)
  }

  @Test(arguments: UInt64(0)..<200)
  func `bytes survive, and no other text means them`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let bytes = (0..<Int.random(in: 0...100, using: &random)).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    let text = Base64URL.encode(bytes, padded: true)
    let standard = Data(bytes).base64EncodedString()
    #expect(text == standard.replacing("+", with: "-").replacing("/", with: "_"), "seed \(seed)")
    #expect(Base64URL.decode(text, padded: true) == bytes)
    #expect(Base64URL.decode(Base64URL.encode(bytes, padded: false), padded: false) == bytes)

    // Any text that decodes at all is the one that its bytes encode to.
    var changed = Array(text.utf8)
    guard let index = changed.indices.randomElement(using: &random) else { return }
    changed[index] = UInt8.random(in: 0x20..<0x7F, using: &random)
    let other = String(decoding: changed, as: UTF8.self)
    if let decoded = Base64URL.decode(other, padded: true) {
      #expect(Base64URL.encode(decoded, padded: true) == other, "seed \(seed)")
    }
  }
}
