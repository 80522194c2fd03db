/// An MP4 file without a track: a valid container that lasts no time (ISO/IEC 14496-12). A browser shows the
/// thumbnail and nothing else.
enum EmptyVideo {
  static let bytes: [UInt8] =
    box("ftyp", Array("isom".utf8) + [0, 0, 2, 0] + Array("isomiso2mp41".utf8))
    + box("moov", box("mvhd", movieHeader)) + box("mdat", [])

  /// Version 0: times, 1000 units a second, no duration, normal speed and volume, the identity matrix.
  private static let movieHeader: [UInt8] =
    [UInt8](repeating: 0, count: 12) + [0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]
    + [UInt8](repeating: 0, count: 10) + matrix + [UInt8](repeating: 0, count: 24) + [0, 0, 0, 1]

  private static let matrix: [UInt8] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000].flatMap(word)

  private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
    word(content.count + 8) + Array(type.utf8) + content
  }

  private static func word(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}
