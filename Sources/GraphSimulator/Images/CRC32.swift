/// The checksum of PNG and gzip.
enum CRC32 {
  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var value: UInt32 = .max
    for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 255)] ^ (value >> 8) }
    return ~value
  }

  /// The checksum of one byte, `count` times.
  static func ofRun(_ byte: UInt8, count: Int) -> UInt32 {
    let table = table
    var value: UInt32 = .max
    for _ in 0..<count { value = table[Int((value ^ UInt32(byte)) & 255)] ^ (value >> 8) }
    return ~value
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
  }
}
