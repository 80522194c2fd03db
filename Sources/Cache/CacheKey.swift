internal import Text

/// What an entry is called, `ig_grid_17841405822348523` for instance: 1 to 128 bytes of `[A-Za-z0-9_.-]`.
///
/// The key becomes a file's name, so nothing that means something to a path gets into one.
package struct CacheKey: Sendable, Hashable, CustomStringConvertible {
  /// The longest key in bytes; with a suffix it stays well below the 255 bytes of a file name.
  package static let maximumLength = 128

  /// Spreads keys over shards and locks. Never stored: another program version may hash otherwise. Compared first.
  let hash: UInt64

  let text: String

  /// Fails for an empty or too long text and for any byte outside `[A-Za-z0-9_.-]`.
  package init?(_ text: String) {
    guard (1...Self.maximumLength).contains(text.utf8.count),
      text.allBytes(are: {
        $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
          || $0 == UInt8(ascii: "-")
      })
    else { return nil }
    var text = text
    hash = text.withUTF8 { XXHash64.digest(UnsafeRawBufferPointer($0)) }
    self.text = text
  }

  /// The key itself: it holds an account's id, never a secret.
  package var description: String { text }

  var shard: Int { Int(truncatingIfNeeded: hash & 0xff) }

  /// By the hash that is there already.
  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// XXH64, the checksum of cache entries and the spreader of their keys and of requests; runs on every cached answer.
///
/// It must notice accidents (a torn write, a bad block, a file cut short), not forgers: whoever can write
/// into our folder is already us. So no SHA-256, which needs some 20 µs for an entry of 8 kB where this needs
/// one, and no CRC-32, which is 32 bits short and goes byte by byte. The published algorithm, so that its
/// vectors can be tested: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
package enum XXHash64 {
  private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
  private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
  private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

  /// The 64-bit digest of the bytes. Two parts are chained by giving one's digest as the other's seed.
  package static func digest(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    // From here on a pointer without bounds: `count` guards each load below.
    let count = bytes.count
    guard let bytes = bytes.baseAddress else { return finished(seed &+ prime5) }
    var offset = 0
    var hash: UInt64
    if count >= 32 {
      var lane1 = seed &+ prime1 &+ prime2
      var lane2 = seed &+ prime2
      var lane3 = seed
      var lane4 = seed &- prime1
      while count - offset >= 32 {
        lane1 = round(lane1, word(bytes, offset))
        lane2 = round(lane2, word(bytes, offset + 8))
        lane3 = round(lane3, word(bytes, offset + 16))
        lane4 = round(lane4, word(bytes, offset + 24))
        offset += 32
      }
      hash = rotated(lane1, 1) &+ rotated(lane2, 7) &+ rotated(lane3, 12) &+ rotated(lane4, 18)
      hash = merged(hash, lane1)
      hash = merged(hash, lane2)
      hash = merged(hash, lane3)
      hash = merged(hash, lane4)
    } else {
      hash = seed &+ prime5
    }
    hash &+= UInt64(truncatingIfNeeded: count)
    while count - offset >= 8 {
      hash = rotated(hash ^ round(0, word(bytes, offset)), 27) &* prime1 &+ prime4
      offset += 8
    }
    if count - offset >= 4 {
      let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      hash = rotated(hash ^ (UInt64(half) &* prime1), 23) &* prime2 &+ prime3
      offset += 4
    }
    while offset < count {
      let byte = bytes.load(fromByteOffset: offset, as: UInt8.self)
      hash = rotated(hash ^ (UInt64(byte) &* prime5), 11) &* prime1
      offset += 1
    }
    return finished(hash)
  }

  private static func finished(_ hash: UInt64) -> UInt64 {
    let mixed = (hash ^ (hash >> 33)) &* prime2
    let mixedAgain = (mixed ^ (mixed >> 29)) &* prime3
    return mixedAgain ^ (mixedAgain >> 32)
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    (value &<< bits) | (value &>> (64 &- bits))
  }

  @inline(__always)
  private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotated(lane &+ (input &* prime2), 31) &* prime1
  }

  @inline(__always)
  private static func merged(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* prime1 &+ prime4
  }
}
