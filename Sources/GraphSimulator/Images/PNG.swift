/// Writes pictures of sixteen colours as PNG, uncompressed: four bits a pixel are small enough.
enum PNG {
  /// `pixels` are indexes into `palette`, row by row.
  static func encode(width: Int, height: Int, palette: [Color], pixels: [UInt8]) -> [UInt8] {
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (1 + (width + 1) / 2))
    for y in 0..<height {
      rows.append(0)  // No filter.
      for x in stride(from: 0, to: width, by: 2) {
        let left = pixels[y * width + x]
        let right = x + 1 < width ? pixels[y * width + x + 1] : 0
        rows.append(left << 4 | right)
      }
    }
    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    // Four bits a pixel, colours from a palette.
    append("IHDR", bigEndian(width) + bigEndian(height) + [4, 3, 0, 0, 0], to: &file)
    append("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
    append("IDAT", zlib(rows), to: &file)
    append("IEND", [], to: &file)
    return file
  }

  struct Color: Sendable {
    var red, green, blue: UInt8
  }

  private static func append(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
    let body = Array(type.utf8) + data
    file += bigEndian(data.count) + body + bigEndian(Int(CRC32.of(body)))
  }

  /// A zlib stream of stored blocks.
  private static func zlib(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 0xffff, data.count)
      let size = UInt16(end - start)
      stream.append(end == data.count ? 1 : 0)
      stream += [UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8)]
      stream += data[start..<end]
      start = end
    } while start < data.count
    return stream + bigEndian(Int(adler32(data)))
  }

  private static func adler32(_ data: [UInt8]) -> UInt32 {
    var a: UInt32 = 1
    var b: UInt32 = 0
    for byte in data {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return b << 16 | a
  }

  private static func bigEndian(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}
