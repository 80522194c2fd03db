/// What the numbers of a picture's colours mean, where that is not sRGB: an ICC profile (ICC.1:2022), as phones with a wide
/// screen write one (Display P3). A smaller picture without it looks dull beside its original.
///
/// It goes along as it is, 550 bytes as a rule: to convert instead would cut off the colours that it is there for. That of
/// sRGB stays behind, since nothing else is meant where there is none; Meta puts one of 524 bytes into most pictures.
struct ColorProfile: Equatable {
  /// Profiles with tables in place of three primaries are those of printers, and weigh half a megabyte.
  static let mostBytes = 4096
  private static let mark = Array("ICC_PROFILE\0".utf8)

  let bytes: [UInt8]

  /// - Returns: `nil` where the picture has none, or none that is worth its bytes.
  init?(ofJPEG picture: [UInt8]) {
    // One of several parts is part of something too large.
    guard let content = JPEGSegments.first(0xE2, beginningWith: Self.mark + [1, 1], in: picture) else {
      return nil
    }
    self.init(Array(content))
  }

  /// - Returns: `nil` where the picture has none, or none that is worth its bytes.
  init?(ofWebP picture: [UInt8]) {
    var place = 12
    while place + 8 <= picture.count {
      let end = place + 8 + Self.littleEndian(picture[(place + 4)..<(place + 8)])
      guard end <= picture.count else { return nil }
      if picture[place..<(place + 4)].elementsEqual("ICCP".utf8) {
        self.init(Array(picture[(place + 8)..<end]))
        return
      }
      place = end + end % 2
    }
    return nil
  }

  private init?(_ bytes: [UInt8]) {
    guard (132...Self.mostBytes).contains(bytes.count), bytes[36..<40].elementsEqual("acsp".utf8),
      bytes[16..<20].elementsEqual("RGB ".utf8), let primaries = Self.primaries(of: bytes),
      zip(primaries, Self.primariesOfSRGB).contains(where: { abs($0 - $1) > 400 })
    else { return nil }
    self.bytes = bytes
  }

  /// X, Y, Z of red, green and blue under D50, in 65,536ths. The nearest others, Adobe's, differ by 11,000.
  private static let primariesOfSRGB = [28578, 14581, 912, 25241, 46981, 6362, 9376, 3970, 46799]

  private static func primaries(of bytes: [UInt8]) -> [Int]? {
    func number(_ place: Int) -> Int? {
      guard place >= 0, place <= bytes.count - 4 else { return nil }
      return bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    var numbers: [Int] = []
    for name in ["rXYZ", "gXYZ", "bXYZ"] {
      guard
        let tag = (0..<min(number(128) ?? 0, 100)).lazy.map({ 132 + 12 * $0 }).first(where: {
          $0 <= bytes.count - 12 && bytes[$0..<($0 + 4)].elementsEqual(name.utf8)
        }), let place = number(tag + 4), let x = number(place + 8), let y = number(place + 12),
        let z = number(place + 16)
      else { return nil }
      numbers += [x, y, z].map { Int(Int32(truncatingIfNeeded: $0)) }
    }
    return numbers
  }

  // MARK: - Into a picture of libturbojpeg's or libwebp's

  /// Behind the first segment, which is JFIF's and must stay the first.
  func added(toJPEG picture: [UInt8]) -> [UInt8] {
    let start = 4 + Int(picture[4]) << 8 + Int(picture[5])
    let length = 2 + Self.mark.count + 2 + bytes.count
    let head = [0xFF, 0xE2, UInt8(length >> 8), UInt8(length & 0xFF)] + Self.mark + [1, 1]
    return Array(picture[..<start]) + head + bytes + Array(picture[start...])
  }

  /// In the extended form of the file, of which the profile is the second part.
  func added(toWebP picture: [UInt8], width: Int, height: Int) -> [UInt8] {
    var parts = Array(picture[12...])
    if !parts.starts(with: "VP8X".utf8) {
      parts =
        Self.part("VP8X", [0, 0, 0, 0] + [width - 1, height - 1].flatMap { Self.bytes($0).prefix(3) }) + parts
    }
    parts[8] |= 0x20
    parts.insert(contentsOf: Self.part("ICCP", bytes), at: 18)
    return Self.part("RIFF", Array("WEBP".utf8) + parts)
  }

  private static func part(_ name: String, _ content: [UInt8]) -> [UInt8] {
    Array(name.utf8) + bytes(content.count) + content + [UInt8](repeating: 0, count: content.count % 2)
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
