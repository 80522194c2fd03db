import Testing

@testable import Cache

struct CacheKeyTests {
  @Test(arguments: ["ig_grid_17841405822348523", "a", "A-z.9_", "..", String(repeating: "k", count: 128)])
  func `a key is letters, digits, dot, dash and underscore`(text: String) {
    #expect(CacheKey(text)?.text == text)
  }

  @Test(arguments: [
    "", "a/b", "a b", "a\0", "ä", "١", "a\r\nb", "a%2f", "\u{212A}", String(repeating: "k", count: 129),
  ])
  func `anything else is no key`(text: String) {
    #expect(CacheKey(text) == nil)
  }

  @Test func `keys spread over all subfolders`() {
    let shards = (0..<10_000).compactMap { CacheKey("ig_grid_\($0)")?.shard }
    let counts = Dictionary(grouping: shards) { $0 }.mapValues(\.count)
    #expect(counts.count == 256)
    #expect(counts.values.allSatisfy { (10..<80).contains($0) })
  }

  /// The first and the last two are published with xxHash; the second half of the algorithm needs 32 bytes
  /// and more.
  @Test(
    arguments: [
      ("", 0xef46_db37_51d8_e999), ("a", 0xd24e_c4f1_a98c_6e5b), ("abc", 0x44bc_2cf5_ad77_0999),
      ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
    ] as [(String, UInt64)])
  func `the checksum is XXH64`(text: String, digest: UInt64) {
    #expect(Array(text.utf8).withUnsafeBytes { XXHash64.digest($0) } == digest)
  }
}
