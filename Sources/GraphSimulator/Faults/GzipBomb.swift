/// A gzip body of spaces: one byte of it unpacks to 158.
///
/// Written out because it needs so little: after one literal, one fixed-Huffman block (RFC 1951 section
/// 3.2.6) of nothing but "258 bytes, from one byte back".
enum GzipBomb {
  /// At least `bytes` bytes once unpacked.
  static func make(bytes: Int) -> [UInt8] {
    let space = UInt8(ascii: " ")
    let repeats = (max(bytes, 1) + 257) / 258
    var writer = BitWriter()
    writer.reserve(repeats * 13 / 8 + 16)
    writer.append(0b1, bits: 1)  // The last block,
    writer.append(0b01, bits: 2)  // with fixed codes.
    writer.appendHuffman(0x30 + UInt32(space), bits: 8)
    for _ in 0..<repeats {
      writer.appendHuffman(0b1100_0101, bits: 8)  // 285: length 258,
      writer.appendHuffman(0, bits: 5)  // distance 1.
    }
    writer.appendHuffman(0, bits: 7)  // End of block.
    let size = repeats * 258 + 1
    let checksum = CRC32.ofRun(space, count: size)
    let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    return header + writer.finished + littleEndian(checksum) + littleEndian(UInt32(truncatingIfNeeded: size))
  }

  private static func littleEndian(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
  }
}

/// Packs bits from the low end, as deflate does.
private struct BitWriter {
  private var bytes: [UInt8] = []
  private var pending: UInt64 = 0
  private var count: UInt64 = 0

  mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func append(_ value: UInt32, bits: Int) {
    pending |= UInt64(value) << count
    count += UInt64(bits)
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: pending))
      pending >>= 8
      count -= 8
    }
  }

  /// Huffman codes are packed from their high end.
  mutating func appendHuffman(_ code: UInt32, bits: Int) {
    var reversed: UInt32 = 0
    for bit in 0..<bits where code & (1 << bit) != 0 { reversed |= 1 << (bits - 1 - bit) }
    append(reversed, bits: bits)
  }

  var finished: [UInt8] { count > 0 ? bytes + [UInt8(truncatingIfNeeded: pending)] : bytes }
}
