/// What an entry is called, `ig_grid_17841405822348523` for instance: 1 to 128 bytes of `[A-Za-z0-9_.-]`.
///
/// The key becomes a file's name, so nothing that means something to a path gets into one.
package struct CacheKey: Sendable, Hashable, CustomStringConvertible {
  /// The longest key in bytes; with a suffix it stays well below the 255 bytes of a file name.
  package static let maximumLength = 128

  /// The key as it was given.
  package let text: String

  /// Spreads keys over shards and locks. Never stored: another program version may hash otherwise.
  package let hash: UInt64

  /// Fails for an empty or too long text and for any byte outside `[A-Za-z0-9_.-]`.
  package init?(_ text: String) {
    guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
      return nil
    }
    self.text = text
    hash = Array(text.utf8).withUnsafeBytes { XXHash64.digest($0) }
  }

  /// The key itself: it holds an account's id, never a secret.
  package var description: String { text }

  /// Which of the subfolders the entry is in.
  var shard: Int { Int(truncatingIfNeeded: hash & 0xff) }

  /// Equal keys have equal texts; all of them are ASCII.
  package static func == (left: CacheKey, right: CacheKey) -> Bool {
    left.hash == right.hash && left.text == right.text
  }

  /// By the hash that is there already.
  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
