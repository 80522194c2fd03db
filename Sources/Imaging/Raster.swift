internal import CImage

/// Pixels in memory, as libwebp's picture: 32 bits each, on a little-endian machine blue, green, red, alpha.
///
/// A class because it owns what libwebp has allocated, and never moves.
final class Raster {
  /// 24 million, 96 MB of the sandbox's 256.
  static let mostPixels = 24 << 20
  /// libwebp's; Instagram's largest picture is 1440 wide.
  static let longestSide = 16383

  private let picture: UnsafeMutablePointer<WebPPicture>

  /// - Throws: `tooLarge`, `noMemory`.
  init(width: Int, height: Int) throws(PictureError) {
    picture = UnsafeMutablePointer<WebPPicture>.allocate(capacity: 1)
    picture.initialize(to: WebPPicture())
    let isReady = cimage_picture_init(picture) != 0
    guard (1...Self.longestSide).contains(width), (1...Self.longestSide).contains(height),
      width * height <= Self.mostPixels
    else { throw .tooLarge }
    picture.pointee.use_argb = 1
    picture.pointee.width = Int32(width)
    picture.pointee.height = Int32(height)
    guard isReady, WebPPictureAlloc(picture) != 0 else { throw .noMemory }
  }

  deinit {
    WebPPictureFree(picture)
    picture.deallocate()
  }

  var width: Int { Int(picture.pointee.width) }
  var height: Int { Int(picture.pointee.height) }
  /// Bytes from one row to the next.
  var rowBytes: Int { Int(picture.pointee.argb_stride) * 4 }

  /// Lends the pixels; row after row, `rowBytes` each.
  func withBytes<Result>(_ use: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    use(UnsafeMutableRawBufferPointer(start: picture.pointee.argb, count: height * rowBytes))
  }

  /// - Throws: `noMemory`.
  func shrink(toWidth width: Int, height: Int) throws(PictureError) {
    guard width < self.width || height < self.height else { return }
    guard WebPPictureRescale(picture, Int32(width), Int32(height)) != 0 else { throw .noMemory }
  }

  /// The same picture as it is shown.
  func turned(_ orientation: Orientation) throws(PictureError) -> Raster {
    let (width, height) = (self.width, self.height)
    let shown = try Raster(
      width: orientation.isSideways ? height : width, height: orientation.isSideways ? width : height)
    withPixels { pixels, stride in
      shown.withPixels { result, resultStride in
        for y in 0..<shown.height {
          for x in 0..<shown.width {
            let place = orientation.source(x, y, width: width, height: height)
            result[y * resultStride + x] = pixels[place.y * stride + place.x]
          }
        }
      }
    }
    return shown
  }

  private func withPixels(_ use: (UnsafeMutableBufferPointer<UInt32>, _ stride: Int) -> Void) {
    let stride = Int(picture.pointee.argb_stride)
    use(UnsafeMutableBufferPointer(start: picture.pointee.argb, count: height * stride), stride)
  }

  /// Pixels of cyan, magenta, yellow and black, as Photoshop keeps them: 255 is no ink at all.
  func turnInkIntoLight() {
    withBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 4) {
        let black = Int(bytes[start + 3])
        let (red, green, blue) = (Int(bytes[start]), Int(bytes[start + 1]), Int(bytes[start + 2]))
        bytes[start] = UInt8(blue * black / 255)
        bytes[start + 1] = UInt8(green * black / 255)
        bytes[start + 2] = UInt8(red * black / 255)
        bytes[start + 3] = 255
      }
    }
  }

  /// The mean of all pixels as `rrggbb`: the box that stands in the picture's place until it is there. Transparent
  /// ones count as what is behind them on a white page.
  var meanColor: String {
    var sums = (blue: 0, green: 0, red: 0)
    withBytes { bytes in
      for row in 0..<height {
        for start in stride(from: row * rowBytes, to: row * rowBytes + width * 4, by: 4) {
          let alpha = Int(bytes[start + 3])
          let white = (255 - alpha) * 255
          sums.blue += (Int(bytes[start]) * alpha + white) / 255
          sums.green += (Int(bytes[start + 1]) * alpha + white) / 255
          sums.red += (Int(bytes[start + 2]) * alpha + white) / 255
        }
      }
    }
    let count = width * height
    return [sums.red, sums.green, sums.blue].map { sum in
      let digits = String(sum / count, radix: 16)
      return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// - Throws: `noMemory`, also where the encoder has failed for a reason that it does not tell.
  func webp(quality: Float) throws(PictureError) -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = cimage_encode_webp(picture, quality, &bytes)
    defer { WebPFree(bytes) }
    guard count > 0 else { throw .noMemory }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// - Throws: `noMemory`, also where the encoder has failed for another reason.
  func jpeg(quality: Int32) throws(PictureError) -> [UInt8] {
    let encoder = tjInitCompress()
    defer { tjDestroy(encoder) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    let result = withBytes { pixels in
      putOnWhite(pixels)
      return tjCompress2(
        encoder, pixels.bindMemory(to: UInt8.self).baseAddress, Int32(width), Int32(rowBytes), Int32(height),
        Int32(TJPF_BGRX.rawValue), &bytes, &count, Int32(TJSAMP_420.rawValue), quality, TJFLAG_PROGRESSIVE)
    }
    defer { tjFree(bytes) }
    guard result == 0, count > 0 else { throw .noMemory }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  /// JPEG has no transparency, and black behind a logo is rarely meant.
  private func putOnWhite(_ pixels: UnsafeMutableRawBufferPointer) {
    for start in stride(from: 0, to: pixels.count, by: 4) where pixels[start + 3] != 255 {
      let alpha = Int(pixels[start + 3])
      for color in start..<(start + 3) {
        pixels[color] = UInt8((Int(pixels[color]) * alpha + (255 - alpha) * 255) / 255)
      }
    }
  }
}
