internal import CImage

/// Writes pictures as Instagram has them: JPEG, 1080 pixels wide.
enum JPEG {
  static let side: Int32 = 1080

  /// `pixels` are indexes into `palette`, row by row of a square, which is made larger.
  static func encode(side small: Int, palette: [PNG.Color], pixels: [UInt8]) -> [UInt8] {
    var picture = WebPPicture()
    guard cimage_picture_init(&picture) != 0 else { return [] }
    defer { WebPPictureFree(&picture) }
    picture.use_argb = 1
    (picture.width, picture.height) = (Int32(small), Int32(small))
    guard WebPPictureAlloc(&picture) != 0, let argb = picture.argb else { return [] }
    let stride = Int(picture.argb_stride)
    for y in 0..<small {
      for x in 0..<small {
        let color = palette[Int(pixels[y * small + x])]
        argb[y * stride + x] =
          0xFF00_0000 | UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
      }
    }
    guard WebPPictureRescale(&picture, side, side) != 0 else { return [] }
    let encoder = tjInitCompress()
    defer { tjDestroy(encoder) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    let result = UnsafeMutableRawPointer(picture.argb).map { rows in
      tjCompress2(
        encoder, rows.assumingMemoryBound(to: UInt8.self), side, picture.argb_stride * 4, side,
        Int32(TJPF_BGRX.rawValue), &bytes, &count, Int32(TJSAMP_420.rawValue), 85, 0)
    }
    defer { tjFree(bytes) }
    return result == 0 ? Array(UnsafeBufferPointer(start: bytes, count: Int(count))) : []
  }
}
