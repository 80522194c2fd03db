internal import CImage

/// Why there is no picture.
package enum PictureError: Error {
  case unknownType
  case broken
  case tooLarge
  case noMemory
}

/// Reads what Instagram's pictures are: JPEG, and WebP.
enum Decoder {
  /// A picture of about the wanted width, and how large the whole one is, as the file has it.
  struct Decoded {
    let raster: Raster
    let width, height: Int
    var orientation = Orientation.upright
    var profile: ColorProfile?
  }

  /// - Parameter width: how wide the raster must be at least once it is turned.
  static func decode(_ bytes: [UInt8], shownAtLeast width: Int) throws(PictureError) -> Decoded {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return try decodeJPEG(bytes, shownAtLeast: width) }
    if bytes.count > 12, bytes.starts(with: Array("RIFF".utf8)), bytes[8..<12].elementsEqual("WEBP".utf8) {
      return try decodeWebP(bytes)
    }
    throw .unknownType
  }

  /// 52 million: a progressive file is unpacked whole, whatever size is wanted, into two bytes or more for each of them.
  private static let mostPixels = 50 << 20
  /// Pixels in all passes together. A progressive file of 5 kB may go five hundred times over 50 million, which takes
  /// seconds; a camera's goes ten times. This much is 0.2 s.
  private static let mostPassed = 2 << 30

  /// libjpeg can decode to eighths of the size for a fraction of the time. The smallest that is large enough is taken, so
  /// that what is left to shrink never grows.
  private static func decodeJPEG(
    _ bytes: [UInt8], shownAtLeast wanted: Int
  ) throws(PictureError) -> Decoded {
    guard let decoder = tjInitDecompress() else { throw .noMemory }
    defer { tjDestroy(decoder) }
    var (width, height, sampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard
      tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &sampling, &colors) == 0,
      width > 0, height > 0
    else { throw .broken }
    let pixels = Int(width) * Int(height)
    guard pixels <= mostPixels, pixels * passes(in: bytes) <= mostPassed else { throw .tooLarge }
    let orientation = Orientation(ofJPEG: bytes)
    let shownWidth = Int(orientation.isSideways ? height : width)
    let eighths = Int32((1...8).first { shownWidth * $0 / 8 >= wanted } ?? 8)
    let (smallWidth, smallHeight) = ((width * eighths + 7) / 8, (height * eighths + 7) / 8)
    let raster = try Raster(width: Int(smallWidth), height: Int(smallHeight))
    let isForPrint = colors == Int32(TJCS_CMYK.rawValue) || colors == Int32(TJCS_YCCK.rawValue)
    let result = raster.withBytes { pixels in
      tjDecompress2(
        decoder, bytes, UInt(bytes.count), pixels.bindMemory(to: UInt8.self).baseAddress, smallWidth,
        Int32(raster.rowBytes), smallHeight, Int32((isForPrint ? TJPF_CMYK : TJPF_BGRA).rawValue),
        TJFLAG_LIMITSCANS)
    }
    // A warning is what browsers do not mind: bytes too many, a missing end. What there is, is there.
    guard result == 0 || tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue) else { throw .broken }
    if isForPrint { raster.turnInkIntoLight() }
    return Decoded(
      raster: raster, width: Int(width), height: Int(height), orientation: orientation,
      profile: isForPrint ? nil : ColorProfile(ofJPEG: bytes))
  }

  /// How often a file goes over its picture. In the picture's data no byte of a marker follows 0xFF; what looks like one in
  /// a thumbnail is counted along.
  private static func passes(in bytes: [UInt8]) -> Int {
    zip(bytes, bytes.dropFirst()).count { $0 == 0xFF && $1 == 0xDA }
  }

  private static func decodeWebP(_ bytes: [UInt8]) throws(PictureError) -> Decoded {
    var (width, height): (Int32, Int32) = (0, 0)
    guard WebPGetInfo(bytes, bytes.count, &width, &height) != 0 else { throw .broken }
    let raster = try Raster(width: Int(width), height: Int(height))
    let isDecoded = raster.withBytes { pixels in
      WebPDecodeBGRAInto(
        bytes, bytes.count, pixels.bindMemory(to: UInt8.self).baseAddress, pixels.count,
        Int32(raster.rowBytes)) != nil
    }
    guard isDecoded else { throw .broken }
    return Decoded(
      raster: raster, width: Int(width), height: Int(height), profile: ColorProfile(ofWebP: bytes))
  }
}
