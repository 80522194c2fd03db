/// What stands in a JPEG file before the picture itself.
enum JPEGSegments {
  /// The content of the first segment with this marker that begins so, without that beginning.
  static func first(
    _ wanted: UInt8, beginningWith beginning: [UInt8], in bytes: [UInt8]
  ) -> ArraySlice<UInt8>? {
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      // Markers may be filled up with 0xFF.
      if marker == 0xFF {
        place += 1
        continue
      }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      let end = place + 2 + length
      guard marker != 0xDA, marker != 0xD9, length >= 2, end <= bytes.count else { return nil }
      let content = bytes[(place + 4)..<end]
      if marker == wanted, content.starts(with: beginning) { return content.dropFirst(beginning.count) }
      place = end
    }
    return nil
  }
}
