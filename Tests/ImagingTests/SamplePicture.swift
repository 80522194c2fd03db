import CImage

/// A picture made for a test: its left half red, its right half blue.
struct SamplePicture {
  var width = 64
  var height = 48
  var flags: Int32 = 0
  var isGray = false
  var isForPrint = false
  /// How Exif says that it was held.
  var orientation: UInt8?
  var isBigEndian = false
  /// An ICC profile.
  var profile: [UInt8]?

  var jpeg: [UInt8] {
    let encoder = tjInitCompress()
    defer { tjDestroy(encoder) }
    var pixels: [UInt8] = []
    for _ in 0..<height {
      for x in 0..<width {
        let color: [UInt8] = x < width / 2 ? [230, 20, 20] : [20, 20, 230]
        pixels += isForPrint ? color + [255] : color
      }
    }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    let format = isForPrint ? TJPF_CMYK : TJPF_RGB
    let sampling = isGray ? TJSAMP_GRAY : isForPrint ? TJSAMP_444 : TJSAMP_420
    tjCompress2(
      encoder, pixels, Int32(width), 0, Int32(height), Int32(format.rawValue), &bytes, &count,
      Int32(sampling.rawValue), 90, flags)
    defer { tjFree(bytes) }
    let file = Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    return Array(file[..<2]) + (orientation.map(exif) ?? []) + (profile.map(segment) ?? [])
      + Array(file[2...])
  }

  private func segment(profile: [UInt8]) -> [UInt8] {
    let length = profile.count + 16
    return [0xFF, 0xE2, UInt8(length >> 8), UInt8(length & 0xFF)] + Array("ICC_PROFILE\0".utf8) + [1, 1]
      + profile
  }

  /// A profile of three primaries: X, Y and Z of red, green and blue, in 65,536ths.
  static func profile(_ primaries: [Int], space: String = "RGB ") -> [UInt8] {
    func number(_ number: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
    var bytes = [UInt8](repeating: 0, count: 128)
    bytes.replaceSubrange(16..<20, with: space.utf8)
    bytes.replaceSubrange(36..<40, with: "acsp".utf8)
    bytes += number(3)
    for (place, name) in ["rXYZ", "gXYZ", "bXYZ"].enumerated() {
      bytes += Array(name.utf8) + number(168 + 20 * place) + number(20)
    }
    for place in 0..<3 {
      bytes += Array("XYZ ".utf8) + number(0) + primaries[(3 * place)..<(3 * place + 3)].flatMap(number)
    }
    return bytes
  }

  static let displayP3 = profile([33759, 15806, -69, 19137, 45353, 2744, 10299, 4376, 68663])
  static let sRGB = profile([28578, 14581, 912, 25241, 46981, 6362, 9376, 3970, 46799])

  private func exif(_ orientation: UInt8) -> [UInt8] {
    let directory: [UInt8] =
      isBigEndian
      ? Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
      : Array("II".utf8) + [42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]
    let content = Array("Exif\0\0".utf8) + directory + [0, 0, 0, 0]
    return [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content
  }

  /// The colours of a JPEG's four corners, top left first: `r` for red, `b` for blue.
  static func corners(of jpeg: [UInt8]) -> String {
    let decoder = tjInitDecompress()
    defer { tjDestroy(decoder) }
    var (width, height, sampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    tjDecompressHeader3(decoder, jpeg, UInt(jpeg.count), &width, &height, &sampling, &colors)
    var pixels = [UInt8](repeating: 0, count: Int(width * height) * 3)
    tjDecompress2(
      decoder, jpeg, UInt(jpeg.count), &pixels, width, 0, height, Int32(TJPF_RGB.rawValue), 0)
    let places = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    return String(places.map { x, y in pixels[Int(y * width + x) * 3] > 128 ? "r" : "b" })
  }
}
