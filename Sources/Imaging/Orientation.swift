/// How a camera was held, as Exif tells (tag 0x0112 of the first directory): a phone's picture must not lie on its side.
enum Orientation: UInt16 {
  case upright = 1
  case mirrored, upsideDown, mirroredUpsideDown, transposed, clockwise, transverse, counterclockwise

  /// Whether width and height change places.
  var isSideways: Bool { rawValue >= 5 }

  /// Where the pixel stands in the file that is shown at this place; `width` and `height` are the file's.
  func source(_ x: Int, _ y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (width - 1 - x, y)
    case .upsideDown: (width - 1 - x, height - 1 - y)
    case .mirroredUpsideDown: (x, height - 1 - y)
    case .transposed: (y, x)
    case .clockwise: (y, height - 1 - x)
    case .transverse: (width - 1 - y, height - 1 - x)
    case .counterclockwise: (width - 1 - y, x)
    }
  }

  /// Reads it from a JPEG file; upright where nothing else is told, or what is told makes no sense.
  init(ofJPEG bytes: [UInt8]) {
    let exif = JPEGSegments.first(0xE1, beginningWith: Array("Exif\0\0".utf8), in: bytes)
    self = exif.flatMap(Self.init(exif:)) ?? .upright
  }

  private init?(exif: ArraySlice<UInt8>) {
    let isLittle = exif.starts(with: Array("II".utf8))
    guard isLittle || exif.starts(with: Array("MM".utf8)) else { return nil }
    func number(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset <= exif.count - count else { return nil }
      let start = exif.startIndex + offset
      let bytes = exif[start..<(start + count)]
      return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else {
      return nil
    }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2) else { return nil }
      if tag == 0x0112 {
        guard number(entry + 2, 2) == 3, let value = number(entry + 8, 2) else { return nil }
        self.init(rawValue: UInt16(truncatingIfNeeded: value))
        return
      }
    }
    return nil
  }
}
