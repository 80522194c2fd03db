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
    guard let orientation else { return file }
    return Array(file[..<2]) + exif(orientation) + Array(file[2...])
  }

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
